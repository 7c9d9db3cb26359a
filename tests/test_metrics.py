import json
import re

import numpy as np
import pytest

import fastnn
from fastnn import losses, metrics


def test_accuracy_resolves_by_the_shapes():
    assert metrics.accuracy([[1.0], [0.0]], [[0.6], [0.7]]) == 0.5
    assert metrics.accuracy([2, 0], [[0, 0, 1], [0, 1, 0]]) == 0.5
    assert metrics.accuracy([[0, 1], [1, 0]], [[0.4, 0.6], [0.4, 0.6]]) == 0.5


def test_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    y, f = generator.normal(size=(2, 20, 3))
    assert metrics.mean_squared_error(y, f) == pytest.approx(sklearn.mean_squared_error(y, f))
    assert metrics.mean_absolute_error(y, f) == pytest.approx(sklearn.mean_absolute_error(y, f))
    assert metrics.r2_score(y, f) == pytest.approx(sklearn.r2_score(y, f))
    constant = np.zeros((20, 1))
    assert metrics.r2_score(constant, constant) == sklearn.r2_score(constant, constant) == 1.0


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"received: \(2, 1\) and \(2, 2\)"):
        metrics.mean_squared_error([1, 2], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "function",
    [
        *sorted(set(metrics.NAMES.values()), key=lambda function: function.__name__),
        *(kind() for kind in metrics.CLASSES.values()),
        *(kind() for kind in sorted(set(losses.NAMES.values()), key=lambda kind: kind.__name__)),
        losses.FunctionLoss(lambda y, f: ((f - y).sum(axis=1), np.ones_like(f))),
        losses.mean_squared_error,
        losses.kl_divergence,
        losses.Huber(reduction="none"),
    ],
    ids=lambda function: getattr(function, "__name__", type(function).__name__),
)
@pytest.mark.parametrize("shape", [(0,), (0, 1), (0, 3), (2, 0)], ids=str)
def test_nothing_is_judged_of_no_rows(function, shape):
    with pytest.raises(
        ValueError, match=rf"to have at least one row and one \w+, received: shape={re.escape(str(shape))}"
    ):
        function(np.zeros(shape), np.zeros(shape))
    with pytest.raises(ValueError, match="at least one row"):
        function([], [])


def test_get():
    assert metrics.get("acc").name == "acc"
    assert metrics.get("mae").function is metrics.mean_absolute_error
    assert metrics.get(losses.Huber(2.0)).name == "huber"

    def bias(y_true, y_pred):
        return np.mean(y_pred - y_true)

    assert metrics.get(bias).name == "bias"
    assert metrics.get(bias).function is bias
    with pytest.raises(ValueError, match=r"expected metric to be one of .*received: 'f2'"):
        metrics.get("f2")
    with pytest.raises(TypeError, match="received: 3"):
        metrics.get(3)


@pytest.mark.parametrize("name", ["mse", "accuracy", "huber", "kld", losses.Quantile(0.2)], ids=str)
def test_the_config_of_a_function_makes_the_same_metric(name):
    metric = metrics.get(name)
    twin = type(metric).from_config(json.loads(json.dumps(metric.get_config())))
    assert (twin.name, twin.get_config()) == (metric.name, metric.get_config())
    assert twin.function is metric.function or twin.function.get_config() == metric.function.get_config()
    y, f = np.array([[1.0, 0.0]]), np.array([[0.25, 0.75]])
    assert twin(y, f) == metric(y, f)


def test_the_config_of_a_function_of_yours_needs_it_back():
    def bias(y_true, y_pred):
        return np.mean(y_pred - y_true)

    metric = metrics.get(bias)
    with pytest.raises(ValueError, match=r"expected metric to be one of .*received: 'bias'"):
        metrics.FunctionMetric.from_config(metric.get_config())
    twin = metrics.FunctionMetric.from_config({**metric.get_config(), "function": bias})
    assert (twin.function, twin.name) == (bias, "bias")
    assert metrics.FunctionMetric("R2Score")([1.0, 2.0], [1.0, 2.0]) == 1.0


def test_direction():
    assert metrics.larger_is_better("val_accuracy")
    assert metrics.larger_is_better("sparse_categorical_accuracy")
    assert metrics.larger_is_better("r2_score")
    assert not metrics.larger_is_better("val_loss")
    assert not metrics.larger_is_better("mae")


def test_direction_of_compiled_functions():
    """Names of metrics, names of losses, and fastnn's own functions by another name are known; others are not."""
    named = [metrics.get(name) for name in ("f1", "rmse", "huber")]
    assert [metrics.larger_is_better(metric.name, named) for metric in named] == [True, False, False]
    renamed = [metrics.FunctionMetric(metrics.root_mean_squared_error, "distance")]
    assert not metrics.larger_is_better("val_distance", renamed)
    with pytest.raises(ValueError, match=r"mode='min' or mode='max' for the metric 'distance'"):
        metrics.larger_is_better("val_distance", [metrics.FunctionMetric(lambda y, f: 0.0, "distance")])


def test_ranks_and_counts_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(1)
    y, f = generator.integers(0, 2, 200), generator.integers(0, 20, 200) / 20  # with ties
    assert metrics.auc(y, f) == pytest.approx(sklearn.roc_auc_score(y, f), rel=1e-14)
    assert np.isnan(metrics.auc(np.ones(3), [0.1, 0.2, 0.3]))
    predicted = f > 0.5
    assert metrics.precision(y, f) == sklearn.precision_score(y, predicted)
    assert metrics.recall(y, f) == sklearn.recall_score(y, predicted)
    assert metrics.zero_one_loss(y, f) == pytest.approx(sklearn.zero_one_loss(y, predicted), rel=1e-14)
    labels, scores = generator.integers(0, 7, 50), generator.normal(size=(50, 7))
    expected = sklearn.top_k_accuracy_score(labels, scores, k=3)
    assert metrics.sparse_top_k_categorical_accuracy(labels, scores, k=3) == expected
    assert metrics.top_k_categorical_accuracy(np.eye(7)[labels], scores, k=3) == expected


def test_losses_are_metrics():
    y, f = np.array([[1.0], [0.0]]), np.array([[0.8], [0.1]])
    for name in ("huber", "binary_crossentropy", "hinge", "log_cosh"):
        assert metrics.get(name).function(y, f) == losses.get(name)(y, f)


# ---- classes with arguments ------------------------------------------------------------------------------------------

BINARY = np.random.default_rng(2).integers(0, 2, 300)
SCORES = np.clip(0.3 * BINARY + np.random.default_rng(3).integers(0, 15, 300) / 20, 0, 1)  # with ties
CLASS = np.random.default_rng(4).choice(4, 300, p=[0.5, 0.3, 0.15, 0.05])
OUTPUTS = np.random.default_rng(5).dirichlet([0.5] * 4, 300) * 0.7 + 0.3 * np.eye(4)[CLASS]
ONE_HOT = np.eye(4)[CLASS]


@pytest.mark.parametrize("threshold", [0.5, 0.31, 0.72])
def test_thresholds_against_scikit_learn(threshold):
    sklearn = pytest.importorskip("sklearn.metrics")
    predicted = threshold < SCORES
    found = {
        "accuracy_score": metrics.BinaryAccuracy(threshold=threshold),
        "precision_score": metrics.Precision(thresholds=threshold),
        "recall_score": metrics.Recall(thresholds=threshold),
        "f1_score": metrics.F1Score(threshold=threshold),
    }
    for name, metric in found.items():
        expected = getattr(sklearn, name)(BINARY, predicted)
        assert metric(BINARY, SCORES) == pytest.approx(expected, rel=1e-14)
        assert metric(BINARY[:, None], SCORES[:, None].astype(np.float32)) == pytest.approx(expected, rel=1e-14)
        if threshold == 0.5:
            assert type(metric)()(BINARY, SCORES) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("threshold", [0.3, 0.1, 0.7, 1e300])
def test_thresholds_are_of_the_type_of_the_outputs(threshold, dtype):
    with np.errstate(over="ignore"):
        outputs = np.array([[threshold]]).astype(dtype)
    above = np.nextafter(outputs, dtype(np.inf))
    several = [[0.0, 1.0]], np.hstack([outputs, outputs])
    assert metrics.BinaryAccuracy(threshold=threshold)([[0]], outputs) == 1.0
    assert metrics.binary_accuracy([[0]], outputs, threshold) == 1.0
    for metric in (metrics.Precision(threshold), metrics.Recall(threshold), metrics.F1Score(threshold=threshold)):
        assert metric([[1]], outputs) == metric(*several) == 0.0
        assert metric([[1]], above) == float(np.isfinite(outputs).item())
    for function in (metrics.precision, metrics.recall, metrics.f1_score):
        assert function([[1]], outputs, threshold) == 0.0


@pytest.mark.parametrize("truth", [CLASS, ONE_HOT])
def test_many_classes_against_scikit_learn(truth):
    sklearn = pytest.importorskip("sklearn.metrics")
    predicted = OUTPUTS.argmax(axis=1)
    for average in ("macro", "micro", "weighted"):
        expected = sklearn.f1_score(CLASS, predicted, average=average)
        assert metrics.F1Score(average)(truth, OUTPUTS) == pytest.approx(expected, rel=1e-14)
        several = sklearn.f1_score(ONE_HOT, OUTPUTS > 0.4, average=average, zero_division=0)
        assert metrics.F1Score(average, threshold=0.4)(truth, OUTPUTS) == pytest.approx(several, rel=1e-14)
    assert metrics.Accuracy()(truth, OUTPUTS) == sklearn.accuracy_score(CLASS, predicted)
    top = metrics.SparseTopKCategoricalAccuracy if truth.ndim == 1 else metrics.TopKCategoricalAccuracy
    for k in (1, 2, 3):
        assert top(k=k)(truth, OUTPUTS) == sklearn.top_k_accuracy_score(CLASS, OUTPUTS, k=k)
    for class_id in range(4):
        one = truth == class_id if truth.ndim == 1 else truth[:, class_id]
        chosen = OUTPUTS[:, class_id] > 0.6
        precision, recall = metrics.Precision(0.6, class_id), metrics.Recall(0.6, class_id)
        assert precision(truth, OUTPUTS) == pytest.approx(sklearn.precision_score(one, chosen), rel=1e-14)
        assert recall(truth, OUTPUTS) == pytest.approx(sklearn.recall_score(one, chosen), rel=1e-14)
    for curve, name in (("ROC", "roc_auc_score"), ("PR", "average_precision_score")):
        score = getattr(sklearn, name)
        for multi_label, average in ((False, "micro"), (True, "macro")):
            expected = score(ONE_HOT, OUTPUTS, average=average)
            assert metrics.AUC(curve, multi_label)(truth, OUTPUTS) == pytest.approx(expected, rel=1e-13)


def test_areas_with_ties_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    assert metrics.AUC()(BINARY, SCORES) == pytest.approx(sklearn.roc_auc_score(BINARY, SCORES), rel=1e-14)
    expected = sklearn.average_precision_score(BINARY, SCORES)
    assert metrics.AUC("PR")(BINARY, SCORES) == metrics.average_precision(BINARY, SCORES)
    assert metrics.average_precision(BINARY, SCORES) == pytest.approx(expected, rel=1e-14)
    assert np.isnan(metrics.AUC("PR")(np.zeros(3), [0.1, 0.2, 0.3]))
    assert metrics.F1Score()(np.zeros(3), np.zeros(3)) == metrics.Precision()(np.ones(3), np.zeros(3)) == 0.0


def test_values_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    y, f = np.random.default_rng(6).normal(size=(2, 40, 3)) * [1.0, 5.0, 0.1]
    y[:, 2] = 2.0
    for ours, theirs in (("uniform_average", "uniform_average"), ("variance_weighted_average", "variance_weighted")):
        expected = sklearn.r2_score(y, f, multioutput=theirs)
        assert metrics.R2Score(class_aggregation=ours)(y, f) == pytest.approx(expected, rel=1e-13)
    assert metrics.MeanSquaredError()(y, f) == pytest.approx(sklearn.mean_squared_error(y, f), rel=1e-14)
    assert metrics.MeanAbsoluteError()(y, f) == pytest.approx(sklearn.mean_absolute_error(y, f), rel=1e-14)
    assert metrics.RootMeanSquaredError()(y, f) == pytest.approx(sklearn.mean_squared_error(y, f) ** 0.5, rel=1e-14)


@pytest.mark.parametrize("kind", metrics.CLASSES.values())
def test_every_class_is_its_arguments(kind):
    metric = kind(name="mine")
    again = metrics.get({"class_name": kind.__name__, "config": metric.get_config()})
    assert repr(again) == repr(metric)
    assert again.name == "mine"
    assert isinstance(metrics.get(kind), kind)
    assert isinstance(metrics.get(kind.__name__), (kind, metrics.FunctionMetric))
    by_name = metrics.get(kind().name)
    y, f = (ONE_HOT, OUTPUTS) if "Sparse" not in kind.__name__ else (CLASS, OUTPUTS)
    if kind is not metrics.F1Score:  # the function takes all outputs together
        assert by_name(y, f) == kind()(y, f)
    assert metrics.larger_is_better(kind().name) == kind.larger_is_better
    assert metrics.larger_is_better("val_mine", [metric]) == kind.larger_is_better


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: metrics.BinaryAccuracy(threshold="half"), "`threshold` to be a number, received: threshold='half'"),
        (lambda: metrics.TopKCategoricalAccuracy(0), "received: k=0"),
        (lambda: metrics.SparseTopKCategoricalAccuracy(2.5), "received: k=2.5"),
        (lambda: metrics.F1Score(None), "one of 'macro', 'micro', 'weighted', received: average=None"),
        (lambda: metrics.AUC("PRC"), "one of 'ROC', 'PR', received: curve='PRC'"),
        (lambda: metrics.R2Score("mean"), "received: class_aggregation='mean'"),
        (lambda: metrics.Precision(class_id=-1), "received: class_id=-1"),
        (lambda: metrics.Recall(class_id=4)(CLASS, OUTPUTS), "less than the 4 outputs, received: class_id=4"),
        (lambda: metrics.Accuracy(name=""), "received: name=''"),
    ],
)
def test_wrong_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_the_name_of_a_class_is_its_key_in_logs():
    """As in Keras, so that callbacks find it under the name that compile was given."""
    given = ["BinaryAccuracy", "Precision", "AUC", "mae", metrics.Recall, metrics.R2Score(name="mine")]
    model = fastnn.Sequential([fastnn.layers.Dense(1, "sigmoid")], seed=0)
    model.compile("sgd", "binary_crossentropy", given)
    x, y = np.linspace(-1, 1, 20).reshape(-1, 1), np.arange(20) % 2
    stop = fastnn.callbacks.EarlyStopping("val_Precision", min_delta=9.0)
    history = model.fit(x, y, epochs=5, validation_data=(x, y), callbacks=[stop], verbose=0)
    assert list(history.history)[:7] == ["loss", "BinaryAccuracy", "Precision", "AUC", "mae", "recall", "mine"]
    assert stop.larger_is_better
    assert stop.stopped_epoch == 1


def test_in_a_model_and_in_its_file(tmp_path):
    given = [
        metrics.BinaryAccuracy("high", 0.7),
        metrics.BinaryAccuracy("low", 0.3),
        metrics.AUC("PR", name="pr"),
        losses.Hinge(),
        "f1",
    ]
    x = np.stack([SCORES, SCORES**2], axis=1)
    model = fastnn.Sequential([fastnn.layers.Dense(4, "tanh"), fastnn.layers.Dense(1, "sigmoid")], seed=0)
    model.compile("adam", "binary_crossentropy", given)
    best = fastnn.callbacks.EarlyStopping("val_pr", patience=50, restore_best_weights=True)
    history = model.fit(x, BINARY, epochs=20, verbose=0, validation_split=0.3, callbacks=[best]).history
    assert list(history)[:6] == ["loss", "high", "low", "pr", "hinge", "f1"]
    assert best.best == max(history["val_pr"])
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = fastnn.load(path)
    assert repr(loaded.training.metrics) == repr(model.training.metrics)
    assert loaded.evaluate(x, BINARY, verbose=0) == model.evaluate(x, BINARY, verbose=0)
    for twice in (["auc", metrics.AUC()], [metrics.Recall(), metrics.Recall(0.7)], [metrics.AUC(name="loss")]):
        with pytest.raises(ValueError, match="metrics of different names, none of them 'loss', received: '"):
            model.compile("adam", "binary_crossentropy", twice)


@pytest.mark.parametrize(
    ("metric", "truth", "why"),
    [
        ("auc", "indices", "to_categorical"),
        ("precision", "indices", "to_categorical"),
        ("top_k_categorical_accuracy", "indices", "to_categorical"),
        ("rmse", "indices", "to_categorical"),
        ("sparse_categorical_accuracy", "one-hot", "one-hot rows are for"),
        ("sparse_top_k_categorical_accuracy", "one-hot", "one-hot rows are for"),
        ("huber", "indices", "received"),
    ],
)
def test_a_metric_that_does_not_fit_raises_before_the_first_step(metric, truth, why):
    x, classes = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    y = classes if truth == "indices" else np.eye(3)[classes]
    model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(3, "softmax")], seed=0)
    loss = "sparse_categorical_crossentropy" if truth == "indices" else "categorical_crossentropy"
    model.compile("adam", loss, metrics=[metric])
    before = model.get_weights()
    for run in (lambda: model.fit(x, y, verbose=0), lambda: model.train_on_batch(x, y), lambda: model.evaluate(x, y)):
        with pytest.raises(ValueError, match=f"(?s)the metric '{metric}' does not fit .*{why}"):
            run()
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True))
    assert model.training.iterations == 0


def test_metrics_as_functions_refuse_what_cannot_be_compared():
    metrics = fastnn.metrics
    for call in (
        lambda: metrics.accuracy([1, 0, 1], [[0.1, 0.9]]),
        lambda: metrics.sparse_categorical_accuracy([1, 0, 1], [[0.1, 0.9]]),
        lambda: metrics.sparse_categorical_accuracy([7], [[0.1, 0.9]]),
        lambda: metrics.sparse_categorical_accuracy([0.5], [[0.1, 0.9]]),
        lambda: metrics.r2_score([1.0, 2.0], [1.0, 2.0], class_aggregation="typo"),
        lambda: metrics.top_k_categorical_accuracy([[0, 1]], [[0.1, 0.9]], k=0),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()
    for call in (lambda: metrics.auc(None, [0.5]), lambda: metrics.mean_squared_error([1 + 2j], [1.0])):
        with pytest.raises(TypeError, match="expected y_true to be an array of real numbers"):
            call()
    assert np.isnan(metrics.auc([0, 1], [np.nan, 0.5]))
    assert np.isnan(metrics.average_precision([0, 1], [np.nan, 0.5]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("loss", "units"),
    [
        ("BinaryCrossentropy", 1),
        ("MultilabelCrossentropy", 3),
        ("CategoricalCrossentropy", 3),
        ("SparseCategoricalCrossentropy", 3),
    ],
)
def test_metrics_see_the_logits_that_the_model_puts_out(loss, units, dtype):
    X = np.random.default_rng(0).normal(size=(100, 4))
    labels = (X[:, 0] > 0.3).astype(int)
    y = labels if units == 1 or loss.startswith("Sparse") else np.eye(units)[labels]
    seen = []
    model = fastnn.Sequential([fastnn.layers.Dense(8, "tanh"), fastnn.layers.Dense(units)], seed=0, dtype=dtype)
    kept = metrics.FunctionMetric(lambda y_true, y_pred: seen.append(y_pred.copy()) or 0.0, "kept")
    model.compile(fastnn.optimizers.SGD(0.0), getattr(losses, loss)(from_logits=True), [kept])
    model.train_on_batch(X, y)
    model.fit(X, y, batch_size=32, shuffle=False, validation_data=(X, y), verbose=0)
    model.evaluate(X, y, verbose=0)
    assert len(seen) == 4
    for outputs in seen:
        np.testing.assert_allclose(outputs, model.predict(X), rtol=1e-5, atol=1e-6)


def test_binary_accuracy_of_logits_has_its_threshold_at_0():
    X = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    y = X[:, 0] > 0.3
    model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    loss = losses.BinaryCrossentropy(from_logits=True)
    model.compile(fastnn.optimizers.Adam(0.1), loss, [metrics.BinaryAccuracy(threshold=0.0)])
    model.fit(X, y, epochs=20, verbose=0)
    assert model.evaluate(X, y, verbose=0)[1] == np.mean((model.predict(X)[:, 0] > 0.0) == y) > 0.9


def test_what_a_metric_of_a_user_returns_becomes_a_float():
    class Mean(metrics.Metric):
        def __call__(self, y_true, y_pred):
            return np.float32(y_pred.mean())

    model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    model.compile("sgd", "mse", [Mean("mean")])
    x, y = np.ones((8, 2)), np.ones(8)
    logs = model.fit(x, y, epochs=2, verbose=0, validation_split=0.5).history
    scores = model.evaluate(x, y, verbose=0), model.train_on_batch(x, y)
    assert json.loads(json.dumps([logs, scores])) == [logs, list(scores)]
    assert {type(value) for values in (*logs.values(), *scores) for value in values} == {float}
