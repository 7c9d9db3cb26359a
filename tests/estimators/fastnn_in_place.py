"""A pytest plugin that puts fastnn's estimators in the place of scikit-learn's before its tests are collected.

    python -m pytest -p tests.estimators.fastnn_in_place --pyargs sklearn.neural_network.tests.test_mlp

`from sklearn.neural_network import MLPClassifier` then gives fastnn's.
"""

import importlib

import fastnn

NAMES = ("MLPClassifier", "MLPRegressor")


def pytest_configure():
    """Put them in place: only where this is loaded as a plugin, not where it is merely imported."""
    neural_network = importlib.import_module("sklearn.neural_network")
    for name in NAMES:
        setattr(neural_network, name, getattr(fastnn, name))


def pytest_collection_finish(session):
    """Fail where the tests would not run on fastnn's estimators."""
    for module in {item.module for item in session.items}:
        for name in NAMES:
            assert getattr(module, name) is getattr(fastnn, name), f"{module.__name__} does not use fastnn's {name}"
