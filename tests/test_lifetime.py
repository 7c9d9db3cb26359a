"""Models and estimators hold no circles: their memory is free once nobody has them, without the garbage collector."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import fastnn
from fastnn import callbacks, layers

ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
TRUTH = ROWS[:, 0].copy()


def squared(y_true, y_pred):
    return ((y_pred - y_true) ** 2).sum(axis=1), 2.0 * (y_pred - y_true)


def compiled(loss="mse", **settings):
    stack = [fastnn.Input((3,)), layers.Dense(5, "relu"), layers.Residual([layers.Dense(5)]), layers.Dense(1)]
    made = fastnn.Sequential(stack, seed=0, **settings)
    made.compile("adam", loss, ["mae"])
    return made


def fitted(loss="mse", **options):
    made = compiled(loss)
    made.fit(ROWS, TRUTH, **{"epochs": 2, "verbose": 0, "validation_split": 0.2} | options)
    return made


def after(call):
    made = fitted()
    call(made)
    return made


USES = {
    "predict": lambda path: after(lambda made: (made.predict(ROWS), made.predict(ROWS[:1]))),
    "predictor": lambda path: after(lambda made: made.predictor()(ROWS[:1])),
    "build": lambda path: fastnn.Sequential([fastnn.Input((3,)), layers.Dense(2)]),
    "compile": lambda path: compiled(),
    "compile again": lambda path: after(lambda made: made.compile("sgd", "mse")),
    "add": lambda path: after(lambda made: made.add(layers.Dense(1))),
    "fit": lambda path: fitted(),
    "fit by a function": lambda path: fitted(squared),
    "fit augmented": lambda path: fitted(augment=lambda x, generator: x),
    "fit and stop": lambda path: fitted(callbacks=[callbacks.EarlyStopping(restore_best_weights=True)]),
    "monitor": lambda path: fitted(callbacks=[callbacks.GradientMonitor(), callbacks.TerminateOnNaN()]),
    "checkpoint": lambda path: fitted(callbacks=[callbacks.ModelCheckpoint(path)]),
    "one step": lambda path: after(lambda made: made.train_on_batch(ROWS, TRUTH)),
    "evaluate": lambda path: after(lambda made: made.evaluate(ROWS, TRUTH, verbose=0)),
    "gradients": lambda path: after(lambda made: made.gradients(ROWS, TRUTH, inputs=True)),
    "activations": lambda path: after(lambda made: made.activations(ROWS)),
    "save": lambda path: after(lambda made: made.save(path, include_optimizer=True)),
    "load": lambda path: (fitted().save(path), fastnn.load(path))[1],
    "copy": lambda path: copy.deepcopy(fitted()),
    "pickle": lambda path: pickle.loads(pickle.dumps(fitted())),
    "check": lambda path: after(lambda made: fastnn.check_setup(made, ROWS, TRUTH)),
}
SOLVERS = [
    {"solver": "adam"},
    {"solver": "sgd", "early_stopping": True, "batch_norm": True},
    {"solver": "lbfgs"},
    {"solver": "adam", "callbacks": [callbacks.EarlyStopping("loss")]},
]


def is_freed(made, parts):
    """Whether nothing but the list `made` of one model keeps alive what `parts` finds in it."""
    watched = [weakref.ref(each) for each in parts(made[0])]
    made.clear()
    return [each() for each in watched] == [None] * len(watched)


@pytest.fixture
def no_collector():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("use", USES)
def test_a_model_goes_when_it_is_let_go_of(use, tmp_path, no_collector):
    made = [USES[use](tmp_path / "model.safetensors")]
    made[0].predict(ROWS[:1])
    history = made[0].history
    assert history.model in (None, made[0])
    assert is_freed(made, lambda model: [model, model.parameters, *model.parts()])
    assert history.model is None


@pytest.mark.parametrize("settings", SOLVERS, ids=lambda settings: "-".join(map(str, settings)))
@pytest.mark.parametrize("kind", [fastnn.MLPClassifier, fastnn.MLPRegressor])
def test_an_estimator_goes_when_it_is_let_go_of(kind, settings, tmp_path, no_collector):
    y = TRUTH > 0 if kind is fastnn.MLPClassifier else TRUTH
    settings = {"hidden_layer_sizes": (5,), "max_iter": 3, "tol": 1e9, "n_iter_no_change": 1} | settings
    made = [kind(random_state=0, **copy.deepcopy(settings)).fit(ROWS, y)]
    made[0].predict(ROWS)
    made[0].save(tmp_path / "estimator.safetensors")
    made[0].input_gradient(ROWS)
    copy.deepcopy(made[0]).predict(ROWS)
    assert is_freed(made, lambda model: [model, model._binding.model, model._binding.model.parameters])
