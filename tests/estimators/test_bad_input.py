"""Bad input to the estimators: a clear exception before anything runs, and the model as it was. One row a mistake."""

import numpy as np
import pytest

import fastnn
from tests.test_bad_input import HUGE, NUMBERS, X, Y, masked, spoiled, state


def estimator(kind, fitted):
    model = getattr(fastnn, kind)(hidden_layer_sizes=(5,), max_iter=2, random_state=0, tol=0, n_iter_no_change=2)
    if fitted:
        with pytest.warns(UserWarning, match="Maximum iterations"):
            model.fit(X, Y if kind == "MLPClassifier" else NUMBERS)
    return model


ROWS_OF_X = {
    "no rows": (X[:0], r"0 sample|at least one row"),
    "one row flat": (X[0], r"Expected 2D array|2D"),
    "text": (np.full((30, 4), "a"), r"could not convert|numbers for X|not compatible with arrays of bytes"),
    "complex": (X + 0j, "Complex data not supported"),
    "NaN": (spoiled(X, np.nan), "contains NaN"),
    "infinity": (spoiled(X, np.inf), "contains infinity"),
    "masked": (masked(X), r"X to have no masked values.*X\.filled"),
}


BOTH = ("MLPClassifier", "MLPRegressor")


@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "new"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("x", "text"), ROWS_OF_X.values(), ids=ROWS_OF_X)
def test_x_of_estimators(x, text, kind, method, fitted):
    model = estimator(kind, fitted)
    y = (Y if kind == "MLPClassifier" else NUMBERS)[: len(x)]
    more = {"classes": [0, 1, 2]} if kind == "MLPClassifier" and method == "partial_fit" else {}
    before = state(model)
    with pytest.raises((ValueError, TypeError), match=text):
        getattr(model, method)(x, y, **more)
    assert state(model) == before


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("x", "text"), [*ROWS_OF_X.values(), (X[:, :3], "X has 3 features, but .* expecting 4")])
def test_predictions_of_estimators(x, text, kind):
    model = estimator(kind, fitted=True)
    before = state(model)
    with pytest.raises((ValueError, TypeError), match=text):
        model.predict(x)
    assert state(model) == before


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("method", ["predict", "score", "predict_proba"])
def test_estimators_that_are_not_fitted(kind, method):
    model = estimator(kind, fitted=False)
    if hasattr(model, method):
        with pytest.raises((ValueError, AttributeError), match="is not fitted yet"):
            getattr(model, method)(*((X, NUMBERS) if method == "score" else (X,)))


@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "new"])
@pytest.mark.parametrize(
    ("kind", "settings", "more", "text"),
    [
        ("MLPClassifier", {}, {"y": Y[:-1]}, "inconsistent numbers of samples"),
        ("MLPClassifier", {}, {"y": NUMBERS}, "Unknown label type"),
        ("MLPClassifier", {}, {"y": None}, "requires y to be passed"),
        ("MLPClassifier", {}, {"sample_weight": np.ones(3)}, r"sample_weight.shape == \(3,\)"),
        ("MLPClassifier", {}, {"sample_weight": masked(np.ones(30))}, "sample_weight to have no masked values"),
        *((kind, {}, {"y": masked(Y)}, "y to have no masked values") for kind in BOTH),
        ("MLPClassifier", {"early_stopping": True, "validation_fraction": 0.01}, {}, "validation set"),
        ("MLPRegressor", {}, {"y": spoiled(NUMBERS, np.nan)}, "contains NaN"),
        ("MLPRegressor", {}, {"y": spoiled(NUMBERS, -np.inf)}, "contains infinity"),
        ("MLPRegressor", {}, {"y": spoiled(NUMBERS, 1e300)}, r"y\[7, 0\]=1e\+300, which overflows float32"),
        ("MLPRegressor", {"loss": "poisson"}, {"y": -np.abs(NUMBERS)}, r">= 0, received: -"),
        ("MLPRegressor", {"loss": "hubber"}, {}, "Got 'hubber'"),
        *(
            (kind, settings, {}, text)
            for kind in BOTH
            for settings, text in [
                ({"hidden_layer_sizes": (5, -1)}, "must be > 0, got"),
                ({"hidden_layer_sizes": -1}, "Got -1 instead"),
                ({"hidden_layer_sizes": (2.5,)}, r"integers, received: \(2.5,\)"),
                ({"hidden_layer_sizes": ("5",)}, r"integers, received: \('5',\)"),
                ({"hidden_layer_sizes": (True,)}, r"integers, received: \(True,\)"),
                ({"hidden_layer_sizes": (HUGE,)}, "llocate"),
                ({"hidden_layer_sizes": (5, 1 << 40)}, "llocate"),
                ({"activation": "rellu"}, "Got 'rellu'"),
                ({"solver": "adamm"}, "among {'adam', 'lbfgs', 'sgd'}. Got 'adamm'"),
                ({"batch_size": 0}, "Got 0 instead"),
                ({"max_iter": 2.5}, "Got 2.5 instead"),
                ({"random_state": "zero"}, "Got 'zero' instead"),
            ]
        ),
    ],
)
def test_fits_of_estimators(kind, settings, more, text, fitted):
    model = estimator(kind, fitted).set_params(**settings)
    before = state(model)
    arguments = {"X": X, "y": Y if kind == "MLPClassifier" else NUMBERS, **more}
    with pytest.raises((ValueError, TypeError, MemoryError), match=text):
        model.fit(**arguments)
    assert state(model) == before


def test_a_new_fit_leaves_the_arrays_of_the_last():
    """What somebody took out of a model, and what an error gives back, is no memory of the next network."""
    model = estimator("MLPRegressor", fitted=True)
    kept, before = model.coefs_, model.coefs_[0].copy()
    model.set_params(random_state=1, max_iter=1, n_iter_no_change=1)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, NUMBERS)
    np.testing.assert_array_equal(kept[0], before)
    assert (model.coefs_[0] != before).any()
