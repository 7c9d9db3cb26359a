"""Predict house values in California's districts of 1990: 16000 to learn from, the others to be tested on.

    python examples/housing.py PATH

PATH is california-housing.csv.gz (or unpacked), or the folder that holds it: longitude ... median_income,
median_house_value, ocean_proximity. Needs numpy only.
"""

import argparse
import csv
import gzip
import time
from pathlib import Path

import numpy as np

import fastnn

TRAIN, EPOCHS, BATCH = 16000, 50, 128
TARGET, CATEGORY = "median_house_value", "ocean_proximity"
NAMES = ("california-housing.csv.gz", "california-housing.csv")


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return features and house values, float32, of shapes (districts, features) and (districts,).

    A missing number (some districts lack total_bedrooms) becomes its column's median, the category one column a value,
    and counts of a district their logarithms: they span four powers of ten.
    """
    if path.is_dir():
        files = [path / name for name in NAMES if (path / name).is_file()]
        if not files:
            raise FileNotFoundError(f"expected {' or '.join(NAMES)} in {path}, found neither")
        path = files[0]
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = {TARGET, CATEGORY} - set(rows[0] if rows else ())
    if missing:
        raise ValueError(f"{path}: expected columns {TARGET} and {CATEGORY}, missing: {sorted(missing)}")
    columns = []
    for name in rows[0]:
        if name == CATEGORY:
            categories = np.array([row[name] for row in rows])
            columns += [categories == category for category in np.unique(categories)]
        elif name != TARGET:
            numbers = np.array([float(row[name] or "nan") for row in rows])
            numbers[np.isnan(numbers)] = np.nanmedian(numbers)
            is_count = name in ("total_rooms", "total_bedrooms", "population", "households")
            columns.append(np.log(numbers) if is_count else numbers)
    values = np.array([float(row[TARGET]) for row in rows])
    return np.column_stack(columns).astype(np.float32), values.astype(np.float32)


def main(arguments: list[str] | None = None) -> float:
    """Run the example and return R2 on the test rows."""
    parser = argparse.ArgumentParser(description="Train a small network on California's house values.")
    parser.add_argument("path", type=Path, help=f"{NAMES[0]}, or the folder that holds it")
    X, y = load(parser.parse_args(arguments).path)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], y[order]
    # Scaled by what the training rows say: the test rows are not known before.
    X = (X - X[:TRAIN].mean(axis=0)) / X[:TRAIN].std(axis=0).clip(1e-6)
    y = (y - y[:TRAIN].mean()) / y[:TRAIN].std()
    print(f"{len(X)} districts of {X.shape[1]} features: {TRAIN} to learn from, {len(X) - TRAIN} to be tested on.")

    model = fastnn.Sequential(
        [
            fastnn.Input((X.shape[1],)),
            fastnn.layers.Dense(128, activation="relu"),
            fastnn.layers.Dense(64, activation="relu"),
            fastnn.layers.Dense(1),
        ],
        seed=0,
    )
    model.compile(optimizer="adam", loss="mean_squared_error")
    start = time.perf_counter()
    model.fit(X[:TRAIN], y[:TRAIN], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    seconds = time.perf_counter() - start
    print(f"Trained for {EPOCHS} epochs in {seconds:.2f} s: {EPOCHS * TRAIN / seconds:,.0f} rows a second.")

    truth = y[TRAIN:]
    error = model.predict(X[TRAIN:], verbose=0).ravel() - truth
    r2 = 1 - float(np.sum(error**2) / np.sum((truth - truth.mean()) ** 2))
    print(f"R2 on the test districts: {r2:.3f}")
    return r2


if __name__ == "__main__":
    main()
