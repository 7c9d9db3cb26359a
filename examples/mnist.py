"""Train 784-128-10 on MNIST's test set of 10000 handwritten digits: 8000 to learn from, 2000 to be tested on.

    python examples/mnist.py FOLDER

FOLDER has t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, as they are or with .gz. Needs numpy only.
"""

import argparse
import gzip
import math
import time
from pathlib import Path

import numpy as np

import fastnn

TRAIN, EPOCHS, BATCH = 8000, 20, 128
UNSIGNED_BYTE = 0x08


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read an IDX file of bytes, gzipped or not.

    The format: two zero bytes, the type of the elements, the number of dimensions, each dimension as a big-endian
    32-bit integer, the elements (http://yann.lecun.com/exdb/mnist).

    Raises
    ------
    FileNotFoundError
        If there is neither `path` nor `path`.gz.
    ValueError
        If the file is not IDX, holds something else, or has not as many elements as it says.
    """
    packed = path.with_name(path.name + ".gz")
    if not path.exists() and not packed.exists():
        raise FileNotFoundError(f"expected {path.name} or {packed.name} in {path.parent}, found neither")
    try:
        content = path.read_bytes() if path.exists() else gzip.decompress(packed.read_bytes())
    except (EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{packed}: not a whole gzip file: {error}") from None
    start = 4 + 4 * dimensions
    expected = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if content[:4] != expected or len(content) < start:
        raise ValueError(
            f"{path}: expected an IDX file of bytes in {dimensions} dimensions, beginning {expected.hex(' ')}, "
            f"received: {content[:4].hex(' ')}"
        )
    shape = tuple(np.frombuffer(content, dtype=">u4", count=dimensions, offset=4).tolist())
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"{path}: expected {math.prod(shape)} bytes for shape {shape}, received: {len(content) - start}"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def load(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels in [0, 1], float32 of shape (n, 784), and digits, of shape (n,)."""
    images = read_idx(folder / "t10k-images-idx3-ubyte", 3)
    labels = read_idx(folder / "t10k-labels-idx1-ubyte", 1)
    if len(images) != len(labels):
        raise ValueError(f"{folder}: expected a label for each of {len(images)} images, received: {len(labels)} labels")
    return images.reshape(len(images), -1) / np.float32(255), labels


def main(arguments: list[str] | None = None) -> float:
    """Run the example and return the accuracy on the test rows."""
    parser = argparse.ArgumentParser(description="Train a small network on MNIST digits.")
    parser.add_argument("folder", type=Path, help="where the t10k files are")
    X, y = load(parser.parse_args(arguments).folder)
    print(f"{len(X)} digits of {X.shape[1]} pixels: {TRAIN} to learn from, {len(X) - TRAIN} to be tested on.")

    model = fastnn.Sequential(
        [
            fastnn.Input((X.shape[1],)),
            fastnn.layers.Dense(128, activation="relu"),
            fastnn.layers.Dense(10, activation="softmax"),
        ],
        seed=0,
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(X[:TRAIN], y[:TRAIN], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    seconds = time.perf_counter() - start
    print(f"Trained for {EPOCHS} epochs in {seconds:.2f} s: {EPOCHS * TRAIN / seconds:,.0f} rows a second.")

    accuracy = float(np.mean(model.predict(X[TRAIN:], verbose=0).argmax(axis=1) == y[TRAIN:]))
    print(f"Accuracy on the test digits: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
