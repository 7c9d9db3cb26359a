"""Every argument of every public class: values at the ends of its range are taken, those beyond raise when the object
is made, and the message says the range and what was received."""

import functools
import inspect
import math
import sys

import pytest

import fastnn
from fastnn import (
    augmentation,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
)

ROOMS = (
    layers,
    losses,
    metrics,
    optimizers,
    schedules,
    initializers,
    regularizers,
    constraints,
    callbacks,
    augmentation,
)
#: Records of results, and what a fit makes for itself: users make none.
RESULTS = {"Weight", "Setting", "LayerState", "Diagnosis", "CallbackList", "Options"}
NO_NUMBERS = (math.nan, math.inf, "0.5", [0.5])
#: Arguments with a range: (values at its ends, values beyond).
POSITIVE = ((1e-30, 1e30), (0, -1.0, *NO_NUMBERS))
NOT_NEGATIVE = ((0, 1e30), (-1e-30, -1, *NO_NUMBERS))
ANY = ((-1e30, 0, 1e30), NO_NUMBERS)
COUNT = ((1, 10**6), (0, -3, 2.5, *NO_NUMBERS))
COUNT_OR_NONE = ((0, 10**6), (-1, 2.5, *NO_NUMBERS))
FROM_ZERO_BELOW_ONE = ((0, 0.999), (-1e-9, 1, *NO_NUMBERS))
FROM_ZERO_TO_ONE = ((0, 1), (-1e-9, 1.001, *NO_NUMBERS))
BETWEEN_ZERO_AND_ONE = ((1e-9, 0.999), (0, 1, *NO_NUMBERS))
AT_LEAST_ONE = ((1, 1e30), (0.999, -1, *NO_NUMBERS))
RANGES = {
    **dict.fromkeys(("units", "decay_steps", "first_decay_steps", "n_connections", "every", "keep"), COUNT),
    **dict.fromkeys(("seed", "patience", "cooldown", "start_from_epoch"), COUNT_OR_NONE),
    **dict.fromkeys(("learning_rate", "initial_learning_rate", "max_learning_rate"), NOT_NEGATIVE),
    **dict.fromkeys(("end_learning_rate", "min_lr", "warmup_target", "decay_rate", "m_mul"), NOT_NEGATIVE),
    **dict.fromkeys(("weight_decay", "initial_accumulator_value", "stddev", "l1", "l2"), NOT_NEGATIVE),
    **dict.fromkeys(("max_value", "negative_slope", "threshold"), NOT_NEGATIVE),
    **dict.fromkeys(("epsilon", "clipnorm", "clipvalue", "global_clipnorm", "delta", "power", "scale"), POSITIVE),
    **dict.fromkeys(("rate", "beta_1", "beta_2", "rho"), FROM_ZERO_BELOW_ONE),
    **dict.fromkeys(("momentum", "ema_momentum", "label_smoothing"), FROM_ZERO_TO_ONE),
    **dict.fromkeys(("q", "factor", "warmup_fraction"), BETWEEN_ZERO_AND_ONE),
    **dict.fromkeys(("t_mul",), AT_LEAST_ONE),
    **dict.fromkeys(("value", "gain", "mean", "fill", "offset", "baseline", "min_delta"), ANY),
    **dict.fromkeys(("initial_value_threshold",), ANY),
    "ema_overwrite_frequency": ((1, sys.maxsize), (*COUNT[1], sys.maxsize + 1)),
    "gradient_accumulation_steps": ((2, sys.maxsize), (1, 0, -3, 2.5, sys.maxsize + 1, *NO_NUMBERS)),
    "warmup_steps": ((1, 4), (-1, 2.5, *NO_NUMBERS)),  # below decay_steps
    "total_steps": ((10, 10**6), (1, 0, -3, 2.5, *NO_NUMBERS)),
    "initial_divisor": POSITIVE,
    "final_divisor": POSITIVE,
    "ratio": ((1.001, 1e30), (1, 0, -1, *NO_NUMBERS)),
    "lower": ((0.01, 1 / 3), (0, -0.1, *NO_NUMBERS)),
    "upper": ((1 / 8, 1e30), (0.1, -1, *NO_NUMBERS)),  # not below lower
    "minval": ((-1e30, 0.05), NO_NUMBERS),
    "maxval": ((-0.05, 1e30), (-0.1, *NO_NUMBERS)),  # not below minval
    "alpha": FROM_ZERO_TO_ONE,
    "axis": ((), (2, -3, 0.5, "0")),
    "down": ((0, 3, (-1, 2)), (-1, (2, 1), (1,), math.nan, "1")),
    "image_shape": (((2, 2), (2, 2, 3)), (4, (4,), (2, 2, 3, 1), (0, 2), (2, 2.5), "22")),
    "boundaries": (([1], [10**6]), ([-1], [0.5], 5, [1, 2], "5")),
    "values": (([0, 1.0],), ([-1, 0.1], [math.nan, 0.1], 0.5)),
    "activation": (("relu", "softmax"), ("rellu", 3, 0.5)),
    "kernel_initializer": (("zeros",), ("zero", 3)),
    "kernel_regularizer": ((None, "l2"), ("l3", 3)),
    "kernel_constraint": ((None, "max_norm"), ("norm", 3)),
    "reduction": (("sum", "mean_with_sample_weight"), ("average", 3)),
    "mode": (("auto", "min", "max"), ("down", 3)),
    "distribution": (("uniform",), ("normal", 3)),
    "shape": ((3, (3,), (2, 2)), (0, (0,), (2.5,), "3", None)),
    "input_shape": ((None, 3, (3,)), (0, (0,), (2.5,), "3")),
    "schedule": ((0, 0.1, 1e30), (-0.1, math.nan, "0.1", None)),
    "layers": ((), (3, ["dense"])),
    "function": ((print,), (3,)),
    "steps": (([],), (3, [3], "noise")),
    "probe": ((None,), (3, (1,), (1, 2, 3))),
    "save_freq": (("epoch",), (0, 1, 2.5, "step")),  # `every` has the number of epochs
    "separator": ((",", ";"), ("", ",,", 3)),
    "monitor": (("loss",), (3, None)),
    "k": COUNT,
    "class_id": COUNT_OR_NONE,
    "thresholds": ANY,
    "average": (("macro", "micro", "weighted"), ("mean", 3)),
    "curve": (("ROC", "PR"), ("roc", 3)),
    "class_aggregation": (("uniform_average",), ("mean", 3)),
}
RANGES |= {"right": RANGES["down"], "slant": RANGES["down"], "degrees": RANGES["down"]}
RANGES |= {
    name: RANGES[name.replace(part, "kernel")]
    for part in ("bias", "beta", "gamma", "alpha", "moving_mean", "moving_variance", "projection", "activity")
    for name in (f"{part}_initializer", f"{part}_regularizer", f"{part}_constraint")
}
RANGES |= dict.fromkeys(inspect.signature(callbacks.LambdaCallback).parameters, ((None, print), (3, "print")))
#: Where a class means something else by the name.
OF_CLASSES = {
    ("ELU", "alpha"): NOT_NEGATIVE,
    ("Sparse", "stddev"): POSITIVE,
    ("BinaryAccuracy", "threshold"): ANY,
    ("F1Score", "threshold"): ANY,
    ("CosineDecay", "warmup_steps"): ((0,), (1, -1, 2.5, *NO_NUMBERS)),  # needs a warmup_target
    ("Lion", "beta_1"): ((1e-9, 1), (0, 1.001, *NO_NUMBERS)),
    ("Rescaling", "scale"): ANY,
    ("Normalization", "mean"): ((None,), (math.nan, "a", [math.inf])),
    ("Normalization", "variance"): ((None,), (-1.0, math.nan, "a", [-1.0])),
    ("VarianceScaling", "mode"): (("fan_in", "fan_out", "fan_avg"), ("fan", "auto", 3)),
    ("LearningRateScheduler", "schedule"): ((print,), (3, 0.1, "rate")),
    ("Scale", "factor"): (((0.5, 2.0), (1, 1)), (0, -1, (2, 1), (0, 1), math.nan, "1")),
    ("StopOnSmallChange", "every"): (("step", "epoch"), ("batch", 3)),
    ("StopOnSmallChange", "patience"): COUNT,
    ("StopOnSmallChange", "min_delta"): NOT_NEGATIVE,
    ("StopAtTrainingMetric", "threshold"): ANY,
    **{(name, "scale"): None for name in ("BatchNormalization", "LayerNormalization")},  # a flag
}
#: On or off, names and files.
FREE = {"name", "trainable", "use_bias", "center", "from_logits", "nesterov", "amsgrad", "centered", "use_ema"}
FREE |= {"staircase", "cycle", "linear", "verbose", "restore_best_weights", "append", "save_best_only", "relative"}
FREE |= {"save_weights_only", "raise_error", "multi_label", "filename", "filepath"}
#: What else a class must be given.
GIVEN = {
    **{"units": 3, "rate": 0.5, "stddev": 0.5, "scale": 1.0, "activation": "relu", "shape": (3,)},
    **{"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "boundaries": [5], "values": [0.1, 0.2]},
    **{"first_decay_steps": 5, "max_learning_rate": 0.1, "total_steps": 10, "schedule": 0.1, "warmup_steps": 2},
    **{"function": print, "steps": [], "filename": "log.csv", "filepath": "x.safetensors"},
    **{"threshold": 0.5, "image_shape": (2, 2)},
}
ABSTRACT = {
    "Layer",
    "Metric",
    "Noise",
    "Loss",
    "Optimizer",
    "Schedule",
    "Initializer",
    "Regularizer",
    "Constraint",
    "Callback",
}
CLASSES = [
    kind
    for room in ROOMS
    for name in getattr(room, "__all__", vars(room))
    if isinstance(kind := getattr(room, name), type) and kind.__module__.startswith("fastnn.")
    if name[0] != "_" and name not in RESULTS | ABSTRACT
]


def parameters(kind):
    given = inspect.signature(kind).parameters.values()
    return [p for p in given if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


def make(kind, **arguments):
    needed = [p.name for p in parameters(kind) if p.default is p.empty]
    given = {name: [layers.Dense(3)] if name == "layers" else GIVEN.get(name) for name in needed}
    if kind is callbacks.LearningRateScheduler:
        given["schedule"] = print
    return kind(**{**given, **arguments})


def cases():
    """Each argument that has a range, with the values to try."""
    made = []
    for kind in CLASSES:
        for name in (p.name for p in parameters(kind)):
            found = OF_CLASSES.get((kind.__name__, name), RANGES.get(name))
            if found is not None:
                made.append(pytest.param(kind, name, *found, id=f"{kind.__name__}-{name}"))
    return made


def test_every_argument_has_a_range():
    """A new argument is put into one of the tables above."""
    every = {(kind.__name__, p.name) for kind in CLASSES for p in parameters(kind)}
    assert {(kind, name) for kind, name in every if name not in FREE | set(RANGES)} <= set(OF_CLASSES)
    assert set(OF_CLASSES) <= every
    assert {name for _, name in every} >= FREE
    assert len(CLASSES) > 90


@pytest.mark.parametrize(("kind", "name", "taken", "refused"), cases())
def test_ranges(kind, name, taken, refused):
    for value in taken:
        make(kind, **{name: value})
    for value in refused:
        with pytest.raises((ValueError, TypeError), match=r"(?s)expected .*received: ") as caught:
            make(kind, **{name: value})
        said = str(caught.value)
        assert name.rsplit("_", 1)[-1] in said
        items = value if isinstance(value, (list, tuple)) else ()
        assert any(repr(part) in said for part in (value, *items)) or type(value).__name__ in said


def model_of(activation, loss="mse"):
    model = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(3, activation), layers.Dense(1)])
    model.compile(loss=loss)
    return model


@pytest.mark.parametrize(("activation", "smooth"), [("sign", "tanh"), ("heaviside", "sigmoid")])
def test_no_training_through_steps(activation, smooth):
    """Refused when the model is compiled; it predicts all the same."""
    with pytest.raises(ValueError, match=rf"derivative for training.*{activation}.*{smooth} is its smooth form"):
        model_of(activation)
    model = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(3, activation), layers.Dense(1)])
    assert model.predict([[1.0, 2.0]]).shape == (1, 1)


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        *(("zero_one_loss", "zero_one_loss"), ("ZeroOneLoss", "ZeroOneLoss"), (metrics.zero_one_loss, "zero_one_loss")),
        *((metrics.Accuracy(), "Accuracy"), (functools.partial(metrics.binary_accuracy, threshold=0.3), "binary_acc")),
    ],
)
def test_no_training_on_counted_mistakes(loss, name):
    """By its name or as the metric's function; any other metric too."""
    with pytest.raises(ValueError, match=rf"gradient, received: .*{name}.*which has none.*binary_crossentropy.*hinge"):
        model_of("relu", loss)
