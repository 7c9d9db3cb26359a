"""Errors and warnings of the estimators: scikit-learn's types and meanings, its sentences where it has one."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier, MLPRegressor, callbacks, losses
from fastnn.compat import WITH_SKLEARN, ConvergenceWarning, InvalidParameterError
from tests.estimators.side_by_side import ROWS, SAME_AS_OURS, make_task
from tests.estimators.test_state import fitted

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"alpha": -1}, "a float in the range [0.0, inf)"),
        ({"alpha": "small"}, "a float in the range [0.0, inf)"),
        ({"learning_rate_init": 0}, "a float in the range (0.0, inf)"),
        ({"momentum": 1.5}, "a float in the range [0.0, 1.0]"),
        ({"beta_1": 1.0}, "a float in the range [0.0, 1.0)"),
        ({"validation_fraction": float("nan")}, "a float in the range [0.0, 1.0)"),
        ({"max_iter": 0}, "an int in the range [1, inf)"),
        ({"max_iter": 2.5}, "an int in the range [1, inf)"),
        ({"shuffle": "yes"}, "an instance of 'bool' or an instance of 'numpy.bool'"),
        ({"hidden_layer_sizes": -3}, "an array-like or an int in the range [1, inf)"),
        (
            {"random_state": -1},
            "an int in the range [0, 4294967295], an instance of 'numpy.random.mtrand.RandomState' or None",
        ),
        ({"batch_size": "all"}, "a str among {'auto'} or an int in the range [1, inf)"),
    ],
    ids=str,
)
def test_bad_arguments(settings, expected):
    _, _, X, y = make_task("binary")
    ((name, value),) = settings.items()
    message = f"The {name!r} parameter of MLPClassifier must be {expected}. Got {value!r} instead."
    with pytest.raises(InvalidParameterError) as caught:
        MLPClassifier(**settings).fit(X, y)
    assert str(caught.value) == message
    if WITH_SKLEARN:
        from sklearn import neural_network

        with pytest.raises(InvalidParameterError) as caught:
            neural_network.MLPClassifier(**settings).fit(X, y)
        assert str(caught.value) == message


BAD_FITS = [
    ("MLPClassifier", {"hidden_layer_sizes": (4, 0)}, {}, "hidden_layer_sizes must be > 0"),
    ("MLPClassifier", {}, {"y": np.linspace(0, 1, ROWS)}, "Unknown label type"),
    ("MLPClassifier", {}, {"y": np.arange(2 * ROWS).reshape(ROWS, 2)}, "Multioutput target data is not supported"),
    ("MLPClassifier", {}, {"y": np.random.default_rng(0).random((ROWS, 2))}, "Multioutput target data is not"),
    ("MLPClassifier", {}, {"y": np.arange(3)}, "inconsistent numbers of samples"),
    ("MLPClassifier", {}, {"X": np.full((ROWS, 2), np.nan)}, "contains NaN"),
    ("MLPRegressor", {}, {"y": np.full(ROWS, np.inf)}, "contains infinity"),
    ("MLPRegressor", {"early_stopping": True, "validation_fraction": 0.001}, {}, "validation set is too small"),
    ("MLPRegressor", {"early_stopping": True, "validation_fraction": 0.0}, {}, "test_size=0.0 should be"),
    ("MLPRegressor", {}, {"sample_weight": np.ones(3)}, "sample_weight.shape"),
    ("MLPRegressor", {"solver": "sgd", "learning_rate_init": 1e8}, {}, "non-finite parameter weights"),
]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize(("name", "settings", "data", "message"), BAD_FITS, ids=lambda value: None)
def test_bad_fits(name, settings, data, message):
    _, _, X, y = make_task("binary" if name == "MLPClassifier" else "number")
    modules = [fastnn]
    if SAME_AS_OURS:
        modules.append(importlib.import_module("sklearn.neural_network"))
    for module in modules:
        with pytest.raises(ValueError, match=message):
            getattr(module, name)(**{"max_iter": 5} | settings).fit(**{"X": X, "y": y} | data)


def test_callbacks_are_for_epochs():
    """L-BFGS has none; a callback that is never called would be missed."""
    _, _, X, y = make_task("number")
    model = MLPRegressor(solver="lbfgs", callbacks=[callbacks.TerminateOnNaN()])
    with pytest.raises(ValueError, match=r"expected solver='adam' .*callbacks.*received: solver='lbfgs'"):
        model.fit(X, y)
    assert model.set_params(callbacks=[]).fit(X, y).n_iter_ > 0


@pytest.mark.parametrize("validation", [{"X_val": "garbage"}, {"y_val": [0]}], ids=str)
def test_rows_to_validate_on_are_for_epochs(validation):
    pytest.importorskip("scipy")
    _, _, X, y = make_task("number")
    model = MLPRegressor(solver="lbfgs")
    with pytest.raises(ValueError, match=r"expected solver='adam' .* X_val and y_val, received: solver='lbfgs'"):
        model.fit(X, y, **validation)
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize("sizes", [(2.5,), ((3, 2),), (True,), ("a",)], ids=str)
def test_sizes_that_are_no_numbers_of_units(sizes):
    _, _, X, y = make_task("binary")
    for module in [fastnn, *([importlib.import_module("sklearn.neural_network")] if SAME_AS_OURS else [])]:
        with pytest.raises(TypeError):
            module.MLPClassifier(hidden_layer_sizes=sizes, max_iter=1).fit(X, y)


@pytest.mark.parametrize("rows", [[["1.5", "2"]], np.array([[b"1", b"2"]]), None], ids=["str", "bytes", "None"])
def test_rows_to_predict_that_are_no_numbers(rows):
    """fit reads text that says numbers, predict does not: as in scikit-learn."""
    X, y = np.array([["1.5", "2"], ["0", "1"]] * 5), np.arange(10) % 2
    for module in [fastnn, *([importlib.import_module("sklearn.neural_network")] if SAME_AS_OURS else [])]:
        model = module.MLPClassifier((2,), max_iter=1).fit(X, y)
        with pytest.raises(ValueError, match=r"numeric|Expected 2D array"):
            model.predict(rows)
        assert model.predict(X.astype(object).astype(float)).shape == (10,)


def test_weights_of_a_batch_that_sum_to_zero():
    _, _, X, y = make_task("binary")
    weight = np.ones(ROWS)
    weight[:10] = 0
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        MLPClassifier((3,), batch_size=10, shuffle=False).fit(X, y, sample_weight=weight)


def test_weights_of_all_rows_that_sum_to_zero():
    pytest.importorskip("sklearn")
    _, _, X, y = make_task("binary")
    weight = np.where(np.arange(ROWS) % 2, 1.0, -1.0)
    for module in [fastnn, *([importlib.import_module("sklearn.neural_network")] if SAME_AS_OURS else [])]:
        model = module.MLPClassifier((3,), solver="lbfgs")
        with pytest.raises(ZeroDivisionError, match="Weights sum to zero, can't be normalized"):
            model.fit(X, y, sample_weight=weight)
        assert module is not fastnn or not hasattr(model, "coefs_")


@pytest.mark.parametrize(
    ("dtype", "by_class", "by_row", "name"),
    [
        ("float32", None, 1e50, "sample_weight"),
        ("float32", {"yes": 1e50}, None, "class_weight of rows"),
        ("float32", {"yes": 1e30}, 1e30, "sample_weight times class_weight"),
        ("float64", {"yes": 1e200}, 1e200, "sample_weight times class_weight"),
    ],
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_that_overflow(solver, dtype, by_class, by_row, name):
    if solver == "lbfgs":
        pytest.importorskip("sklearn")
    _, _, X, y = make_task("binary", dtype)
    model = MLPClassifier((3,), solver=solver, class_weight=by_class)
    with pytest.raises(ValueError, match=f"expected {name} to be finite, received: {name}"):
        model.fit(X, y, sample_weight=None if by_row is None else np.full(ROWS, by_row))
    assert not hasattr(model, "coefs_")


def test_partial_fit_needs_its_classes():
    _, _, X, y = make_task("several")
    model = MLPClassifier((3,))
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, y)
    model.partial_fit(X[:20], np.full(20, 10), classes=np.unique(y))
    model.partial_fit(X, y)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit(X, y, classes=[1, 2])
    with pytest.raises(ValueError, match="has classes not in"):
        model.partial_fit(X, y + 1)
    with pytest.raises(InvalidParameterError, match="'alpha' parameter"):  # before anything is asked of the data
        MLPClassifier(alpha=-1).partial_fit(X, y)
    with pytest.raises(ValueError, match="does not support early_stopping"):
        MLPClassifier(early_stopping=True).partial_fit(X, y, classes=np.unique(y))


def test_label_smoothing_beside_a_loss_of_labels():
    model = MLPClassifier(4, max_iter=1, loss=losses.SparseCategoricalCrossentropy(), label_smoothing=0.1)
    with pytest.raises(ValueError, match=r"=0 for a loss of labels, received: label_smoothing=0\.1"):
        model.fit(np.eye(6), [0, 1, 2, 0, 1, 2])
    assert not hasattr(model, "classes_")


def test_labels_of_another_width():
    X, y = make_task("several")[2], np.arange(ROWS)[:, np.newaxis] % np.array([2, 3, 4, 5]) == 0
    model = MLPClassifier((3,), max_iter=2, random_state=0, warm_start=True).fit(X, y)
    before, coefs, curve = dict(vars(model)), [coef.copy() for coef in model.coefs_], list(model.loss_curve_)
    for wrong in (np.arange(ROWS) % 4, y[:, :2]):
        for fit in (model.partial_fit, model.fit, lambda X, wrong: model.fit(X, y, X_val=X, y_val=wrong)):
            with pytest.raises(ValueError, match=r"expected y of shape \(rows, 4\)|classes"):
                fit(X, wrong)
    assert vars(model) == before
    assert model.loss_curve_ == curve
    for kept, coef in zip(model.coefs_, coefs, strict=True):
        np.testing.assert_array_equal(kept, coef)


def test_objects_that_are_no_labels():
    _, _, X, y = make_task("several")
    with pytest.raises(ValueError, match=r"Unknown label type: unknown\. Of objects only strings .* y\.astype\(int\)"):
        MLPClassifier().fit(X, y.astype(object))


def test_warm_start_needs_the_same_classes():
    model, X, y = fitted(warm_start=True)
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
        model.fit(X[y > 0], y[y > 0])


def test_not_fitted():
    with pytest.raises((ValueError, AttributeError), match="not fitted yet"):
        MLPClassifier().predict([[1.0]])
    with pytest.raises((ValueError, AttributeError), match="not fitted yet"):
        MLPRegressor().predict([[1.0]])


def test_warnings():
    _, _, X, y = make_task("binary")
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached") as caught:
        MLPClassifier(max_iter=2).fit(X, y)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(1\) reached"):
        MLPClassifier(max_iter=True).fit(X, y)
    with pytest.warns(UserWarning, match="going to be clipped") as clipped:
        MLPClassifier(max_iter=2, batch_size=ROWS + 1).fit(X, y)
    with pytest.warns(UserWarning, match="going to be clipped") as clipped_part:
        MLPClassifier(batch_size=ROWS + 1).partial_fit(X, y, classes=np.unique(y))
    with pytest.warns(UserWarning, match="column-vector") as column:
        MLPClassifier(max_iter=2).fit(X, y[:, np.newaxis])
    for warning in [*caught, *clipped, *clipped_part, *column]:
        assert warning.filename == __file__  # the line that called fit, where filters by module look


def test_the_warning_of_lbfgs():
    _, _, X, y = make_task("binary")
    pytest.importorskip("sklearn")
    texts = []
    for settings in ({"max_iter": 2}, {"max_fun": 2}):
        for module in [fastnn, *([importlib.import_module("sklearn.neural_network")] if SAME_AS_OURS else [])]:
            with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge") as caught:
                module.MLPClassifier((3,), solver="lbfgs", random_state=0, **settings).fit(X, y)
            assert module is not fastnn or caught[0].filename == __file__
            texts.append(str(caught[0].message))
        assert len(set(texts[-2 if SAME_AS_OURS else -1 :])) == 1


@pytest.mark.parametrize("rate", [0.01, 1])
def test_a_number_as_learning_rate_is_told_the_name_of_its_argument(rate):
    _, _, X, y = make_task("binary")
    with pytest.raises(InvalidParameterError, match=rf"Got {rate} instead\. .*learning_rate_init={rate}"):
        MLPClassifier(learning_rate=rate).fit(X, y)
    with pytest.raises(InvalidParameterError, match=r"Got 'slow' instead\.$"):
        MLPClassifier(learning_rate="slow").fit(X, y)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_annotations_take_what_is_documented(kind):
    types = get_type_hints(kind.__init__)
    assert types["activation"] == str | Sequence[str]
    assert types["learning_rate"] == str | fastnn.schedules.Schedule | Callable[..., Any]
    assert types["loss"] == str | fastnn.losses.Loss
