"""A pytest plugin that puts fastnn's estimators in the place of scikit-learn's before its tests are collected.

    python -m pytest -p tests.estimators.fastnn_in_place --pyargs sklearn.neural_network.tests.test_mlp

`from sklearn.neural_network import MLPClassifier` then gives fastnn's.
"""

import sklearn.neural_network

import fastnn

for name in ("MLPClassifier", "MLPRegressor"):
    setattr(sklearn.neural_network, name, getattr(fastnn, name))


def pytest_collection_finish(session):
    """Fail where the tests would not run on fastnn's estimators."""
    for module in {item.module for item in session.items}:
        for name in ("MLPClassifier", "MLPRegressor"):
            assert getattr(module, name) is getattr(fastnn, name), f"{module.__name__} does not use fastnn's {name}"
