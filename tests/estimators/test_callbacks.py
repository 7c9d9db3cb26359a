"""Callbacks of an estimator's fit: fastnn's, and scikit-learn's."""

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier, MLPRegressor, callbacks, layers
from tests.estimators.side_by_side import make_task
from tests.estimators.test_extras import assert_same, fit

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def test_callbacks():
    told = []

    class Listener(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            told.append((epoch, logs["loss"]))
            self.model.stop_training = epoch == 2

    model, _, _ = fit(callbacks=Listener(), max_iter=9)
    assert told == list(enumerate(model.loss_curve_))
    assert model.n_iter_ == 3
    assert model.stop_reason_ == "callback"


def test_callbacks_cannot_train_the_network_meanwhile():
    raised = []

    class Meddler(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            calls = (
                lambda: self.model.compile("sgd", "mse"),
                lambda: self.model.add(layers.Dense(1)),
                lambda: self.model.train_on_batch(X[:1], [0]),
            )
            for call in calls:
                with pytest.raises(RuntimeError, match="under way") as error:
                    call()
                raised.append(error.value)

    model, X, _ = fit()
    assert_same(fit(callbacks=Meddler())[0], model)
    assert len(raised) == 3 * model.n_iter_


@pytest.mark.parametrize("task", ["binary", "several", "indicator", "number", "numbers", "counts"])
def test_checkpoints_are_models(task, tmp_path):
    model, X, _ = fit(task, callbacks=callbacks.ModelCheckpoint(tmp_path / "checkpoint"))
    outputs = fastnn.load(tmp_path / "checkpoint").predict(X)
    expected = model.predict_proba(X) if hasattr(model, "classes_") else model.predict(X)
    assert outputs.tobytes() == np.ascontiguousarray(expected.reshape(len(X), -1)[:, -outputs.shape[1] :]).tobytes()


@pytest.mark.parametrize("task", ["binary", "several", "number", "numbers"])
def test_the_gradient_monitor_sees_the_gradient_of_the_fit(task):
    """That of scikit-learn's loss at the weights that the fit ends with, on the rows of the fit."""
    monitor = callbacks.GradientMonitor()
    model, X, y = fit(task, callbacks=monitor, alpha=0.1)
    assert_same(model, fit(task, alpha=0.1)[0])
    assert len(monitor.states) == model.n_iter_ == 4
    truth = model._encode(y, X.dtype)
    rows = slice(callbacks.gradients.PROBE_ROWS)
    columns = np.eye(len(model.classes_))[truth[rows]] if truth.ndim == 1 else truth[rows]
    arrays = model.coefs_ + model.intercepts_
    _, packed = model._loss_grad_lbfgs(np.concatenate([array.ravel() for array in arrays]), X[rows], columns)
    parts = np.split(packed, np.cumsum([array.size for array in arrays])[:-1])
    layers = len(model.coefs_)
    for number, state in enumerate(monitor.states[-1]):
        norm = np.sqrt(np.square(parts[number]).sum() + np.square(parts[number + layers]).sum())
        assert state.gradient == pytest.approx(norm, rel=1e-9)
    assert model._bound().model.training.probe_rows == (None, None)


def test_the_gradient_monitor_with_rows_of_its_own():
    """Its truth is what the network learns: labels are refused, not taken for numbers."""
    _, X, y = fit("binary")
    monitor = callbacks.GradientMonitor((X, (y == "yes").astype(float)))
    fit("binary", callbacks=monitor)
    assert monitor.states[-1][0].gradient > 0
    for wrong in (y, 1 + (y == "yes")):
        with pytest.raises((ValueError, TypeError), match=r"expected.*y.*received"):
            fit("binary", callbacks=callbacks.GradientMonitor((X, wrong)))


@pytest.mark.filterwarnings("error")
def test_the_gradient_monitor_warns_in_an_estimator():
    with pytest.warns(RuntimeWarning, match="gradients vanish in epoch 1"):
        fit(
            "binary",
            hidden_layer_sizes=(6,) * 12,
            activation="logistic",
            max_iter=1,
            tol=1.0,
            callbacks=[callbacks.GradientMonitor()],
        )


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("task", ["several", "number"])
def test_callbacks_of_scikit_learn(task, solver, capsys):
    """ScoringMonitor's score after each epoch is that of a fit which ends there; ProgressBar runs to its end."""
    callback = pytest.importorskip("sklearn.callback")
    pytest.importorskip("rich")
    name, more, X, y = make_task(task)
    kind = MLPClassifier if name == "MLPClassifier" else MLPRegressor
    settings = {"hidden_layer_sizes": (6,), "solver": solver, "random_state": 0, "learning_rate_init": 0.01}
    monitor = callback.ScoringMonitor(scoring="accuracy" if task == "several" else "r2")
    model = kind(**settings | more, max_iter=4).set_callbacks(monitor, callback.ProgressBar()).fit(X, y)
    *_, scoring = monitor.get_logs().data[0]
    whole, *epochs = (row[scoring] for row in monitor.get_logs().data)
    assert whole == model.score(X, y)
    assert epochs == [kind(**settings | more, max_iter=n).fit(X, y).score(X, y) for n in range(1, 5)]
    assert f"{name} - fit" in (shown := capsys.readouterr().out)
    assert "100%" in shown
