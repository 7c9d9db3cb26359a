"""Read handwritten digits: train a classifier, score it, draw its learning curve.

    python examples/quickstart.py [--out FOLDER]

Needs scikit-learn, which brings the pictures (1797 of 8 x 8 pixels), and matplotlib.
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws to a file, no screen needed

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

from fastnn import MLPClassifier


def draw_curve(losses: list[float], path: Path) -> None:
    """Save the loss of each epoch as a picture."""
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.semilogy(range(1, len(losses) + 1), losses)
    axes.set(xlabel="epoch", ylabel="training loss", title="Learning curve")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> float:
    """Run the example and return the accuracy on the test rows."""
    parser = argparse.ArgumentParser(description="Train a classifier of handwritten digits.")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of learning_curve.png")
    out = parser.parse_args(arguments).out

    digits = load_digits()
    X_train, X_test, y_train, y_test = train_test_split(
        digits.data / 16, digits.target, test_size=0.2, stratify=digits.target, random_state=0
    )
    print(f"{len(X_train)} digits to learn from, {len(X_test)} to be tested on.")

    model = MLPClassifier(hidden_layer_sizes=(64,), learning_rate_init=0.005, random_state=0)
    start = time.perf_counter()
    model.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    print(f"Trained a 64-64-10 network in {seconds:.2f} s; it stopped improving after {model.n_iter_} epochs.")

    accuracy = model.score(X_test, y_test)
    print(f"Accuracy on the test digits: {accuracy:.3f}")
    print("Confusion matrix (row: the digit, column: what was read):")
    print(confusion_matrix(y_test, model.predict(X_test)))

    out.mkdir(parents=True, exist_ok=True)
    draw_curve(model.loss_curve_, out / "learning_curve.png")
    print(f"Learning curve: {out / 'learning_curve.png'}")
    return accuracy


if __name__ == "__main__":
    main()
