"""Sparse X through the estimators: the numbers of dense rows, no dense rows in memory, clear errors."""

import subprocess
import sys

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor
from fastnn.compat import config_context
from tests.estimators.side_by_side import both, needs_sklearn

pytest.importorskip("sklearn")
sparse = pytest.importorskip("scipy.sparse")
pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:lbfgs failed to converge")

TOLERANCES = {"float32": {"rtol": 1e-3, "atol": 1e-5}, "float64": {"rtol": 1e-8, "atol": 1e-11}}


def rows(dtype="float64", kind="csr_matrix"):
    return getattr(sparse, kind)(sparse.random(300, 200, 0.05, random_state=1, dtype=dtype))


def fitted(X, y, kind=MLPClassifier, **settings):
    settings = {"max_iter": 5, "batch_size": 64, "random_state": 0, "learning_rate_init": 0.01} | settings
    return kind(hidden_layer_sizes=(13, 5), **settings).fit(X, y)


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_array"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True}, {"dropout": [0.2, 0.1, 0]}, {"l1": 0.01}],
    ids=str,
)
def test_sparse_rows_give_what_dense_ones_give(settings, dtype, kind):
    X = rows(dtype, kind)
    y = np.digitize(np.asarray(X.sum(axis=1)).ravel(), [4.5, 5.5])
    made, wanted = fitted(X, y, **settings), fitted(X.toarray(), y, **settings)
    for mine, other in zip(made.coefs_ + made.intercepts_, wanted.coefs_ + wanted.intercepts_, strict=True):
        assert mine.dtype == ("float64" if settings.get("solver") == "lbfgs" else dtype)
        np.testing.assert_allclose(mine, other, **TOLERANCES[dtype])
    for name in ("loss_curve_", "validation_scores_", "validation_loss_curve_", "best_loss_"):
        mine, other = getattr(made, name, None), getattr(wanted, name, None)
        assert (mine is None) == (other is None)
        if mine is not None:
            np.testing.assert_allclose(mine, other, **TOLERANCES[dtype])
    np.testing.assert_allclose(made.predict_proba(X), wanted.predict_proba(X.toarray()), **TOLERANCES[dtype])
    np.testing.assert_allclose(made.predict_proba(X.toarray()), made.predict_proba(X), **TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_without_elements(dtype):
    """All zero, and yet rows: a batch of a stream, or counts of words that none of the texts has."""
    X, y = sparse.csr_matrix((60, 9), dtype=dtype), np.arange(60) % 3
    made, wanted = (fitted(data, y, early_stopping=True, batch_size=20) for data in (X, X.toarray()))
    np.testing.assert_allclose(made.loss_curve_, wanted.loss_curve_, **TOLERANCES[dtype])
    np.testing.assert_allclose(made.predict_proba(X), wanted.predict_proba(X.toarray()), **TOLERANCES[dtype])


def test_rows_to_validate_on_and_partial_fit():
    X, y = rows(), np.arange(300) % 2
    models = [
        MLPClassifier((7,), max_iter=3, random_state=0).fit(data[:200], y[:200], X_val=data[200:], y_val=y[200:])
        for data in (X, X.toarray())
    ]
    np.testing.assert_allclose(models[0].validation_loss_curve_, models[1].validation_loss_curve_, rtol=1e-9)
    for model, data in zip(models, (X, X.toarray()), strict=True):
        model.partial_fit(data[200:], y[200:])
    np.testing.assert_allclose(models[0].coefs_[0], models[1].coefs_[0], rtol=1e-8, atol=1e-12)


def test_a_scorer_sees_a_matrix():
    """early_stopping_metric as a callable gets the held-out rows as sparse as they were."""
    X, seen = rows(), []

    def score(estimator, held_out, y):
        seen.append(held_out.toarray())
        return 0.0

    fitted(X, np.asarray(X.sum(axis=1)).ravel(), MLPRegressor, early_stopping=True, early_stopping_metric=score)
    known = {row.tobytes() for row in X.toarray()}
    assert seen[0].shape == (30, 200)
    assert all(row.tobytes() in known for row in seen[0])


def test_rows_are_never_dense():
    """20000 x 20000, 4 elements a row: 3.2 GB as dense rows, 1 MB in compressed form; split, trained on, predicted."""
    code = """
import resource, warnings
import numpy as np, scipy.sparse as sparse
from fastnn import MLPClassifier
warnings.simplefilter("ignore")
columns = np.random.default_rng(0).integers(0, 20000, 80000)
X = sparse.csr_matrix((np.ones(80000), columns, np.arange(0, 80001, 4)), shape=(20000, 20000))
X.sum_duplicates()
y = np.arange(20000) % 2
model = MLPClassifier((8,), max_iter=1, early_stopping=True, random_state=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model.fit(X, y).predict(X)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    grown = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert grown < 100, f"grown by {grown} MB"


def test_a_gradient_needs_dense_rows():
    X = rows()
    model = fitted(X, np.arange(300) % 2)
    with pytest.raises(ValueError, match=r"expected dense rows .* received: sparse X of shape \(300, 200\)"):
        model.input_gradient(X)
    assert model.input_gradient(X.toarray()).shape == X.shape


@needs_sklearn
@pytest.mark.parametrize("interface", ["spmatrix", "sparray"])
@pytest.mark.parametrize("kind", ["csr_array", "csr_matrix", "csc_array", "coo_matrix", "lil_array"])
def test_sparse_labels_come_back_as_those_of_scikit_learn(kind, interface):
    """Compressed rows of the class that its settings name, after any kind of fit."""
    X = rows().toarray()[:60]
    y = getattr(sparse, kind)((X[:, :3] > 0).astype(int))
    with config_context(sparse_interface=interface):
        for fit in ("fit", "partial_fit"):
            classes = {"classes": np.arange(3)} if fit == "partial_fit" else {}
            theirs, ours = (
                getattr(each((4,), max_iter=3, random_state=0), fit)(X, y, **classes).predict(X)
                for each in both("MLPClassifier")
            )
            assert type(ours) is type(theirs)
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours.toarray(), theirs.toarray())


@needs_sklearn
@pytest.mark.filterwarnings("ignore:invalid value")  # of scikit-learn's look for the kind of labels
@pytest.mark.parametrize("factor", [0.5, 1j, np.nan, np.array([1, 2, 3])], ids=str)
@pytest.mark.parametrize("fit", ["fit", "partial_fit"])
def test_sparse_labels_that_are_none(fit, factor):
    """Of the same kind of error as scikit-learn's."""
    X = rows().toarray()[:60]
    y = sparse.csr_array(np.where(X[:, :3] > 0, factor, 0))
    errors = []
    for each in both("MLPClassifier"):
        with pytest.raises((ValueError, TypeError)) as caught:
            getattr(each((4,), max_iter=3), fit)(X, y, **({"classes": np.arange(3)} if fit == "partial_fit" else {}))
        errors.append(caught.type)
    assert errors[0] is errors[1]
