"""scikit-learn's estimator and ours fitted alike, on small tasks of every kind."""

import numpy as np
import pytest

import fastnn
from fastnn.compat import WITH_SKLEARN

if WITH_SKLEARN:
    from sklearn import __version__ as version
else:
    version = "0.0"

#: Older ones draw other numbers and lack arguments.
SAME_AS_OURS = tuple(map(int, version.split(".")[:2])) >= (1, 9)
needs_sklearn = pytest.mark.skipif(not SAME_AS_OURS, reason="compares with scikit-learn 1.9 or newer")

ROWS = 130  # two batches of 64 and a partial one
SOLVERS = {
    "adam": {"solver": "adam"},
    "sgd": {"solver": "sgd", "momentum": 0},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "momentum": 0.8},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2},
    "lbfgs": {"solver": "lbfgs"},
}
ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
TASKS = ("binary", "several", "indicator", "number", "numbers", "counts", "tables")


def make_task(name, dtype="float64"):
    """Return the estimator's name, its arguments, X and y."""
    generator = np.random.default_rng(TASKS.index(name))
    X = generator.normal(size=(ROWS, 7)).astype(dtype)
    score = X[:, 0] - X[:, 1] * X[:, 2]
    if name in ("number", "numbers", "counts", "tables"):
        y = {
            "number": score,
            "numbers": np.column_stack([score, X[:, 3], -score]),
            "counts": np.floor(np.exp(score.clip(-3, 2))),
            "tables": np.floor(np.exp(np.column_stack([score, X[:, 3]]).clip(-3, 2))),
        }[name]
        return "MLPRegressor", {"loss": "poisson"} if name in ("counts", "tables") else {}, X, y
    y = {
        "binary": np.where(score > 0, "yes", "no"),
        "several": np.digitize(score, [-1, 0, 1]) * 10,
        "indicator": np.column_stack([score > 0, X[:, 3] > 1]).astype(int),
    }[name]
    return "MLPClassifier", {}, X, y


def both(name):
    """Return scikit-learn's estimator and ours."""
    theirs = getattr(pytest.importorskip("sklearn.neural_network"), name)
    assert theirs.__module__.startswith("sklearn.")
    return theirs, getattr(fastnn, name)


def fit_both(task, dtype="float64", sample_weight=None, order=slice(None), **settings):
    """Fit scikit-learn's estimator and ours alike, on the rows in this order."""
    name, more, X, y = make_task(task, dtype)
    settings = {"hidden_layer_sizes": (9, 5), "batch_size": 64, "max_iter": 20, "random_state": 3} | more | settings
    theirs, ours = both(name)
    X, y = X[order], y[order]
    weight = {} if sample_weight is None else {"sample_weight": sample_weight[order]}
    models = [kind(**settings).fit(X, y, **weight) for kind in (theirs, ours)]
    return *models, X, y


def assert_same_course(theirs, ours, X, tolerance):
    def close(a, b):
        norm = np.linalg.norm(np.ravel(b))
        assert np.linalg.norm(np.ravel(a) - np.ravel(b)) <= tolerance * norm

    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    close(ours.loss_, theirs.loss_)
    for name in ("loss_curve_", "validation_scores_", "best_validation_score_", "best_loss_"):
        assert hasattr(ours, name) == hasattr(theirs, name)
        mine, other = getattr(ours, name, None), getattr(theirs, name, None)
        assert (mine is None) == (other is None)
        if other is not None:
            assert np.shape(mine) == np.shape(other)
            close(mine, other)
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            close(mine, other)
    for name in ("n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name)
    mine, other = ours.predict(X), theirs.predict(X)
    assert mine.shape == other.shape
    if hasattr(ours, "classes_"):
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        np.testing.assert_array_equal(mine, other)
        close(ours.predict_proba(X), theirs.predict_proba(X))
        # of a saturated output 1 - p is a few last bits, or none
        np.testing.assert_allclose(
            ours.predict_proba(X), theirs.predict_proba(X), rtol=tolerance, atol=2 * np.finfo(np.float64).eps
        )
        with np.errstate(divide="ignore"):
            np.testing.assert_array_equal(ours.predict_log_proba(X), np.log(ours.predict_proba(X)))
    else:
        close(mine, other)
