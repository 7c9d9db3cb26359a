"""What there is: every public name by its place, its defaults, and its line in docs/formulas.md."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import fastnn

FORMULAS = (Path(__file__).resolve().parents[1] / "docs" / "formulas.md").read_text(encoding="utf-8")
#: Names by module; all of them have a formula there.
NAMES = {
    "activations": "linear heaviside sign piecewise_linear sigmoid tanh relu leaky_relu softplus softmax elu selu gelu "
    "silu mish hard_sigmoid hard_tanh exponential softsign relu6",
    "layers": "Dense Flatten Activation Dropout DropConnect AlphaDropout GaussianNoise GaussianDropout "
    "BatchNormalization LayerNormalization Residual Normalization Rescaling PReLU RReLU ReLU LeakyReLU ELU Softmax",
    "losses": "mean_squared_error half_squared_error mean_absolute_error huber log_cosh poisson quantile "
    "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy multilabel_crossentropy hinge "
    "squared_hinge kl_divergence",
    "optimizers": "SGD Adagrad Adadelta RMSprop Adam AdamW Adamax Nadam Lion",
    "schedules": "LinearDecay PiecewiseConstantDecay StepDecay InverseTimeDecay ExponentialDecay PolynomialDecay "
    "CosineDecay CosineDecayRestarts LinearWarmup OneCycle",
    "initializers": "Zeros Ones Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling LecunUniform "
    "LecunNormal FanInUniform GlorotUniform GlorotNormal HeNormal HeUniform Orthogonal Sparse",
    "regularizers": "L1 L2 L1L2",
    "constraints": "MaxNorm NonNeg",
    "augmentation": "Shift Rotate Scale Shear Noise",
    "metrics": "accuracy binary_accuracy categorical_accuracy top_k_categorical_accuracy mean_squared_error "
    "mean_absolute_error r2_score auc zero_one_loss BinaryAccuracy TopKCategoricalAccuracy MeanSquaredError "
    "MeanAbsoluteError R2Score AUC Precision Recall F1Score",
}
#: Names without a formula.
OTHERS = (
    "Input Sequential MLPClassifier MLPRegressor check_setup find_learning_rate load utils.to_categorical layers.Input "
    "callbacks.EarlyStopping callbacks.ReduceLROnPlateau callbacks.LearningRateScheduler callbacks.ModelCheckpoint "
    "callbacks.TerminateOnNaN callbacks.CSVLogger callbacks.LambdaCallback callbacks.StopAtTrainingMetric "
    "callbacks.History callbacks.GradientMonitor callbacks.StopOnSmallChange callbacks.History.diagnose "
    "optimizers.schedules.CosineDecay layers.Normalization.adapt losses.FunctionLoss metrics.FunctionMetric "
    "initializers.FunctionInitializer Sequential.summary Sequential.count_params Sequential.gradients"
)
LOSS_CLASSES = (
    "MeanSquaredError HalfSquaredError MeanAbsoluteError Huber LogCosh Poisson Quantile BinaryCrossentropy "
    "CategoricalCrossentropy SparseCategoricalCrossentropy MultilabelCrossentropy Hinge SquaredHinge KLDivergence"
)
#: Arguments and their defaults.
DEFAULTS = {
    "activations.heaviside": {"zero": 0.5},
    "activations.sign": {"zero": 0.0},
    "activations.leaky_relu": {"negative_slope": 0.2},
    "activations.elu": {"alpha": 1.0},
    "activations.gelu": {"approximate": False},
    "activations.relu": {"negative_slope": 0.0, "max_value": None, "threshold": 0.0},
    "layers.LeakyReLU": {"negative_slope": 0.3},
    "layers.Dense": {
        "activation": None,
        "use_bias": True,
        "kernel_initializer": "glorot_uniform",
        "bias_initializer": "zeros",
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    },
    "layers.BatchNormalization": {"momentum": 0.99, "epsilon": 1e-3},
    "layers.LayerNormalization": {"epsilon": 1e-3},
    "losses.Huber": {"delta": 1.0},
    "losses.Quantile": {"q": 0.5},
    "losses.BinaryCrossentropy": {"from_logits": False, "label_smoothing": 0.0},
    "losses.CategoricalCrossentropy": {"from_logits": False, "label_smoothing": 0.0},
    "losses.SparseCategoricalCrossentropy": {"from_logits": False, "label_smoothing": 0.0},
    "losses.MultilabelCrossentropy": {"from_logits": False, "label_smoothing": 0.0},
    "optimizers.SGD": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
    "optimizers.Adagrad": {"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-7},
    "optimizers.Adadelta": {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-7},
    "optimizers.RMSprop": {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False},
    "optimizers.Adam": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False},
    "optimizers.AdamW": {"learning_rate": 0.001, "weight_decay": 0.004, "epsilon": 1e-7},
    "optimizers.Adamax": {"learning_rate": 0.001, "epsilon": 1e-7},
    "optimizers.Nadam": {"learning_rate": 0.001, "epsilon": 1e-7},
    "optimizers.Lion": {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.99},
    "callbacks.EarlyStopping": {
        "monitor": "val_loss",
        "min_delta": 0.0,
        "patience": 0,
        "restore_best_weights": False,
        "start_from_epoch": 0,
        "baseline": None,
    },
    "callbacks.ReduceLROnPlateau": {"factor": 0.1, "patience": 10, "min_lr": 0.0},
    "initializers.Sparse": {"n_connections": 10},
    "metrics.BinaryAccuracy": {"threshold": 0.5},
    "metrics.TopKCategoricalAccuracy": {"k": 5},
    "Sequential.fit": {
        "batch_size": None,
        "epochs": 1,
        "validation_split": 0.0,
        "validation_data": None,
        "shuffle": True,
        "class_weight": None,
        "sample_weight": None,
        "augment": None,
    },
}


#: Callbacks of Keras, which are compared with its signatures too.
CALLBACKS = (
    "EarlyStopping ReduceLROnPlateau LearningRateScheduler ModelCheckpoint TerminateOnNaN CSVLogger LambdaCallback"
)
#: Where a default is not Keras's, on purpose.
OTHER_DEFAULTS = {
    ("metrics.F1Score", "average"): "macro",  # Keras's, a score for each output, is no number
    ("layers.PReLU", "alpha_initializer"): "zeros",  # Keras writes "Zeros"
}


def found(path, thing=fastnn):
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


def by_module(*modules):
    return [f"{module}.{name}" for module in modules for name in NAMES[module].split()]


@pytest.mark.parametrize(
    "path", [*by_module(*NAMES), *OTHERS.split(), *(f"losses.{name}" for name in LOSS_CLASSES.split())]
)
def test_every_name_is_there_and_documented(path):
    thing = found(path)
    assert callable(thing)
    assert thing.__doc__


@pytest.mark.parametrize("path", [*by_module(*NAMES), *(f"losses.{name}" for name in LOSS_CLASSES.split())])
def test_every_docstring_names_its_source_and_shows_an_example(path):
    """Functions that have a class refer to it."""
    said = inspect.getdoc(found(path))
    if path.startswith("losses.") and path.split(".")[1].islower():
        assert re.search(r"see `[A-Z]\w+`", said)
    else:
        assert re.search(r"Source: |\b(19|20)\d\d\b", said)
        assert ">>> " in said


@pytest.mark.parametrize(
    "path", [*by_module(*NAMES), *(name for name in OTHERS.split() if re.fullmatch(r"(callbacks|utils)\.\w+", name))]
)
def test_every_formula_has_its_line(path):
    name = path.split(".")[1]
    assert re.search(rf"`(fastnn\.\w+\.|utils\.)?{name}\b[^`]*`", FORMULAS), f"docs/formulas.md does not have {name}"


@pytest.mark.parametrize("path", DEFAULTS)
def test_defaults(path):
    parameters = inspect.signature(found(path)).parameters
    for name, default in DEFAULTS[path].items():
        assert parameters[name].default == default, name


def test_arguments_and_defaults_are_kerass(monkeypatch):
    """Of what has a name that Keras has: the same arguments have the same defaults and the same order."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    pytest.importorskip("jax")
    keras = pytest.importorskip("keras")
    monkeypatch.setattr(keras, "schedules", keras.optimizers.schedules, raising=False)
    different, compared = {}, 0
    others = [
        *(f"losses.{name}" for name in LOSS_CLASSES.split()),
        *(f"callbacks.{name}" for name in CALLBACKS.split()),
    ]
    for path in [*by_module(*NAMES), *others]:
        room, name = path.split(".")
        if not hasattr(getattr(keras, room, None), name):
            continue
        compared += 1
        ours, theirs = (inspect.signature(found(path, home)).parameters for home in (fastnn, keras))
        shared = [argument for argument in ours if argument in theirs and argument != "name"]
        assert shared == [argument for argument in theirs if argument in shared], path
        for argument in shared:
            if ours[argument].default != theirs[argument].default:
                different[path, argument] = ours[argument].default
    assert different == OTHER_DEFAULTS
    assert compared > 90


@pytest.mark.parametrize("path", by_module("optimizers"))
def test_what_every_optimizer_takes(path):
    taken = inspect.signature(found(path)).parameters
    for name in ("clipnorm", "global_clipnorm", "clipvalue", "weight_decay", "use_ema", "gradient_accumulation_steps"):
        assert name in taken


@pytest.mark.parametrize("module", ["activations", "losses", "metrics"])
def test_names_are_strings_too(module):
    for name in NAMES[module].split():
        if module != "metrics" or name in fastnn.metrics.NAMES or name in fastnn.metrics.CLASSES:
            assert found(f"{module}.get")(name) is not None
    with pytest.raises(ValueError, match="received: 'no such name'"):
        found(f"{module}.get")("no such name")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("path", by_module("layers"))
def test_every_layer_trains_and_may_be_frozen(path, dtype):
    kind = found(path)
    given = {
        "Dense": (4,),
        "Activation": ("tanh",),
        "DropConnect": (4, 0.2),
        "Residual": ([fastnn.layers.Dense(4)],),
        "Rescaling": (0.5,),
    }.get(kind.__name__, (0.1,) if kind.__name__.endswith(("out", "Noise")) else ())
    layer = kind(*given)
    model = fastnn.Sequential([layer, fastnn.layers.Dense(1)], dtype=dtype, seed=0)
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(50, 4))
    if kind.__name__ == "Normalization":
        layer.adapt(x)
    history = model.fit(x, x[:, 0], epochs=30, batch_size=10, verbose=0).history["loss"]
    assert history[-1] < history[0]
    layer.trainable = False
    model.compile("adam", "mse")
    before = layer.get_weights()
    model.fit(x, x[:, 0], verbose=0)
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_augmentation_and_shuffling_by_name():
    assert fastnn.augmentation.Compose([fastnn.augmentation.Noise(0.1)])
    model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    model.fit(np.eye(3), np.ones(3), shuffle="replacement", verbose=0)
    with pytest.raises(ValueError, match="surrogate"):
        model.compile("sgd", "zero_one_loss")
