"""Derivatives of what an estimator predicts with respect to its rows."""

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor
from tests.estimators.side_by_side import make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def fit(task, **settings):
    name, more, X, y = make_task(task)
    kind = MLPClassifier if name == "MLPClassifier" else MLPRegressor
    settings = {"hidden_layer_sizes": (6, 5), "activation": "tanh", "max_iter": 4, "random_state": 0} | more | settings
    return kind(**settings).fit(X, y), X


@pytest.mark.parametrize("task", ["number", "numbers", "binary", "several", "counts"])
def test_input_gradients(task):
    """Against central differences of what the model predicts."""
    model, X = fit(task)

    def outputs(rows):
        if not hasattr(model, "classes_"):
            return model.predict(rows).reshape(len(rows), -1)
        probabilities = model.predict_proba(rows)
        return probabilities[:, 1:] if task == "binary" else probabilities

    found = model.input_gradient(X[:9])
    for column in range(X.shape[1]):
        step = 1e-5 * np.eye(X.shape[1])[column]
        slope = (outputs(X[:9] + step) - outputs(X[:9] - step)) / 2e-5
        np.testing.assert_allclose(found.reshape(9, -1, X.shape[1])[..., column], slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("size", [1e8, -1e8, 1e20], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("task", ["number", "numbers"])
def test_gradients_of_large_outputs(task, dtype, size):
    """The last layer's scale is the gradient's, also where one less is the same output."""
    model, X = fit(task, dtype=dtype)
    expected = model.input_gradient(X)
    model.coefs_[-1] *= size
    model.intercepts_[-1] *= size
    model.intercepts_[-1] += size
    np.testing.assert_allclose(model.input_gradient(X) / size, expected, rtol=1e-3, atol=1e-5)
