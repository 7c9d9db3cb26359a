"""Watch the gradient vanish through 20 hidden sigmoid layers, and stay with ReLU and He's initialization.

    python examples/vanishing_gradient.py [--out FOLDER]

Needs matplotlib.
"""

import argparse
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws to a file, no screen needed

import matplotlib.pyplot as plt
import numpy as np

import fastnn
from fastnn.callbacks import GradientMonitor

DEPTH, WIDTH = 20, 32


def watched(activation: str, initializer: str, X: np.ndarray, y: np.ndarray) -> tuple[list[float], list[str]]:
    """Train for an epoch; return the root mean square of each layer's gradient, and what was warned of."""
    hidden = [fastnn.layers.Dense(WIDTH, activation, kernel_initializer=initializer) for _ in range(DEPTH)]
    model = fastnn.Sequential([*hidden, fastnn.layers.Dense(1, "sigmoid")], seed=0)
    model.compile(fastnn.optimizers.Adam(1e-4), "binary_crossentropy")
    monitor = GradientMonitor()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y, verbose=0, callbacks=[monitor])
    return [state.mean_square**0.5 for state in monitor.states[0]], [str(warning.message) for warning in caught]


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run the example; return the first layer's gradient over the last's for each activation."""
    parser = argparse.ArgumentParser(description="Watch gradients vanish.")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of vanishing_gradient.png")
    out = parser.parse_args(arguments).out

    X = np.random.default_rng(0).normal(size=(1000, 10)).astype(np.float32)
    y = X[:, 0] * X[:, 1] > 0
    ratios = {}
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for activation, initializer in (("sigmoid", "glorot_uniform"), ("relu", "he_normal")):
        sizes, said = watched(activation, initializer, X, y)
        ratios[activation] = sizes[0] / sizes[-1]
        print(f"{activation}: the first layer's gradient is {ratios[activation]:.2g} of the last's.")
        print("  warned:", *(said or ["of nothing"]))
        axes.semilogy(range(1, len(sizes) + 1), sizes, marker="o", markersize=3, label=f"{activation}, {initializer}")
    axes.set(xlabel="layer", ylabel="root mean square of the gradient", title="Gradients through 20 hidden layers")
    axes.set_xticks(range(1, DEPTH + 2, 4))
    axes.grid(alpha=0.3)
    axes.legend()
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "vanishing_gradient.png", dpi=120)
    plt.close(figure)
    print(f"Picture: {out / 'vanishing_gradient.png'}")
    return ratios


if __name__ == "__main__":
    main()
