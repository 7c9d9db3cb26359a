"""Models that the tests of files share: every layer, every optimizer and its options, every loss."""

import inspect

import numpy as np

import fastnn
from fastnn import layers, optimizers

ROWS, INPUTS = 200, 12
X = np.random.default_rng(7).normal(size=(ROWS, INPUTS)).astype(np.float32)
Y = np.column_stack([np.tanh(X[:, 0]), X[:, 1] * X[:, 2], np.abs(X[:, 3])]).astype(np.float32)

#: Arguments of the layers that cannot be made without; a new one gets its line here.
ARGUMENTS = {
    "Dense": {"units": 9, "activation": "tanh", "kernel_regularizer": "l1_l2"},
    "Activation": {"activation": "tanh"},
    "Dropout": {"rate": 0.3},
    "AlphaDropout": {"rate": 0.3},
    "DropConnect": {"units": 9, "rate": 0.3},
    "GaussianDropout": {"rate": 0.3},
    "GaussianNoise": {"stddev": 0.3},
    "Rescaling": {"scale": 0.5, "offset": 0.25},
}
#: No layers of a model by themselves.
NO_LAYERS = {"Input", "Layer", "Noise"}

LAYERS = sorted(
    name
    for name, thing in vars(layers).items()
    if inspect.isclass(thing) and issubclass(thing, layers.Layer) and name not in NO_LAYERS
)

#: Options that change what an optimizer keeps or does, where it has them.
OPTIONS = {
    "momentum": 0.9,
    "nesterov": True,
    "centered": True,
    "amsgrad": True,
    "weight_decay": 0.01,
    "clipnorm": 0.5,
    "global_clipnorm": 0.5,
    "clipvalue": 0.1,
    "use_ema": True,
    "gradient_accumulation_steps": 3,
}


def _optimizers():
    """{name: function that makes it}: each as it is, and with each option that it has."""
    found = {}
    for kind in sorted(set(optimizers.NAMES.values()), key=lambda kind: kind.__name__):
        found[kind.__name__] = lambda kind=kind: kind(learning_rate=0.01)
        for option in inspect.signature(kind).parameters:
            if option in OPTIONS:
                chosen = {option: OPTIONS[option], **({"momentum": 0.9} if option == "nesterov" else {})}
                found[f"{kind.__name__} {option}"] = lambda kind=kind, chosen=chosen: kind(learning_rate=0.01, **chosen)
    return found


OPTIMIZERS = _optimizers()


def layer(name):
    if name == "Residual":
        return layers.Residual([layers.Dense(7, "relu"), layers.BatchNormalization(), layers.Dense(24)])
    return getattr(layers, name)(**ARGUMENTS.get(name, {}))


def deep(*middle, seed=3, dtype="float32", units=24):
    """A regression with `middle` between two Dense layers."""
    first = [fastnn.Input((INPUTS,)), layers.Dense(units, "relu"), *middle]
    return fastnn.Sequential([*first, layers.Dense(Y.shape[1])], seed=seed, dtype=dtype)


def compiled(optimizer="adam", *middle, loss="mse", metrics=None, **settings):
    model = deep(*middle, **settings)
    model.compile(optimizer, loss, metrics)
    return model


def state(model):
    """Everything that training goes on from, as bytes."""
    states = model.training.states
    return model.parameters.tobytes(), b"" if states is None else states.tobytes(), model.iterations


def outcome(model, history):
    return state(model), history.epoch, history.history


def fit(*told, epochs=6, **settings):
    """A model that was fitted with these callbacks."""
    model = compiled("sgd")
    model.fit(X, Y, epochs=epochs, verbose=0, callbacks=list(told), **settings)
    return model
