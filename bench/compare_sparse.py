"""Sparse rows of many columns: `python bench/compare_sparse.py`.

20000-100-10 and 20000-500-10 on a CSR matrix of which a thousandth is not zero, one thread: an epoch of plain SGD and
of Adam on sparse rows, on the same rows made dense, and by scikit-learn. SGD touches only the rows of the kernel that a
batch has; Adam moves all, so it is held to the time that one pass over the parameters and its two states takes: 24 MB,
which some third-level caches hold, and 120 MB, which come from memory. What a batch itself costs comes on top, for more
rows more (`--batch`).
"""

import os
import sys
from time import perf_counter

os.environ["FASTNN_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from command import parser_of, positive, say_machine, write_json
from contest import brief, take_turns
from scipy import sparse
from sklearn.neural_network import MLPClassifier

import fastnn

ROWS, COLUMNS, DENSITY, CLASSES = 2000, 20000, 0.001, 10
RATES = {"sgd": 0.01, "adam": 0.001}


def data() -> tuple[sparse.csr_matrix, np.ndarray]:
    """X float32 and labels that follow from it."""
    rng = np.random.default_rng(0)
    X = sparse.random(ROWS, COLUMNS, DENSITY, "csr", np.float32, rng)
    return X, (X @ rng.standard_normal((COLUMNS, CLASSES))).argmax(axis=1)


def ours(units: int, batch: int, optimizer: str, X, y: np.ndarray):
    """A model, and a function that trains it for so many epochs and returns the seconds."""
    model = fastnn.Sequential(
        [
            fastnn.Input((COLUMNS,)),
            fastnn.layers.Dense(units, "relu"),
            fastnn.layers.Dense(CLASSES, "softmax"),
        ],
        seed=0,
    )
    kinds = {"sgd": fastnn.optimizers.SGD, "adam": fastnn.optimizers.Adam}
    model.compile(kinds[optimizer](RATES[optimizer]), "sparse_categorical_crossentropy")

    def time_epochs(epochs: int) -> float:
        begin = perf_counter()
        model.fit(X, y, batch, epochs, verbose=0)
        return perf_counter() - begin

    return model, time_epochs


def theirs(units: int, batch: int, optimizer: str, X, y: np.ndarray):
    def time_epochs(epochs: int) -> float:
        model = MLPClassifier(
            (units,), solver=optimizer, learning_rate_init=RATES[optimizer], momentum=0.0, alpha=0.0, batch_size=batch,
            max_iter=1, warm_start=True, random_state=0,
        )  # fmt: skip
        begin = perf_counter()
        for _ in range(epochs):
            model.partial_fit(X, y, classes=np.unique(y))
        return perf_counter() - begin

    return time_epochs


def stream(units: int, batch: int):
    """One pass for each step over three arrays of the parameters' size, each number read and written."""
    arrays = [np.zeros(COLUMNS * units, np.float32) for _ in range(3)]

    def time_epochs(epochs: int) -> float:
        begin = perf_counter()
        for _ in range(epochs * -(-ROWS // batch)):
            for array in arrays:
                np.add(array, np.float32(1), out=array)
        return perf_counter() - begin

    return time_epochs


def compare(units: int, batch: int, X, dense: np.ndarray, y: np.ndarray, *numbers) -> dict:
    """Print the times of an epoch of COLUMNS-units-CLASSES and their ratios, which are returned."""
    print(f"\n{COLUMNS}-{units}-{CLASSES}, batches of {batch}")
    timers = {"one pass over parameters and states": stream(units, batch)}
    for optimizer in RATES:
        pairs = [ours(units, batch, optimizer, rows, y) for rows in (X, dense)]
        fits = zip(pairs, (X, dense), strict=True)
        logs = [model.fit(rows, y, batch, 3, verbose=0).history for (model, _), rows in fits]
        np.testing.assert_allclose(logs[0]["loss"], logs[1]["loss"], rtol=1e-5)  # the same work
        timers |= {f"{optimizer}, sparse": pairs[0][1], f"{optimizer}, dense": pairs[1][1]}
        timers[f"{optimizer}, scikit-learn, sparse"] = theirs(units, batch, optimizer, X, y)
    made, machine = take_turns(timers, *numbers, "float32")
    results = {}
    for name in timers:
        print(f"{name:40} {np.median(made.of(name)) * 1e3:10.2f} ms an epoch")
    for one, other in (
        ("sgd, sparse", "sgd, dense"),
        ("adam, sparse", "adam, dense"),
        ("one pass over parameters and states", "adam, sparse"),
        ("sgd, sparse", "sgd, scikit-learn, sparse"),
        ("adam, sparse", "adam, scikit-learn, sparse"),
    ):
        results[f"{one} over {other}"] = made.speed(one, other)._asdict()
        print(f"speed of {one} over {other}: {brief(results[f'{one} over {other}'])}")
    print(machine)
    return results


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=9, seconds=0.2)
    parser.add_argument("--units", type=positive(int), nargs="+", default=[100, 500], help="default: 100 500")
    parser.add_argument("--batch", type=positive(int), default=32, help="rows of a batch (default: %(default)s)")
    options = parser.parse_args(arguments)
    say_machine()
    X, y = data()
    dense = X.toarray()
    numbers = options.rounds, options.seconds
    results = {units: compare(units, options.batch, X, dense, y, *numbers) for units in options.units}
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
