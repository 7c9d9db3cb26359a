"""A process of its own that trains estimators, and half of the way, or goes on with those of files.

``python -m tests.saving.estimator_worker FOLDER PART THREADS``; by fastnn's files, pickle and joblib.
Prints {case: digest of the outcome} as JSON, of a training at once for "begin", of those that went on for "go on".
"""

import hashlib
import json
import pickle
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
from safetensors import safe_open

import fastnn
from tests.saving.models import INPUTS, X, Y

TIMES, CUT = 3, 1
#: Large enough for two threads in a step.
SETTINGS = {"hidden_layer_sizes": (150, 20), "batch_size": 80, "max_iter": 2, "tol": 0.0}
LABELS = np.array(["low", "high"])[(Y[:, 0] > 0).astype(int)]


def source():
    return np.random.RandomState(5)


CASES = {
    "partial_fit adam": lambda: fastnn.MLPClassifier(**SETTINGS, dropout=0.2, random_state=source()),
    "partial_fit seed": lambda: fastnn.MLPClassifier(**SETTINGS, dropout=0.2, random_state=7),
    "partial_fit sgd": lambda: fastnn.MLPRegressor(
        **SETTINGS, solver="sgd", learning_rate="invscaling", batch_norm=True, random_state=source()
    ),
    "warm start": lambda: fastnn.MLPRegressor(
        **SETTINGS, warm_start=True, dropout=0.2, layer_norm=True, random_state=source()
    ),
    "warm start early": lambda: fastnn.MLPClassifier(
        **SETTINGS, warm_start=True, solver="sgd", learning_rate="adaptive", early_stopping=True, random_state=source()
    ),
    "warm start optimizer": lambda: fastnn.MLPClassifier(
        **SETTINGS, warm_start=True, optimizer=fastnn.optimizers.Nadam(0.01), random_state=source()
    ),
}
WAYS = {
    "file": (lambda model, path: model.save(path, include_optimizer=True), fastnn.load),
    "pickle": (lambda model, path: path.write_bytes(pickle.dumps(model)), lambda path: pickle.loads(path.read_bytes())),
    "joblib": (joblib.dump, joblib.load),
}


def go(model, times):
    y = LABELS if isinstance(model, fastnn.MLPClassifier) else Y
    for _ in range(times):
        if model.warm_start:
            model.fit(X, y)
        elif y is LABELS:
            model.partial_fit(X, y, classes=["high", "low"])
        else:
            model.partial_fit(X, y)
    return model


def digest(model, path):
    """Of all that a file holds: arguments, attributes, weights, the solver's state, the generator's."""
    model.set_params(n_jobs=None).save(path, include_optimizer=True)
    with safe_open(path, framework="np") as file:
        found = [
            sorted(file.metadata().items()),
            [(name, file.get_tensor(name).tolist()) for name in sorted(file.keys())],
        ]
    predicted = model.predict(np.zeros((1, INPUTS))).tolist()
    return hashlib.sha256(repr([found, predicted]).encode()).hexdigest()


def main(folder, part, threads):
    warnings.simplefilter("ignore")  # not converged
    found, threads = {}, int(threads)
    for case, make in CASES.items():
        if part == "begin":
            cut = go(make().set_params(n_jobs=threads), CUT)
            whole = digest(go(make().set_params(n_jobs=threads), TIMES), Path(folder) / "outcome")
        for way, (dump, load) in WAYS.items():
            path = Path(folder) / f"{case}.{way}"
            if part == "begin":
                dump(cut, path)
                found[f"{case} {way}"] = whole
            else:
                model = go(load(path).set_params(n_jobs=threads), TIMES - CUT)
                found[f"{case} {way}"] = digest(model, Path(folder) / "outcome")
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
