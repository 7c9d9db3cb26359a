"""What the tests of fastnn.exchange write and read: a small model for every activation and every layer there is."""

import functools
import inspect
import warnings

import numpy as np

import fastnn
from fastnn import activations, layers

INPUTS = 7
#: Settings of activations beside their defaults.
VARIANTS = {
    "sign": [{"zero": -1.0}],
    "heaviside": [{"zero": 1.0}],
    "relu": [
        {"negative_slope": 0.1},
        {"max_value": 1.5},
        {"threshold": 0.5},
        {"negative_slope": 0.1, "max_value": 1.5, "threshold": 0.5},
    ],
    "leaky_relu": [{"negative_slope": 0.01}],
    "elu": [{"alpha": 0.3}],
    "gelu": [{"approximate": True}],
}
#: Arguments of layers that have no default.
ARGUMENTS = {
    "units": 6,
    "rate": 0.3,
    "stddev": 0.3,
    "activation": "tanh",
    "scale": 1.7,
    "layers": lambda: [layers.Dense(11, "relu"), layers.Dense(9)],
}


def activation_cases():
    """Every activation, with its defaults and with others: {name: what a layer takes}."""
    cases = {name: name for name in activations.NAMES}
    for name, variants in VARIANTS.items():
        function = activations.NAMES.get(name)
        for settings in variants if function else ():
            known = inspect.signature(function).parameters
            if set(settings) <= set(known):
                cases[f"{name} {settings}"] = functools.partial(function, **settings)
    return cases


def layer_names():
    """Every layer of fastnn.layers that stands in a model."""
    kinds = {name: getattr(layers, name) for name in layers.__all__}
    bases = ("Layer", "Input", "Noise")
    return [
        name
        for name, kind in kinds.items()
        if inspect.isclass(kind) and issubclass(kind, layers.Layer) and name not in bases
    ]


def layer(name):
    """A layer of that class; arguments that it must have are ARGUMENTS'."""
    kind = getattr(layers, name)
    needed = [
        key
        for key, parameter in inspect.signature(kind).parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    given = {key: ARGUMENTS[key] for key in needed}
    return kind(**{key: value() if key == "layers" else value for key, value in given.items()})


def activation_model(activation, dtype):
    """Two layers with that activation (a bounded one between: some grow fast), weights that reach its bends."""
    stack = [layers.Dense(16, activation), layers.Dense(6, "tanh"), layers.Dense(5, activation)]
    return filled(fastnn.Sequential([fastnn.Input((INPUTS,)), *stack], dtype=dtype, seed=3))


def layer_model(name, dtype):
    """A layer first, in the middle and at the end."""
    if layer(name).random:  # not at the end, where there is nothing to be dropped
        stack = [layer(name), layers.Dense(9, "relu"), layer(name), layers.Dense(5)]
    else:
        stack = [layer(name), layers.Dense(9, "relu"), layer(name), layers.Dense(9), layer(name)]
    return filled(fastnn.Sequential([fastnn.Input((INPUTS,)), *stack], dtype=dtype, seed=3))


def filled(model):
    """The model with parameters that are neither zeros nor ones; variances stay positive."""
    model.build()
    rng = np.random.default_rng(5)
    for part in model.layers:
        arrays = part.get_weights()
        moved = [array + rng.normal(size=array.shape) * 0.3 for array in arrays]
        if type(part).__name__ in ("BatchNormalization", "Normalization"):
            moved = [np.abs(array) + 0.1 for array in moved]
        part.set_weights(moved)
    return model


def rows(dtype, count=64):
    """Input rows, a different scale in each column."""
    scales = np.linspace(0.3, 3, INPUTS)
    return (np.random.default_rng(7).normal(size=(count, INPUTS)) * scales).astype(dtype)


def check_close(made, wanted):
    """1e-5 of the largest output in float32, 1e-12 in float64."""
    assert made.dtype == wanted.dtype
    assert made.shape == wanted.shape
    bound = 1e-5 if wanted.dtype == np.float32 else 1e-12
    assert np.abs(made - wanted).max() <= bound * np.abs(wanted).max()


def labels(kind):
    """Targets of a classifier for `rows`."""
    x = rows("float64")
    return {
        "two strings": np.where(x[:, 0] > 0, "no", 'a "quoted" \\ é'),
        "two integers": np.where(x[:, 0] > 0, 7, -2),
        "two booleans": x[:, 0] > 0,
        "one": np.full(len(x), "alone"),
        "three strings": np.array(["low", "middle", "high"])[np.digitize(x[:, 1], [-0.4, 0.4])],
        "objects": np.array(["a", "b", "c"], dtype=object)[np.digitize(x[:, 1], [-0.4, 0.4])],
        "three floats": np.array([1.0, 2.0, 4.0])[np.digitize(x[:, 1], [-0.4, 0.4])],
        "five integers": np.digitize(x[:, 2], [-1, -0.3, 0.3, 1]),
        "two labels": (x[:, :2] > 0).astype(int),
        "several labels": (x[:, :3] > 0).astype(int),
    }[kind]


LABELS = [
    *("two strings", "two integers", "two booleans", "one", "three strings", "objects"),
    *("three floats", "five integers", "two labels", "several labels"),
]


@functools.cache
def classifier(kind, dtype):
    """A fitted classifier."""
    model = fastnn.MLPClassifier(
        (12,), learning_rate_init=0.05, max_iter=30, tol=0, n_iter_no_change=100, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged
        return model.fit(rows(dtype), labels(kind))
