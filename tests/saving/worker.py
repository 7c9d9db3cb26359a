"""A process of its own that trains, and half of the way, or goes on.

``python -m tests.saving.worker FOLDER PART THREADS CASES``; CASES is the name of a list of this module.
Prints {case: digest of the outcome} as JSON, of a training at once for "begin", of one that went on for "go on".
Everything counts: parameters, the optimizer's state, history, what callbacks remember and the files that they write.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open

from fastnn import callbacks, layers, optimizers, training
from fastnn.saving import Encoder
from tests.saving.models import LAYERS, OPTIMIZERS, X, Y, compiled, layer, state

EPOCHS, CUT = 5, 2
#: Large enough for three threads in a step.
SETTINGS = {"batch_size": 100, "verbose": 0, "validation_data": (X[:40], Y[:40])}
UNITS = 100
PLAIN = [name for name in OPTIMIZERS if " " not in name]


def decaying(step):
    return 0.01 * 0.9**step


def steps_down(epoch, rate):
    return rate / (1 + epoch)


def noisy(x, generator):
    return x + generator.normal(size=x.shape).astype(x.dtype)


def rising(monitor="loss", **settings):
    """Nothing is an improvement on the first epoch."""
    return {"monitor": monitor, "min_delta": 1e9, **settings}


#: Callbacks by case; files are the case's own.
TOLD = {
    "nothing": list,
    "stopping": lambda: [callbacks.EarlyStopping(**rising(patience=3, restore_best_weights=True))],
    "stopped": lambda: [callbacks.EarlyStopping(**rising(patience=1, restore_best_weights=True))],
    "plateau": lambda: [callbacks.ReduceLROnPlateau(**rising(patience=1, factor=0.5, cooldown=1))],
    "scheduler": lambda: [callbacks.LearningRateScheduler(steps_down)],
    "small change": lambda: [callbacks.StopOnSmallChange(1e9, patience=4, every="epoch")],
    "small change by step": lambda: [callbacks.StopOnSmallChange(1e9, patience=7)],
    "threshold": lambda: [callbacks.StopAtTrainingMetric(1e9, "val_loss")],
    "log": lambda: [callbacks.CSVLogger("log.csv")],
    "appended log": lambda: [callbacks.CSVLogger("log.csv", separator=";", append=True)],
    "gradients": lambda: [callbacks.GradientMonitor()],
    "histories": lambda: [callbacks.History(), callbacks.ReduceLROnPlateau("loss"), callbacks.History()],
    "last files": lambda: [callbacks.ModelCheckpoint("{epoch}.st", keep=2)],
    "every second file": lambda: [callbacks.ModelCheckpoint("{epoch}-{val_loss:.3f}.st", every=2)],
    "best file": lambda: [callbacks.ModelCheckpoint("{epoch}.st", **best("val_loss"))],
    "best rate": lambda: [callbacks.LearningRateScheduler(steps_down), callbacks.ModelCheckpoint("best.st", **best())],
    "all": lambda: [
        make for name in ("stopping", "plateau", "gradients", "log", "last files") for make in TOLD[name]()
    ],
}


def best(monitor="learning_rate"):
    """The rate is lowest in the last epoch, and "max" keeps the first."""
    return {"monitor": monitor, "save_best_only": True, "mode": "max" if monitor == "learning_rate" else "min"}


#: Models of their own: {case: what is compiled}; all others have a layer of dropout and Adam.
MODELS = {
    "schedule": lambda: (optimizers.SGD(decaying, momentum=0.9),),
    "averages, stopped": lambda: (optimizers.Adam(0.01, use_ema=True),),
    "all": lambda: (optimizers.Adam(0.01), layers.BatchNormalization(), layers.Dropout(0.3), layers.GaussianNoise(0.1)),
}
STEERED = [*(f"told {name}" for name in TOLD), "schedule", "averages, stopped", "augment", "replacement"]
CASES = [*PLAIN, *(f"layer {name}" for name in LAYERS), *STEERED]
OPTIONS = [name for name in OPTIMIZERS if " " in name]


def build(case):
    if case.startswith("layer "):
        kinds = ("adam", layer(case.removeprefix("layer ")))
    else:
        kind = case.removeprefix("told ")
        kinds = MODELS[kind]() if kind in MODELS else (OPTIMIZERS.get(case, lambda: "adam")(), layers.Dropout(0.3))
    return compiled(kinds[0], *kinds[1:], layers.Dense(UNITS, "relu"), units=UNITS)


def train(case, **settings):
    model = build(case)
    told = TOLD[case.removeprefix("told ") if case.startswith("told ") else "nothing"]()
    if case == "averages, stopped":
        told = TOLD["threshold"]()
    settings |= {"augment": noisy} if case == "augment" else {}
    settings |= {"shuffle": "replacement"} if case == "replacement" else {}
    told.append(callbacks.ModelCheckpoint("checkpoint.st"))
    return model, model.fit(X, Y, **SETTINGS, callbacks=told, **settings), told


def contents():
    """What is in the files of this folder; safetensors files in an order that is theirs."""
    found = {}
    for path in sorted(Path().iterdir()):
        found[path.name] = path.read_bytes().hex()
        if path.suffix == ".st":
            with safe_open(path, framework="np") as file:
                tensors = {name: file.get_tensor(name).tobytes().hex() for name in sorted(file.keys())}
                found[path.name] = [sorted(file.metadata().items()), tensors]
    return found


def digest(model, history, told):
    parameters, states, iterations = state(model)
    stopped = [getattr(callback, "stopped_epoch", None) for callback in told]
    remembered = Encoder().encode([stopped, *(callback.get_state() for callback in told)], "told")
    rate = float(model.optimizer.rates(iterations, 1)[0])
    text = repr([history.epoch, history.history, iterations, rate, remembered, contents()])
    return hashlib.sha256(parameters + states + text.encode()).hexdigest()


def within(folder):
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    if "appended log" in folder.name and not Path("log.csv").exists():
        Path("log.csv").write_text("epoch;loss;val_loss\n7;0.5;0.25\n")


def main(folder, part, threads, cases):
    training.threads.default_threads = lambda: int(threads)
    found = {}
    for case in globals()[cases]:
        within(Path(folder) / "cut" / case)
        if part == "begin":
            train(case, epochs=CUT)
            within(Path(folder) / "whole" / case)
            outcome = train(case, epochs=EPOCHS)
        else:
            outcome = train(case, epochs=EPOCHS, resume="checkpoint.st")
        assert np.isfinite(outcome[0].parameters).all()
        assert outcome[0].training.trainer(SETTINGS["batch_size"]).threads == int(threads)
        found[case] = digest(*outcome)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
