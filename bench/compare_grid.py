"""A grid of small networks, fitted in folds: `python bench/compare_grid.py`.

64-32-10 on scikit-learn's digits over penalties, rates and seeds, 3 folds, in whole by each contestant: `fit_many` fold
by fold; scikit-learn's GridSearchCV over fastnn's estimator, alone, in two threads and in two processes; and the same
over scikit-learn's own. Both compute in the element type of X. A step of scikit-learn's costs nearly the same whatever
its batch, so the batch decides the ratio: `--batch 200` is what its estimators take of such data by default. First the
scores must agree: ours to the bit, scikit-learn's within a few rows.
"""

import sys
import warnings
from collections.abc import Callable
from functools import cache, partial
from time import perf_counter

import numpy as np
from command import parser_of, positive, say_machine, write_json
from contest import brief
from interleaved import Rounds, spread, turn
from joblib import parallel_backend
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

import fastnn

SETTINGS = {"hidden_layer_sizes": (32,), "tol": 0.0, "n_iter_no_change": 10**6}
FOLDS = StratifiedKFold(3)
ROWS = 5  # of a fold, that scikit-learn may judge otherwise: its sums have another order
OURS = "fastnn, fit_many"
#: {name: (module, backend or None, jobs)} of the searches; scikit-learn's own first.
SEARCHES = {
    "scikit-learn, GridSearchCV": (neural_network, None, 1),
    "scikit-learn, GridSearchCV, 2 processes": (neural_network, "loky", 2),
    "fastnn, GridSearchCV": (fastnn, None, 1),
    "fastnn, GridSearchCV, 2 threads": (fastnn, "threading", 2),
    "fastnn, GridSearchCV, 2 processes": (fastnn, "loky", 2),
}


@cache
def digits(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Read once: the file would take as long as ten fits."""
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(dtype), y


def grid_of(seeds: int) -> dict[str, list]:
    """Six networks a seed."""
    return {"alpha": [1e-5, 1e-3, 1e-1], "learning_rate_init": [1e-3, 1e-2], "random_state": list(range(seeds))}


def many(grid: dict, settings: dict, dtype: str) -> np.ndarray:
    """fit_many, fold by fold: scores [folds, networks]."""
    X, y = digits(dtype)
    scores = []
    for train, test in FOLDS.split(X, y):
        models = [fastnn.MLPClassifier(**settings, **point) for point in ParameterGrid(grid)]
        scores.append([model.score(X[test], y[test]) for model in fastnn.fit_many(models, X[train], y[train])])
    return np.array(scores)


def search(grid: dict, settings: dict, dtype: str, module, backend: str | None, jobs: int) -> np.ndarray:
    """GridSearchCV over a module's estimator: scores [folds, networks]."""
    made = GridSearchCV(module.MLPClassifier(**settings), grid, cv=FOLDS, n_jobs=jobs, refit=False)
    if backend is None:
        made.fit(*digits(dtype))
    else:
        with parallel_backend(backend, n_jobs=jobs):
            made.fit(*digits(dtype))
    return np.array([made.cv_results_[f"split{fold}_test_score"] for fold in range(FOLDS.n_splits)])


def check(contestants: dict[str, Callable[[], np.ndarray]]) -> None:
    """Raise where scores differ; this is also everybody's first run, which starts processes."""
    scores = {name: contestant() for name, contestant in contestants.items()}
    allowed = ROWS / (len(digits("float64")[1]) / FOLDS.n_splits)
    for name, found in scores.items():
        apart = np.abs(found - scores[OURS]).max()
        if apart > (allowed if name.startswith("scikit-learn") else 0):
            raise SystemExit(f"not the same work: scores of {name} and of {OURS} are {apart} apart")
    if not scores[OURS].max() > 0.5:
        raise SystemExit(f"nothing learned: the best score is {scores[OURS].max()}")


def main(arguments=None) -> int:
    parser = parser_of(__doc__, rounds=5, seconds=None)
    parser.add_argument("--epochs", type=positive(int), default=100, help="of each network (default: %(default)s)")
    parser.add_argument("--seeds", type=positive(int), default=1, help="six networks each (default: %(default)s)")
    parser.add_argument("--batch", type=positive(int), default=32, help="rows of a batch (default: %(default)s)")
    types = ["float32", "float64"]
    parser.add_argument("--dtype", choices=types, default="float64", help="of X (default: %(default)s)")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    say_machine()
    grid = grid_of(options.seeds)
    settings = {**SETTINGS, "batch_size": options.batch, "max_iter": options.epochs}
    contestants = {OURS: partial(many, grid, settings, options.dtype)}
    contestants |= {name: partial(search, grid, settings, options.dtype, *how) for name, how in SEARCHES.items()}
    check(contestants)
    names = list(contestants)
    table = np.empty((options.rounds, len(names)))
    for number in range(options.rounds):
        for name in turn(names, number):
            begin = perf_counter()
            contestants[name]()
            table[number, names.index(name)] = perf_counter() - begin
    made = Rounds(names, table)
    fits = len(ParameterGrid(grid)) * FOLDS.n_splits
    done = f"{fits} fits of 64-32-10, {options.epochs} epochs in batches of {options.batch}, {options.dtype}"
    print(f"{done}; fits a second, and {OURS} over it")
    results = {}
    for name in names:
        ratio = spread(made.of(name) / made.of(OURS))
        results[name] = {"fits_a_second": made.rate(name, fits)._asdict(), "ratio": ratio._asdict()}
        print(f"{name:42} {results[name]['fits_a_second']['median']:8.1f} {brief(results[name]['ratio'])}")
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
