"""Python functions as parts of a model: loss, metric, learning rate, initializer, augmentation."""

import functools
import re
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, optimizers
from fastnn.testing.gradcheck import check_gradients

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(90, 5))
Y = np.stack([X.sum(axis=1), X[:, 0] * X[:, 1]], axis=1)


def squared(y_true, y_pred):
    error = y_pred - y_true
    return (error**2).mean(axis=1), 2 * error / error.shape[1]


def likelihood(y_true, y_pred):
    """Of a normal distribution with the mean and the logarithm of the deviation as outputs."""
    error, scale = y_true[:, 0] - y_pred[:, 0], np.exp(-y_pred[:, 1])
    values = 0.5 * (error * scale) ** 2 + y_pred[:, 1]
    return values, np.stack([-error * scale**2, 1 - (error * scale) ** 2], axis=1)


def of_labels(y_true, y_pred):
    one_hot = np.eye(y_pred.shape[1])[y_true[:, 0].astype(int)]
    return -np.log((y_pred * one_hot).sum(axis=1)), -one_hot / y_pred


def every_kind(loss, dtype="float64", metrics=("mae",), optimizer="adam", dropped=0.3):
    model = fastnn.Sequential(
        [
            layers.GaussianNoise(0.1),
            layers.Dense(8, "tanh", kernel_regularizer="l2", activity_regularizer="l1"),
            layers.Dropout(dropped),
            layers.BatchNormalization(),
            layers.Residual([layers.Dense(8), layers.PReLU(), layers.Dropout(dropped)]),
            layers.DropConnect(8, dropped, activation="relu", bias_constraint="non_neg"),
            layers.LayerNormalization(),
            layers.Dense(2),
        ],
        dtype=dtype,
        seed=1,
    )
    model.compile(optimizer, loss, metrics)
    return model


def smooth(loss, width=2, last="linear"):
    model = fastnn.Sequential(
        [layers.Dense(6, "tanh", kernel_regularizer="l2"), layers.Dropout(0.3), layers.Dense(width, last)],
        dtype="float64",
        seed=2,
    )
    model.compile("adam", loss)
    return model


# ---- a loss: the same numbers as the engine's own ----------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", losses.REDUCTIONS)
@pytest.mark.parametrize("shuffle", [True, "replacement"])
def test_training_gives_the_numbers_of_the_kernel(dtype, reduction, shuffle):
    """Through every noise: the function sees the outputs of just the step that is taken."""
    models = []
    for loss in (losses.MeanSquaredError(reduction), losses.FunctionLoss(squared, reduction)):
        model = every_kind(loss, dtype, optimizer=optimizers.SGD(0.01 if reduction != "sum" else 1e-4, momentum=0.9))
        weight = np.linspace(0.1, 2, len(X))
        held_out = X[:20], Y[:20], weight[:20]
        fit = {"batch_size": 32, "epochs": 3, "verbose": 0, "shuffle": shuffle, "sample_weight": weight}
        model.fit(X, Y, validation_data=held_out, **fit)
        models.append(model)
    kernel, function = models
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(function.parameters, kernel.parameters, rtol=tolerance, atol=tolerance)
    assert list(function.history.history) == ["loss", "mae", "val_loss", "val_mae"]
    for name, values in kernel.history.history.items():
        np.testing.assert_allclose(function.history.history[name], values, rtol=tolerance)
    assert function.iterations == kernel.iterations == 9


@pytest.mark.parametrize("reduction", losses.REDUCTIONS)
def test_a_batch_that_weighs_nothing_has_no_loss(reduction):
    models = []
    weight = np.linspace(0.1, 2, len(X))
    weight[32:64] = 0
    for loss in (losses.MeanSquaredError(reduction), losses.FunctionLoss(squared, reduction)):
        model = smooth(loss)
        model.optimizer.learning_rate = 1e-4
        model.fit(X, Y, batch_size=32, epochs=2, verbose=0, shuffle=False, sample_weight=weight)
        models.append(model)
    np.testing.assert_allclose(models[1].parameters, models[0].parameters, rtol=1e-12)
    np.testing.assert_allclose(models[1].history.history["loss"], models[0].history.history["loss"], rtol=1e-12)


def test_large_batches_and_compressed_rows():
    sparse = pytest.importorskip("scipy.sparse")
    dense = GENERATOR.normal(size=(1500, 7)) * (GENERATOR.random((1500, 7)) < 0.3)
    y = np.stack([dense.sum(axis=1), dense[:, 0]], axis=1)
    for x in (dense, sparse.csr_matrix(dense)):
        models = []
        for loss in ("mse", squared):
            model = smooth(loss)
            model.fit(x, y, batch_size=1100, epochs=2, verbose=0, shuffle="replacement")
            models.append(model)
            model.history.history["end"] = model.evaluate(x, y, verbose=0)
        np.testing.assert_allclose(models[1].parameters, models[0].parameters, rtol=1e-12)
        np.testing.assert_allclose(models[1].history.history["end"], models[0].history.history["end"], rtol=1e-12)


def test_single_calls_give_the_numbers_of_the_kernel():
    kernel, function = (every_kind(loss) for loss in ("mse", squared))
    weight = np.linspace(0, 1, len(X))
    for _ in range(2):
        for model in (kernel, function):
            model.scores = model.train_on_batch(X, Y, weight)
        np.testing.assert_allclose(function.scores, kernel.scores, rtol=1e-12)
    np.testing.assert_allclose(function.parameters, kernel.parameters, rtol=1e-12)
    for training in (False, True):
        ours, theirs = (model.gradients(X, Y, weight, inputs=True, training=training) for model in (function, kernel))
        assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
        for one, other in zip([*ours[1], ours[2]], [*theirs[1], theirs[2]], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-14)
    assert function.evaluate(X, Y, sample_weight=weight, verbose=0) == pytest.approx(
        kernel.evaluate(X, Y, sample_weight=weight, verbose=0), rel=1e-12
    )


def test_beside_augmentation_class_weights_and_a_checkpoint(tmp_path):
    labels = np.arange(len(X)) % 3
    models = []
    for loss in ("sparse_categorical_crossentropy", of_labels):
        path = tmp_path / "fit.safetensors"
        fit = {"batch_size": 32, "verbose": 0, "augment": fastnn.augmentation.Noise(0.3), "class_weight": {1: 3.0}}
        begun = smooth(loss, 3, "softmax")
        begun.fit(X, labels, epochs=1, callbacks=[fastnn.callbacks.ModelCheckpoint(path)], **fit)
        model = smooth(loss, 3, "softmax")
        model.fit(X, labels, epochs=3, resume=path, **fit)
        models.append(model)
    np.testing.assert_allclose(models[1].parameters, models[0].parameters, rtol=1e-9, atol=1e-12)
    assert models[1].history.history["loss"] == pytest.approx(models[0].history.history["loss"], rel=1e-12)


# ---- a loss: gradients -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("loss", "truth", "last"), [(likelihood, Y[:, 0], "linear"), (of_labels, X[:, 0] > 0, "softmax")]
)
def test_gradients_agree_with_differences(loss, truth, last, training):
    model = smooth(loss, last=last)
    weight = np.linspace(0.5, 2, len(X))
    assert check_gradients(model, X, truth, weight, training=training).max_relative_error < 1e-6
    wrong = smooth(lambda y, f: (loss(y, f)[0], 1.01 * loss(y, f)[1]), last=last)
    assert check_gradients(wrong, X, truth, weight, training=training).max_relative_error > 1e-3


def test_a_likelihood_is_learnt():
    """y has one column, the network two outputs: mean and deviation of noise that grows with x."""
    x = GENERATOR.uniform(0, 1, (2000, 1))
    y = x[:, 0] + (0.1 + 0.4 * x[:, 0]) * GENERATOR.normal(size=2000)
    model = fastnn.Sequential([layers.Dense(16, "tanh"), layers.Dense(2)], seed=0)
    model.compile(optimizers.Adam(0.02), likelihood)
    model.fit(x, y, batch_size=100, epochs=20, verbose=0)
    made = model.predict(np.array([[0.1], [0.9]]))
    np.testing.assert_allclose(made[:, 0], [0.1, 0.9], atol=0.1)
    np.testing.assert_allclose(np.exp(made[:, 1]), [0.14, 0.46], rtol=0.2)


def test_the_tools_before_training():
    model = fastnn.Sequential([layers.Dense(8, "tanh"), layers.Dense(2)], seed=0)
    model.compile("adam", likelihood)
    report = fastnn.check_setup(model, X, Y[:, 0])
    assert report.ok
    assert report["gradient"].status == "passed"
    assert report["overfitting"].status == "skipped"
    found = fastnn.find_learning_rate(model, X, Y[:, 0], [1e-3, 1e-2])
    assert found.losses.min() < found.start


# ---- a loss: what it is given, what it may return ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_a_function_is_given(dtype):
    seen = []

    def curious(y_true, y_pred):
        seen.extend((array.shape, array.dtype.name, array.flags.writeable) for array in (y_true, y_pred))
        return squared(y_true, y_pred)

    model = fastnn.Sequential([layers.Dense(1)], dtype=dtype)
    model.compile("sgd", curious)
    model.fit(X, np.arange(90), batch_size=60, verbose=0)
    assert seen == [((rows, 1), dtype, False) for rows in (60, 60, 30, 30)]


@pytest.mark.parametrize(
    ("returned", "error", "text"),
    [
        (
            lambda y, f: squared(y, f)[0],
            TypeError,
            r"pair \(values, gradient\) of shapes \(90,\) and \(90, 2\).*ndarray",
        ),
        (lambda y, f: (*squared(y, f), 0.0), TypeError, r"pair \(values, gradient\).*tuple"),
        (lambda y, f: np.stack([f, f]), TypeError, r"pair \(values, gradient\).*ndarray"),
        (lambda y, f: (np.mean((f - y) ** 2), f - y), ValueError, r"received: shapes \(\) and \(90, 2\)"),
        (lambda y, f: ((f - y) ** 2, f - y), ValueError, r"received: shapes \(90, 2\) and \(90, 2\)"),
        (lambda y, f: (squared(y, f)[0], (f - y).T), ValueError, r"received: shapes \(90,\) and \(2, 90\)"),
        (lambda y, f: (squared(y, f)[0], 1j * f), TypeError, "received: dtypes float64 and complex128"),
        (lambda y, f: (np.full(90, np.nan), f - y), ValueError, "return finite numbers, received: value nan and"),
        (lambda y, f: (np.zeros(90), f / 0.0), ValueError, "return finite numbers, received: value 0.0 and gradient"),
        (lambda y, f: f.__imul__(2), ValueError, "read-only"),
        (lambda y, f: 1 / 0, ZeroDivisionError, "division"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_wrong_functions_leave_the_model_as_it_was(returned, error, text):
    model = every_kind(returned)
    model.build((5,))
    before = model.parameters.copy()
    for call in (model.fit, model.train_on_batch, model.gradients, functools.partial(model.gradients, training=True)):
        options = {"batch_size": 90, "verbose": 0} if call == model.fit else {}
        with pytest.raises(error, match=text):
            call(X, Y, **options)
    with pytest.raises(error, match=text):
        model.evaluate(X, Y)
    np.testing.assert_array_equal(model.parameters, before)
    assert model.iterations == 0


def test_outputs_that_are_not_finite_are_reported_as_by_other_losses():
    model = fastnn.Sequential([layers.Dense(2)], seed=0)
    model.compile(optimizers.SGD(1e30), squared)
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="training diverges"):
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[fastnn.callbacks.TerminateOnNaN()])
    assert model.stop_training


def test_declaration():
    loss = losses.get(squared)
    assert loss.name == "squared"
    assert losses.FunctionLoss(functools.partial(squared)).name == "squared"
    assert (
        repr(losses.FunctionLoss(squared, "sum", "mine"))
        == "FunctionLoss(function=squared, reduction='sum', name='mine')"
    )
    assert loss(Y, Y + 1.0) == 1.0
    np.testing.assert_allclose(loss.rows(Y[:, 0], Y[:, 0] + 2, np.arange(90)), 4.0 * np.arange(90))
    with pytest.raises(TypeError, match=r"function of \(y_true, y_pred\), received: 'mse'"):
        losses.FunctionLoss("mse")
    with pytest.raises(
        ValueError, match=r"expected y of shape \(rows,\) or \(rows, columns\), received: shape=\(90, 2, 1\)"
    ):
        every_kind(squared).fit(X, Y[:, :, None], verbose=0)
    with pytest.raises(ValueError, match="softmax layer of at least 2 units"):
        smooth(squared, 1, "softmax").fit(X, Y[:, 0], verbose=0)


def test_estimators_take_no_function():
    given = [(fastnn.MLPRegressor, squared), (fastnn.MLPRegressor, losses.FunctionLoss(squared))]
    given += [(fastnn.MLPClassifier, squared), (fastnn.MLPClassifier, losses.FunctionLoss(squared))]
    for kind, loss in given:
        estimator = kind(hidden_layer_sizes=(4,), loss=loss)
        with pytest.raises((TypeError, ValueError), match="squared"):
            estimator.fit(X, X[:, 0] > 0)
        assert not hasattr(estimator, "coefs_")


# ---- in files ----------------------------------------------------------------------------------------------------


def test_a_file_names_the_function(tmp_path):
    path = tmp_path / "model.safetensors"
    model = every_kind(losses.FunctionLoss(squared, "sum"))
    model.fit(X, Y, verbose=0)
    model.save(path, include_optimizer=True)
    with pytest.raises(ValueError, match=r"custom_objects to have 'squared', the loss.function of this model"):
        fastnn.load(path)
    loaded = fastnn.load(path, custom_objects={"squared": squared})
    assert loaded.loss.function is squared
    assert loaded.loss.reduction == "sum"
    for one in (model, loaded):
        one.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(loaded.parameters, model.parameters)


# ---- the document --------------------------------------------------------------------------------------------------


def test_the_document_runs_as_shown():
    text = (Path(__file__).resolve().parents[1] / "docs" / "functions.md").read_text(encoding="utf-8")
    names = {}
    for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        exec(block, names)
    logs = names["history"].history
    assert logs["loss"][-1] < 0.2 * logs["loss"][0]
    assert logs["largest_error"][-1] < logs["largest_error"][0]


# ---- the other parts -----------------------------------------------------------------------------------------------


def largest_error(y_true, y_pred):
    return np.abs(y_true - y_pred).max()


def squared_rows(y_true, y_pred):
    return ((y_true - y_pred) ** 2).mean(axis=1)


def test_a_metric_returns_a_number_or_one_a_row():
    model = smooth("mse")
    model.compile("adam", "mse", [largest_error, squared_rows, "mse"])
    model.fit(X, Y, epochs=2, verbose=0)
    assert list(model.history.history) == ["loss", "largest_error", "squared_rows", "mse"]
    made = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert made["squared_rows"] == pytest.approx(made["mse"], rel=1e-12)
    assert made["largest_error"] == np.abs(Y - model.predict(X)).max()


@pytest.mark.parametrize("returned", [squared, lambda y, f: f - y, lambda y, f: None, lambda y, f: "good"])
def test_wrong_metrics(returned):
    model = smooth("mse")
    model.compile("adam", "mse", [returned])
    with pytest.raises(TypeError, match=rf"expected the metric '{returned.__name__}' to return a number, or one a row"):
        model.evaluate(X, Y, verbose=0)


def test_all_parts_by_hand():
    """Two steps of a linear unit: rates, first weights, batches and loss by functions."""

    def rate(step):
        return 0.1 / (step + 1)

    def ramp(shape):
        return np.arange(np.prod(shape)).reshape(shape)

    def mirrored(x, generator):
        return -x

    model = fastnn.Sequential([layers.Dense(2, use_bias=False, kernel_initializer=ramp)], dtype="float64")
    model.compile(optimizers.SGD(rate), squared)
    model.fit(X, Y, epochs=2, batch_size=90, augment=mirrored, verbose=0)
    kernel = np.arange(10.0).reshape(5, 2)
    for step in range(2):
        kernel -= rate(step) * -X.T @ (-X @ kernel - Y) / 90
    np.testing.assert_allclose(model.layers[0].kernel, kernel, rtol=1e-10)
