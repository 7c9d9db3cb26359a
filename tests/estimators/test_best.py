"""An estimator's best epoch, and the weights that are kept when training diverges."""

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor, lbfgs
from fastnn.compat import WITH_SKLEARN
from tests.estimators.side_by_side import make_task
from tests.estimators.test_extras import assert_same, fit

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def test_the_best_epoch():
    model, _, _ = fit(learning_rate_init=0.3, max_iter=15)
    assert model.best_epoch_ == 1 + int(np.argmin(model.loss_curve_))
    assert model.best_loss_ == min(model.loss_curve_)


def test_the_best_epoch_of_several_fits():
    """It is counted over all of them, as `loss_curve_` is."""
    model, X, y = fit("number", learning_rate_init=0.01, max_iter=9, warm_start=True)
    model.set_params(learning_rate_init=0.002, max_iter=3).fit(X, y)
    assert len(model.loss_curve_) == 12
    assert model.best_epoch_ == 1 + int(np.argmin(model.loss_curve_)) > 9
    model.partial_fit(X, y)
    assert model.best_epoch_ == 1 + int(np.argmin(model.loss_curve_)) == 13
    first = model.best_epoch_
    model.set_params(learning_rate_init=1.0).fit(X, y)
    assert model.best_epoch_ == first
    if WITH_SKLEARN:
        assert model.set_params(solver="lbfgs", tol=10.0).fit(X, y).best_epoch_ is None


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_divergence_names_epoch_layer_and_rate():
    text = r"Training diverged in epoch \d+: layer [123] has weights that are not finite, at a learning rate of 1e\+200"
    model = MLPRegressor(hidden_layer_sizes=(6, 5), solver="sgd", random_state=0, learning_rate_init=1e200)
    _, _, X, y = make_task("number")
    with pytest.raises(ValueError, match=text):
        model.fit(X, y)
    assert model.stop_reason_ == "diverged"
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)
    with pytest.warns(RuntimeWarning, match=text):
        model.set_params(early_stopping=True).fit(X, y)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_what_weights_that_are_not_finite_score_is_no_success():
    """A classifier's does: labels come of NaNs, too."""
    _, _, X, y = make_task("several")
    model = MLPClassifier(hidden_layer_sizes=(6,), solver="sgd", early_stopping=True, batch_size=7, random_state=0)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        model.fit(X * 1e200, y)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("batch_size", [130, 32])
@pytest.mark.parametrize("rate", [1e100, 1e300])
def test_divergence_in_the_first_epoch_leaves_the_first_weights(solver, batch_size, rate):
    """With one batch an epoch its loss is that of the weights before the only step, which went too far."""
    _, _, X, y = make_task("number")
    settings = {"hidden_layer_sizes": (6, 5), "solver": solver, "batch_size": batch_size, "random_state": 0}
    first = MLPRegressor(**settings, learning_rate_init=1e-300, max_iter=1).fit(X, y)
    model = MLPRegressor(**settings, learning_rate_init=rate)
    with pytest.raises(ValueError, match="The weights that are kept are those it started from"):
        model.fit(X, y)
    assert_same(model, first)
    assert model.best_epoch_ is None
    assert model.n_iter_ == (2 if batch_size == 130 else 1)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_divergence_later_leaves_the_best_weights():
    """One batch an epoch, and a rate that explodes in the fourth: the third step's weights are the best."""
    _, _, X, y = make_task("number")
    settings = {"hidden_layer_sizes": (6, 5), "solver": "sgd", "batch_size": 130, "random_state": 0}
    model = MLPRegressor(**settings, learning_rate=lambda step: 0.01 if step < 3 else 1e200, max_iter=9)
    with pytest.raises(ValueError, match=r"diverged in epoch 5: .*The weights that are kept are those of epoch 3"):
        model.fit(X, y)
    assert_same(model, MLPRegressor(**settings, learning_rate_init=0.01, max_iter=3).fit(X, y))
    assert model.best_epoch_ == 3


def test_divergence_of_lbfgs_leaves_the_best_weights(monkeypatch):
    """Whatever SciPy ends with."""
    pytest.importorskip("scipy")
    minimize = lbfgs.minimize

    def not_finite(*arguments, **options):
        result = minimize(*arguments, **options)
        result.x[-1] = np.nan
        return result

    monkeypatch.setattr(lbfgs, "minimize", not_finite)
    _, _, X, y = make_task("number")
    model = MLPRegressor(hidden_layer_sizes=(6, 5), solver="lbfgs", random_state=0, tol=0.1)
    with pytest.raises(ValueError, match=r"diverged in iteration \d+: layer 3 has weights that are not finite"):
        model.fit(X, y)
    assert model.stop_reason_ == "diverged"
    penalty = model.alpha / 2 * sum((coef**2).sum() for coef in model.coefs_) / len(y)
    assert model.loss_ == pytest.approx(((model.predict(X) - y) ** 2).mean() / 2 + penalty)
