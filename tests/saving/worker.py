"""A process of its own that trains, and half of the way, or goes on.

``python -m tests.saving.worker FOLDER PART THREADS CASES``; CASES is the name of a list of this module.
Prints {case: digest of the outcome} as JSON, of a training at once for "begin", of one that went on for "go on".
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from fastnn import callbacks, layers, training
from tests.saving.models import LAYERS, OPTIMIZERS, X, Y, compiled, layer, state

EPOCHS, CUT = 5, 2
#: Large enough for three threads in a step.
SETTINGS = {"batch_size": 100, "verbose": 0, "validation_data": (X[:40], Y[:40])}
UNITS = 100
PLAIN = [name for name in OPTIMIZERS if " " not in name]
CASES = [*PLAIN, *(f"layer {name}" for name in LAYERS), "stopping", "schedule"]
OPTIONS = [name for name in OPTIMIZERS if " " in name]


def decaying(step):
    return 0.01 * 0.9**step


def build(case):
    optimizer = OPTIMIZERS.get(case, lambda: "adam")()
    middle = [layer(case.removeprefix("layer "))] if case.startswith("layer ") else [layers.Dropout(0.3)]
    model = compiled(optimizer, *middle, layers.Dense(UNITS, "relu"), units=UNITS)
    if case == "schedule":
        model.optimizer.learning_rate = decaying
    return model


def train(case, **settings):
    model = build(case)
    told = [callbacks.EarlyStopping("loss", min_delta=1e9, patience=3, restore_best_weights=True)]
    told = (told if case == "stopping" else []) + settings.pop("callbacks", [])
    return model, model.fit(X, Y, **SETTINGS, callbacks=told, **settings)


def digest(model, history):
    parameters, states, iterations = state(model)
    text = json.dumps([history.epoch, history.history, iterations])
    return hashlib.sha256(parameters + states + text.encode()).hexdigest()


def main(folder, part, threads, cases):
    training.threads.default_threads = lambda: int(threads)
    found = {}
    for case in globals()[cases]:
        path = Path(folder) / f"{case}.safetensors"
        if part == "begin":
            train(case, epochs=CUT, callbacks=[callbacks.ModelCheckpoint(path)])
            outcome = train(case, epochs=EPOCHS)
        else:
            outcome = train(case, epochs=EPOCHS, resume=path)
        assert np.isfinite(outcome[0].parameters).all()
        assert outcome[0].training.trainer(SETTINGS["batch_size"]).threads == int(threads)
        found[case] = digest(*outcome)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
