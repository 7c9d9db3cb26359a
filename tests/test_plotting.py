"""Pictures: what is drawn is what was measured, and without matplotlib the error says what to install."""

import sys

import numpy as np
import pytest

import fastnn
from fastnn.plotting import plot_history, plot_learning_rates

X = np.random.default_rng(0).normal(size=(64, 3))


@pytest.fixture
def model():
    network = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    network.compile("sgd", "mse")
    return network


def test_history(model, tmp_path):
    pytest.importorskip("matplotlib")
    history = model.fit(X, X[:, 0], epochs=4, validation_split=0.25, verbose=0)
    axes = plot_history(history)
    lines = {line.get_label(): line for line in axes.lines}
    assert set(lines) == {"training", "validation"}
    assert lines["training"].get_xdata().tolist() == [1, 2, 3, 4]
    assert list(lines["validation"].get_ydata()) == history.history["val_loss"]
    axes.figure.savefig(tmp_path / "history.png")
    assert plot_history(model.fit(X, X[:, 0], verbose=0), axes) is axes
    with pytest.raises(ValueError, match="at least one epoch"):
        plot_history(fastnn.callbacks.History())


def test_learning_rates(model, tmp_path):
    pytest.importorskip("matplotlib")
    found = fastnn.find_learning_rate(model, X, X[:, 0], [1e-3, 1e-1, 1e3])
    axes = plot_learning_rates(found)
    assert axes.lines[0].get_xdata().tolist() == [1e-3, 1e-1]  # not that which diverged
    assert list(axes.lines[2].get_xdata()) == [0.1, 0.1]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("learning rate", "loss on the sample")
    axes.figure.savefig(tmp_path / "rates.png")
    assert plot_learning_rates(found, axes) is axes


def test_without_matplotlib(model, monkeypatch):
    history = model.fit(X, X[:, 0], verbose=0)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"fastnn-mlp\[plot\]"):
        plot_history(history)


def test_validation_that_began_when_a_fit_was_resumed():
    pytest.importorskip("matplotlib")
    history = fastnn.callbacks.History()
    history.epoch, history.history = list(range(5)), {"loss": [5, 4, 3, 2, 1], "val_loss": [2.5, 2]}
    _, validation = plot_history(history).lines
    assert validation.get_xdata().tolist() == [4, 5]
