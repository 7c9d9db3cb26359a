"""Draw every learning-rate schedule, and the training losses of scikit-learn's digits with it.

    python examples/schedules.py [--out FOLDER]

Needs scikit-learn and matplotlib.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # draws to a file, no screen needed

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastnn
from fastnn import schedules

BATCH, EPOCHS = 64, 8
ROWS = 1600
STEPS = ROWS // BATCH * EPOCHS  # 200
RATE = 1.0

SCHEDULES = {
    "constant": RATE,
    "LinearDecay": schedules.LinearDecay(RATE, 160),
    "PolynomialDecay, power 2": schedules.PolynomialDecay(RATE, 160, RATE / 100, power=2.0),
    "ExponentialDecay": schedules.ExponentialDecay(RATE, 50, 0.5),
    "InverseTimeDecay": schedules.InverseTimeDecay(RATE, 25, 1.0),
    "StepDecay": schedules.StepDecay(RATE, 50),
    "PiecewiseConstantDecay": schedules.PiecewiseConstantDecay([40, 120], [RATE, RATE / 3, RATE / 15]),
    "CosineDecay": schedules.CosineDecay(RATE, 180),
    "CosineDecay with warmup": schedules.CosineDecay(0.0, 160, warmup_target=RATE, warmup_steps=30),
    "CosineDecayRestarts": schedules.CosineDecayRestarts(RATE, 30, t_mul=2.0, m_mul=0.8),
    "LinearWarmup, StepDecay": schedules.LinearWarmup(schedules.StepDecay(RATE, 60), 40),
    "OneCycle": schedules.OneCycle(RATE, STEPS),
}


def losses(rate: float | schedules.Schedule, X: np.ndarray, y: np.ndarray) -> list[float]:
    """Train one network, the same at each call but for its learning rate; return the loss of each epoch."""
    model = fastnn.Sequential([fastnn.layers.Dense(32, "relu"), fastnn.layers.Dense(10, "softmax")], seed=0)
    model.compile(fastnn.optimizers.SGD(rate), "sparse_categorical_crossentropy")
    return model.fit(X, y, batch_size=BATCH, epochs=EPOCHS, verbose=0).history["loss"]


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run the example; return the last epoch's loss for each schedule."""
    parser = argparse.ArgumentParser(description="Draw learning-rate schedules.")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of schedules.png")
    out = parser.parse_args(arguments).out

    X, y = load_digits(return_X_y=True)
    X, y = (X[:ROWS] / 16.0).astype(np.float32), y[:ROWS]
    steps = np.arange(STEPS)
    last = {}
    figure, grid = plt.subplots(4, 3, figsize=(11, 11), sharex=True, sharey=True, layout="constrained")
    for axes, (name, rate) in zip(grid.flat, SCHEDULES.items(), strict=True):
        rates = rate(steps) if isinstance(rate, schedules.Schedule) else np.full(STEPS, rate)
        axes.plot(steps, rates, color="tab:blue", drawstyle="steps-post")
        axes.set(title=name, xlim=(0, STEPS), ylim=(0, 1.1 * RATE))
        axes.grid(alpha=0.3)
        small = axes.twinx()  # the losses on an axis of their own
        found = losses(rate, X, y)
        small.semilogy(np.arange(1, EPOCHS + 1) * STEPS / EPOCHS, found, "o--", color="tab:orange", linewidth=0.8, ms=3)
        small.set_ylim(0.02, 3.0)
        small.tick_params(axis="y", labelcolor="tab:orange", labelright=axes in grid[:, -1])
        last[name] = found[-1]
        print(f"{name:24} {rates[0]:.4f} -> {rates[-1]:.4f}   loss {found[0]:.3f} -> {found[-1]:.3f}")
    figure.suptitle("learning rate (line) and training loss (dots) by schedule: digits, SGD, batches of 64")
    figure.supxlabel("step")
    figure.supylabel("learning rate", color="tab:blue")
    out.mkdir(parents=True, exist_ok=True)
    figure.savefig(out / "schedules.png", dpi=100)
    plt.close(figure)
    print(f"Picture: {out / 'schedules.png'}")
    return last


if __name__ == "__main__":
    main()
