"""Predictions for rows that need no conversion: the short way says what the full one says."""

import copy
import pickle

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor, fitted
from tests.estimators.side_by_side import make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")

METHODS = ("predict", "predict_proba", "predict_log_proba")


def fit(task, dtype="float64", **settings):
    name, more, X, y = make_task(task, dtype)
    kind = MLPClassifier if name == "MLPClassifier" else MLPRegressor
    settings = {"hidden_layer_sizes": (6, 5), "max_iter": 3, "random_state": 0} | more | settings
    return kind(**settings).fit(X, y), X, y


def outputs(model, X):
    return [getattr(model, name)(X) for name in METHODS if hasattr(model, name)]


def assert_like_the_full_way(model, X):
    """Lists are always converted."""
    for rows in (X[:1], X):
        for mine, full in zip(outputs(model, rows), outputs(model, rows.tolist()), strict=True):
            assert mine.dtype == full.dtype
            np.testing.assert_array_equal(mine, full)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("task", ["binary", "several", "indicator", "number", "numbers"])
def test_plain_rows_are_taken_as_they_are(task, dtype, monkeypatch):
    model, X, _ = fit(task, dtype)
    assert_like_the_full_way(model, X)
    expected = outputs(model, X)

    def refuse(*_, **__):
        raise AssertionError("the full way was taken")

    monkeypatch.setattr(fitted, "validated", refuse)
    monkeypatch.setattr(fitted, "check_is_fitted", refuse)
    for mine, full in zip(outputs(model, X), expected, strict=True):
        np.testing.assert_array_equal(mine, full)
    others = [X.tolist(), X[::-1], X.astype(X.dtype.newbyteorder()), np.asfortranarray(X), X.view(np.matrix), X > 0]
    for rows in (*others, *([X.astype(np.float64)] if dtype == "float32" else [])):
        with pytest.raises(AssertionError, match="the full way"):
            model.predict(rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, :-1], "X has 6 features, but MLPRegressor is expecting 7 features"),
        (lambda X: X[:0], "Found array with 0 sample"),
        (lambda X: X[0], "Expected 2D array, got 1D array"),
        (lambda X: np.where(X > 1, np.nan, X), "contains NaN"),
        (lambda X: np.where(X > 1, -np.inf, X), "contains infinity"),
        (lambda X: X.astype(np.float64) * 1e200, "which overflows float32"),
    ],
)
def test_whatever_is_unusual_is_checked(change, message):
    model, X, _ = fit("number", "float32")
    with pytest.raises(ValueError, match=message):
        model.predict(change(X))


def test_names_of_columns_are_missed():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    model, X, y = fit("number")
    model.fit(pandas.DataFrame(X, columns=list("abcdefg")), y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)


@pytest.mark.parametrize("norm", [{}, {"batch_norm": True}], ids=["plain", "batch_norm"])
def test_changes_after_fit_are_seen(norm):
    model, X, y = fit("several", warm_start=True, **norm)
    seen = [model.predict_proba(X)]

    def changed():
        assert_like_the_full_way(model, X)
        seen.append(model.predict_proba(X))
        assert not any(np.array_equal(seen[-1], before) for before in seen[:-1])

    model.set_params(activation="tanh")
    changed()
    model.coefs_[0][0] = 0.0
    changed()
    model.coefs_[1] = model.coefs_[1] * 2
    changed()
    model.intercepts_ = [values + 1 for values in model.intercepts_]
    changed()
    if norm:
        model.norms_[0][...] = 3.0
        changed()
    model.partial_fit(X, y)
    changed()
    model.fit(X, y)
    changed()
    copies = copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    for twin in copies:
        assert_like_the_full_way(twin, X)
    model.coefs_[0] = model.coefs_[0][:, ::-1].copy()
    changed()
    for twin in copies:
        np.testing.assert_array_equal(twin.predict_proba(X), seen[-2])
    model.coefs_[0] = np.ones((4, 6))
    with pytest.raises(ValueError, match="expected coefs_ to lead from 7 columns"):
        model.predict(X)


def test_what_only_training_reads_may_be_anything():
    model, X, _ = fit("several")
    expected = model.predict_proba(X)
    model.set_params(alpha=-5, l1="much", dropout=[0.1])
    for twin in (model, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin.predict_proba(X), expected)
        np.testing.assert_array_equal(twin.predict_proba(X.tolist()), expected)
        assert twin.input_gradient(X).shape == (len(X), 4, 7)
        with pytest.raises(ValueError, match="'alpha' parameter"):
            twin.fit(X, np.arange(len(X)))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_assume_finite(dtype, sparse):
    """Rows that are not finite have no outputs; others have theirs. fit looks in any case."""
    sklearn, matrices = pytest.importorskip("sklearn"), pytest.importorskip("scipy.sparse")
    model, X, y = fit("several", dtype)
    expected = model.predict_proba(X)
    X[3, 2], X[5, 1] = np.nan, np.inf
    X = matrices.csr_matrix(X) if sparse else X
    with sklearn.config_context(assume_finite=True):
        found = model.predict_proba(X)
        assert np.isnan(found[[3, 5]]).all()
        np.testing.assert_array_equal(np.delete(found, [3, 5], axis=0), np.delete(expected, [3, 5], axis=0))
        assert model.predict(X)[3] == model.classes_[0]
        with pytest.raises(ValueError, match="expected X to be finite"):
            model.fit(X, y)
    with pytest.raises(ValueError, match="contains NaN"):
        model.predict(X)
