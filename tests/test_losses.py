import functools

import numpy as np
import pytest

import fastnn
from fastnn import activations, losses
from fastnn._core import targets

GENERATOR = np.random.default_rng(0)
P = GENERATOR.uniform(0.1, 0.9, (5, 3))
Y = GENERATOR.uniform(0.1, 0.9, (5, 3))
ONE_HOT = np.eye(3)[[0, 2, 1, 1, 0]]
NORMALIZED = P / P.sum(axis=1, keepdims=True)
LOGIT = np.log(P / (1 - P))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("loss", "truth", "prediction", "rows"),
    [
        (losses.MeanSquaredError(), Y, P, np.mean((Y - P) ** 2, axis=1)),
        (losses.HalfSquaredError(), Y, P, 0.5 * np.mean((Y - P) ** 2, axis=1)),
        (losses.Poisson(), Y, P, np.mean(P - Y * np.log(P + 1e-7), axis=1)),
        (losses.HalfPoissonDeviance(), Y, np.log(P), np.mean(Y * np.log(Y / P) - Y + P, axis=1)),
        (losses.BinaryCrossentropy(), Y, P, np.mean(-Y * np.log(P) - (1 - Y) * np.log(1 - P), axis=1)),
        (
            losses.BinaryCrossentropy(from_logits=True),
            Y,
            LOGIT,
            np.mean(-Y * np.log(P) - (1 - Y) * np.log(1 - P), axis=1),
        ),
        (losses.CategoricalCrossentropy(), ONE_HOT, NORMALIZED, -np.sum(ONE_HOT * np.log(NORMALIZED), axis=1)),
        (
            losses.CategoricalCrossentropy(from_logits=True),
            ONE_HOT,
            np.log(P),
            -np.sum(ONE_HOT * np.log(NORMALIZED), axis=1),
        ),
        (
            losses.SparseCategoricalCrossentropy(),
            ONE_HOT.argmax(axis=1),
            NORMALIZED,
            -np.sum(ONE_HOT * np.log(NORMALIZED), axis=1),
        ),
        (
            losses.SparseCategoricalCrossentropy(from_logits=True),
            ONE_HOT.argmax(axis=1),
            np.log(P),
            -np.sum(ONE_HOT * np.log(NORMALIZED), axis=1),
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_values(loss, truth, prediction, rows, dtype):
    tolerance = 1e-5 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(loss.rows(truth, prediction.astype(dtype)), rows, rtol=tolerance)
    np.testing.assert_allclose(loss(truth, prediction.astype(dtype)), rows.mean(), rtol=tolerance)
    weight = np.arange(5.0)
    np.testing.assert_allclose(loss(truth, prediction.astype(dtype), weight), np.mean(rows * weight), rtol=tolerance)


def test_reductions_differ_in_what_they_divide_by():
    weight = [1.0, 3.0]
    assert losses.MeanSquaredError()([1.0, 1.0], [0.0, 2.0], weight) == 2.0
    assert losses.MeanSquaredError(reduction="mean_with_sample_weight")([1.0, 1.0], [0.0, 2.0], weight) == 1.0
    with pytest.raises(ValueError, match="received: reduction='mode'"):
        losses.MeanSquaredError(reduction="mode")


def test_every_name_makes_a_loss_of_a_kernel():
    for name in losses.NAMES:
        loss = losses.get(name)
        assert loss.kernel or loss.logits_kernel
        for kernel in (loss.kernel, loss.logits_kernel):
            assert not kernel or kernel in targets.LOSSES


def test_get():
    assert isinstance(losses.get("mse"), losses.MeanSquaredError)
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.Poisson), losses.Poisson)
    loss = losses.BinaryCrossentropy(from_logits=True)
    assert losses.get(loss) is loss
    copy = losses.get({"class_name": "BinaryCrossentropy", "config": loss.get_config()})
    assert copy.from_logits
    assert repr(copy) == repr(loss)
    with pytest.raises(ValueError, match=r"expected loss to be one of 'mean_squared_error'.*received: 'msee'"):
        losses.get("msee")
    with pytest.raises(TypeError, match="expected loss to be a name"):
        losses.get(3)


@pytest.mark.parametrize(
    ("name", "activation", "width", "kernel"),
    [
        ("mse", "linear", 3, "squared_error"),
        ("mse", "sigmoid", 3, "squared_error"),
        ("binary_crossentropy", "sigmoid", 1, "binary_crossentropy_from_logits"),
        ("binary_crossentropy", "softmax", 2, "binary_crossentropy"),
        ("categorical_crossentropy", "softmax", 2, "categorical_crossentropy_from_logits"),
        ("sparse_categorical_crossentropy", "softmax", 2, "sparse_categorical_crossentropy_from_logits"),
        ("poisson", "exponential", 1, "poisson"),
        ("poisson", "relu", 1, "poisson"),
        ("half_poisson_deviance", "exponential", 1, "poisson_from_log"),
    ],
)
def test_kernel_for_a_pair(name, activation, width, kernel):
    assert losses.get(name).setting(activation, width).kernel == kernel


def test_logits_need_a_linear_layer():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    assert loss.setting("linear", 2).kernel == "sparse_categorical_crossentropy_from_logits"
    with pytest.raises(ValueError, match=r"linear last layer where from_logits=True.*sensible pairs"):
        loss.setting("softmax", 2)


@pytest.mark.parametrize(
    ("name", "activation", "width", "text"),
    [
        ("binary_crossentropy", "relu", 1, "activation='relu', whose outputs lie in"),
        ("binary_crossentropy", "linear", 1, "outputs in"),
        ("binary_crossentropy", "tanh", 1, "outputs in"),
        ("binary_crossentropy", "softmax", 1, "at least 2 units"),
        ("mse", "softmax", 1, "at least 2 units"),
        ("categorical_crossentropy", "softmax", 1, "at least 2 outputs"),
        ("categorical_crossentropy", "sigmoid", 3, "a softmax last layer"),
        ("sparse_categorical_crossentropy", "sigmoid", 3, "a softmax last layer"),
        ("poisson", "linear", 1, "outputs in"),
        ("poisson", "tanh", 1, "outputs in"),
        ("half_poisson_deviance", "relu", 1, "exponential last layer"),
    ],
)
def test_unfit_pairs_name_the_sensible_ones(name, activation, width, text):
    assert activation in activations.NAMES
    with pytest.raises(ValueError, match=text + ".*sensible pairs: .*sigmoid"):
        losses.get(name).setting(activation, width)


@pytest.mark.parametrize(
    ("name", "y", "text"),
    [
        ("mse", [[1.0, 2.0]], r"as many rows as X, 2"),
        ("mse", [[1.0], [2.0]], r"expected y of shape \(rows, 2\).*to_categorical"),
        ("mse", [1, 0], r"to_categorical"),
        ("mse", [[1.0, 2.0], [3.0, np.nan]], r"y\[1, 1\]=nan"),
        ("poisson", [[1.0, 2.0], [-3.0, 0.0]], r">= 0, received: -3.0 in row 1, column 0"),
        ("binary_crossentropy", [[1.0, 2.0], [0.0, 0.0]], r"in \[0, 1\], received: 2.0 in row 0, column 1"),
        ("sparse_categorical_crossentropy", [0, 2], r"from 0 to 1 \(2 outputs\), received: y\[1\]=2"),
        ("sparse_categorical_crossentropy", [0, -1], r"y\[1\]=-1"),
        ("sparse_categorical_crossentropy", [0.0, 0.5], r"y\[1\]=0.5"),
        ("sparse_categorical_crossentropy", [0.0, np.nan], r"y\[1\]=nan"),
        ("sparse_categorical_crossentropy", [[1, 0], [0, 1]], r"one-hot rows are for categorical_crossentropy"),
        ("sparse_categorical_crossentropy", ["a", "b"], r"real numbers"),
    ],
)
def test_truth_that_does_not_fit(name, y, text):
    with pytest.raises((ValueError, TypeError), match=text):
        losses.get(name).truth(y, 2, 2, "float32")


def test_truth_as_the_engine_takes_it():
    labels = losses.get("sparse_categorical_crossentropy").truth([[1.0], [0.0]], 2, 2, "float32")
    assert labels.dtype == np.int32
    assert labels.shape == (2,)
    values = losses.get("mse").truth([1, 2], 2, 1, "float64")
    assert values.dtype == np.float64
    assert values.shape == (2, 1)


@pytest.mark.parametrize("y", [[0.0, 0.0, 1.0], [0.2, 0.3, 0.5]])
def test_label_smoothing_is_that_of_the_truth(y):
    y, f = np.array([y]), np.array([[0.2, 0.7, 0.1]])
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.3)(y, f)
    assert smooth == pytest.approx(losses.CategoricalCrossentropy()(0.7 * y + 0.1, f), rel=1e-14)
    smooth = losses.BinaryCrossentropy(label_smoothing=0.3)(y, f)
    assert smooth == pytest.approx(losses.BinaryCrossentropy()(0.7 * y + 0.15, f), rel=1e-14)


def test_sums():
    y, f, weight = [[1.0], [2.0]], [[2.0], [4.0]], [1.0, 3.0]
    assert losses.MeanSquaredError(reduction="sum")(y, f, weight) == 13.0
    assert losses.MeanSquaredError(reduction="mean_with_sample_weight")(y, f, weight) == 13.0 / 4
    assert losses.MeanSquaredError()(y, f, weight) == 13.0 / 2
    y, f = [[1, 0]], [[0.8, 0.1]]
    assert losses.MultilabelCrossentropy()(y, f) == pytest.approx(2 * losses.BinaryCrossentropy()(y, f), rel=1e-14)


def test_quantile_against_scikit_learn(rng):
    sklearn = pytest.importorskip("sklearn.metrics")
    y, f = rng.normal(size=(2, 30, 1))
    assert losses.Quantile(0.8)(y, f) == pytest.approx(sklearn.mean_pinball_loss(y, f, alpha=0.8), rel=1e-13)


@pytest.mark.parametrize("name", ["zero_one_loss", "ZeroOneLoss"])
def test_zero_one_loss_names_its_surrogates(name):
    with pytest.raises(ValueError, match=r"binary_crossentropy.*hinge"):
        losses.get(name)


def test_truth_of_hinge():
    losses.Hinge().truth([0, 1, 1], 3, 1, "float32")
    losses.Hinge().truth([-1, 1, 1], 3, 1, "float32")
    with pytest.raises(ValueError, match=r"-1 and 1, or 0 and 1, received: \[-1.0, 0.0, 1.0\]"):
        losses.Hinge().truth([0, 1, -1], 3, 1, "float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: losses.Huber(0.0),
        lambda: losses.Quantile(1.0),
        lambda: losses.BinaryCrossentropy(label_smoothing=1.5),
        lambda: losses.LogCosh(reduction="mode"),
    ],
)
def test_arguments_out_of_range(make):
    with pytest.raises(ValueError, match=r"expected `.*received: "):
        make()


def test_names_and_configs_of_all():
    for name, kind in losses.NAMES.items():
        loss = losses.get(name)
        assert type(loss) is kind
        assert repr(losses.get({"class_name": kind.__name__, "config": loss.get_config()})) == repr(loss)
    assert losses.KLDivergence().name == "kl_divergence"
    assert losses.Huber(0.3).get_config()["delta"] == 0.3


def test_evaluate_adds_up_a_sum():
    model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1, kernel_initializer="ones")])
    x, y, weight = [[1.0], [2.0], [3.0]], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]
    model.compile(fastnn.optimizers.SGD(0.0), losses.MeanSquaredError(reduction="sum"))
    assert model.evaluate(x, y, sample_weight=weight, verbose=0) == 18.0
    assert model.train_on_batch(x, y, sample_weight=weight) == 18.0
    assert model.gradients(x, y, weight)[0] == 18.0


def test_functions_mean_their_classes(tmp_path):
    """Each is a row's formula of NAMES, and compiles as its class, arguments in a partial too."""
    functions = {name: getattr(losses, name) for name in set(losses.NAMES) & set(vars(losses.by_row))}
    assert {losses.NAMES[name] for name in functions} == set(losses.NAMES.values())
    for name, function in functions.items():
        assert type(losses.get(function)) is losses.NAMES[name]
        truth = [0, 1] if "sparse" in name else [[0.0, 1.0], [1.0, 0.0]]
        outputs = np.array([[0.4, 0.6], [0.3, 0.7]])
        np.testing.assert_array_equal(function(truth, outputs), losses.get(name).rows(truth, outputs))
        if "crossentropy" in name:
            settings = {"from_logits": True, "label_smoothing": 0.3}
            rows = losses.NAMES[name](**settings).rows(truth, outputs)
            np.testing.assert_array_equal(function(truth, outputs, **settings), rows)
            assert not np.allclose(rows, function(truth, outputs, from_logits=True))
    assert losses.get(functools.partial(losses.huber, delta=2.0)).delta == 2.0
    np.testing.assert_allclose(losses.quantile([1.0, 1.0], [0.0, 3.0], q=0.9), [0.9, 0.2])
    np.testing.assert_array_equal(losses.mean_squared_error([1, 2], [1, 4]), [0.0, 4.0])
    with pytest.raises(ValueError, match="received: delta=-1"):
        losses.huber([1.0], [1.0], delta=-1)
    models = []
    for loss in (losses.mean_squared_error, "mse"):
        model = fastnn.Sequential([fastnn.layers.Dense(3)], seed=0)
        model.compile("sgd", loss, [losses.mean_absolute_error])
        model.fit(P, Y, verbose=0)
        models.append(model)
    np.testing.assert_array_equal(models[0].parameters, models[1].parameters)
    assert models[0].history.history["mean_absolute_error"][0] == pytest.approx(
        np.abs(Y - fastnn.Sequential([fastnn.layers.Dense(3)], seed=0).predict(P)).mean(), rel=1e-6
    )
    models[0].save(tmp_path / "model.safetensors")
    loaded = fastnn.load(tmp_path / "model.safetensors")
    assert loaded.evaluate(P, Y, verbose=0) == models[0].evaluate(P, Y, verbose=0)


def test_arrays_of_one_dimension():
    """One row where a loss is a sum over outputs, else one output a row."""
    outputs = [0.2, 0.5, 0.3]
    for function, truth in (
        (losses.categorical_crossentropy, [0.0, 1.0, 0.0]),
        (losses.kl_divergence, [0.1, 0.8, 0.1]),
        (losses.multilabel_crossentropy, [1.0, 1.0, 0.0]),
    ):
        np.testing.assert_array_equal(function(truth, outputs), function([truth], [outputs]))
    for label in (1, [1]):
        np.testing.assert_allclose(losses.sparse_categorical_crossentropy(label, outputs), [np.log(2.0)], rtol=1e-12)
    np.testing.assert_allclose(losses.binary_crossentropy([0.0, 1.0], [0.5, 0.25]), np.log([2.0, 4.0]), rtol=1e-12)
    with pytest.raises(ValueError, match=r"y_true to go with y_pred, received: \(2,\) and \(3,\)"):
        losses.sparse_categorical_crossentropy([1, 0], outputs)


def test_no_reduction_cannot_be_trained_with():
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(3)])
    for reduction in (None, "none"):
        with pytest.raises(ValueError, match=r"for training with a reduction of 'sum_over_batch_size'.*'none'"):
            model.compile("sgd", losses.MeanSquaredError(reduction=reduction))
    assert not model.compiled
    config = losses.MeanSquaredError(reduction=None).get_config()
    np.testing.assert_array_equal(losses.MeanSquaredError.from_config(config)([1.0], [3.0]), [4.0])
