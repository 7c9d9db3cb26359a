"""From scikit-learn's classifier to fastnn's: one import changes, the learning curve does not.

    python examples/from_sklearn.py [--out FOLDER]

Needs scikit-learn, which brings the pictures (1797 of 8 x 8 pixels), and matplotlib.
"""

import argparse
import time
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws to a file, no screen needed

import matplotlib.pyplot as plt
import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

import fastnn

SETTINGS = {"hidden_layer_sizes": (64, 32), "max_iter": 40, "random_state": 0}


def draw_curves(theirs: list[float], ours: list[float], seconds: list[float], path: Path) -> None:
    """Save both learning curves, and the times that they took, as one picture."""
    epochs = range(1, len(theirs) + 1)
    labels = [f"{name}: {took:.2f} s" for name, took in zip(("sklearn.neural_network", "fastnn"), seconds, strict=True)]
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.semilogy(epochs, theirs, color="tab:orange", linewidth=7, alpha=0.5, label=labels[0])
    axes.semilogy(epochs, ours, color="tab:blue", linewidth=1.5, label=labels[1])
    axes.set(xlabel="epoch", ylabel="training loss", title="MLPClassifier, twice")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> float:
    """Run the example and return the largest relative difference between the two curves."""
    parser = argparse.ArgumentParser(description="Train scikit-learn's classifier and fastnn's alike.")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of from_sklearn.png")
    out = parser.parse_args(arguments).out

    X, y = load_digits(return_X_y=True)
    X = X / 16
    curves, times = {}, []
    for name, module in (("scikit-learn", neural_network), ("fastnn", fastnn)):
        model = module.MLPClassifier(**SETTINGS)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 40 epochs are enough for a picture
            model.fit(X, y)
        times.append(time.perf_counter() - start)
        curves[name] = np.array(model.loss_curve_)
        print(f"{name}: {model.n_iter_} epochs in {times[-1]:.2f} s, last loss {model.loss_:.6f}")

    theirs, ours = curves.values()
    difference = float(np.max(np.abs(ours - theirs) / theirs))
    print(f"Largest relative difference between the losses: {difference:.1e}")
    out.mkdir(parents=True, exist_ok=True)
    draw_curves(list(theirs), list(ours), times, out / "from_sklearn.png")
    print(f"Both curves: {out / 'from_sklearn.png'}")
    return difference


if __name__ == "__main__":
    main()
