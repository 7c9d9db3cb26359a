"""Arguments beyond scikit-learn's: class weights, rows to validate on, layers, losses, optimizers, reasons to stop."""

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor, losses, optimizers
from fastnn.compat import WITH_SKLEARN
from tests.estimators.side_by_side import make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def fit(task="several", **settings):
    name, more, X, y = make_task(task)
    kind = MLPClassifier if name == "MLPClassifier" else MLPRegressor
    settings = {"hidden_layer_sizes": (6, 5), "max_iter": 4, "random_state": 0, "batch_size": 32} | more | settings
    return kind(**settings).fit(X, y), X, y


def assert_same(one, other):
    for mine, theirs in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("task", ["binary", "several"])
@pytest.mark.parametrize("kind", ["dict", "balanced"])
def test_class_weights_are_weights_of_rows(task, kind):
    model, X, y = fit(task)
    classes, counts = np.unique(y, return_counts=True)
    factors = np.ones(len(classes)) if kind == "dict" else len(y) / (len(classes) * counts)
    if kind == "dict":
        factors[1] = 3.0
    rows = factors[np.searchsorted(classes, y)]
    weighted, _, _ = fit(task, class_weight="balanced" if kind == "balanced" else {classes[1]: 3.0})
    assert_same(weighted, MLPClassifier(**model.get_params()).fit(X, y, sample_weight=rows))
    assert not np.allclose(weighted.coefs_[0], model.coefs_[0])
    more = np.linspace(0.5, 2, len(y))
    both = MLPClassifier(**weighted.get_params()).fit(X, y, sample_weight=more)
    assert_same(both, MLPClassifier(**model.get_params()).fit(X, y, sample_weight=rows * more))


def test_class_weights_below_one():
    model, X, y = fit("several", batch_size=65)
    classes = model.classes_
    weighted, _, _ = fit("several", batch_size=65, class_weight={classes[0]: 0.25, classes[1]: 0})
    rows = np.select([y == classes[0], y == classes[1]], [0.25, 0.0], 1.0)
    assert_same(weighted, MLPClassifier(**model.get_params()).fit(X, y, sample_weight=rows))


def test_class_weights_in_partial_fit():
    _, _, X, y = make_task("binary")
    factors = np.where(y == "yes", 4.0, 1.0)
    weighted = MLPClassifier((5,), class_weight={"yes": 4.0}, random_state=0)
    plain = MLPClassifier((5,), random_state=0)
    for _ in range(2):
        weighted.partial_fit(X, y, classes=["no", "yes"])
        plain.partial_fit(X, y, sample_weight=factors, classes=["no", "yes"])
    assert_same(weighted, plain)


def test_rows_to_validate_on():
    """They are judged after each epoch and change nothing; with early_stopping they stand in for a split."""
    plain, X, y = fit()
    held_X, held_y = X[:40] + 0.1, y[:40]
    model = MLPClassifier(**plain.get_params()).fit(X, y, X_val=held_X, y_val=held_y)
    assert_same(model, plain)
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 4
    assert model.validation_scores_[-1] == pytest.approx(model.score(held_X, held_y))
    known = model.predict_proba(held_X)[np.arange(40), np.searchsorted(model.classes_, held_y)]
    penalty = model.alpha / 2 * sum((coef**2).sum() for coef in model.coefs_) / 40
    assert model.validation_loss_curve_[-1] == pytest.approx(-np.log(known).mean() + penalty)
    assert not hasattr(plain, "validation_loss_curve_")
    stopped = MLPClassifier(**plain.get_params() | {"early_stopping": True, "max_iter": 30, "learning_rate_init": 0.1})
    stopped.fit(X, y, X_val=held_X, y_val=held_y)
    assert stopped.t_ == len(y) * stopped.n_iter_  # no row was set apart
    assert stopped.best_validation_score_ == max(stopped.validation_scores_)
    assert stopped.score(held_X, held_y) == pytest.approx(stopped.best_validation_score_)
    with pytest.raises(ValueError, match="expected X_val and y_val together, received: one of them"):
        plain.fit(X, y, X_val=held_X)


@pytest.mark.parametrize("metric", ["loss", "neg_log_loss", "callable"])
def test_metrics_of_early_stopping(metric):
    seen = []

    def score(estimator, X, y):
        seen.append(len(y))
        return float(-len(seen))  # the first is the best

    if metric == "neg_log_loss" and not WITH_SKLEARN:
        pytest.skip("a scorer of scikit-learn's")
    given = score if metric == "callable" else metric
    model, _, _ = fit(early_stopping=True, early_stopping_metric=given, max_iter=6, n_iter_no_change=3, alpha=0.0)
    if metric == "callable":
        assert model.validation_scores_ == [-1.0, -2.0, -3.0, -4.0, -5.0]
        assert set(seen) == {13}
        assert model.best_epoch_ == 1
        assert model.stop_reason_ == "validation score"
    else:
        np.testing.assert_allclose(model.validation_scores_, -np.array(model.validation_loss_curve_), rtol=1e-9)


def test_an_activation_for_each_layer():
    model, X, _ = fit("number", activation=["tanh", "elu"])
    hidden = np.tanh(X @ model.coefs_[0] + model.intercepts_[0]) @ model.coefs_[1] + model.intercepts_[1]
    hidden = np.where(hidden > 0, hidden, np.expm1(hidden))
    np.testing.assert_allclose(model.predict(X), (hidden @ model.coefs_[2] + model.intercepts_[2]).ravel(), rtol=1e-10)
    assert_same(fit(activation=["relu", "relu"])[0], fit(activation="relu")[0])
    with pytest.raises(ValueError, match=r"expected activation to be one value or a list of 2, received: activation="):
        fit(activation=["relu"])


def test_dropout():
    """Of hidden layers alone, or of the input too; nothing is dropped in predictions; the seed says what is."""
    plain, X, _ = fit()
    hidden, listed, wider, again = (fit(dropout=rate)[0] for rate in (0.3, [0.3, 0.3], [0.2, 0.3, 0.3], 0.3))
    assert_same(hidden, listed)
    assert_same(hidden, again)
    assert not np.allclose(hidden.coefs_[0], plain.coefs_[0])
    assert not np.allclose(hidden.coefs_[0], wider.coefs_[0])
    np.testing.assert_array_equal(wider.predict_proba(X), wider.predict_proba(X))
    with pytest.raises(ValueError, match="expected dropout to be one value or a list"):
        fit(dropout=[0.1])
    with pytest.raises(ValueError, match="'dropout' parameter"):
        fit(dropout=1.0)


def test_l1():
    """The loss has l1 times the absolute weights over the batch's rows; in the end more weights are small."""
    settings = {"max_iter": 1, "batch_size": 130, "shuffle": False, "alpha": 0.0}
    start, _, _ = fit(**settings, learning_rate_init=1e-300)
    plain, _, _ = fit(**settings)
    penal, _, _ = fit(**settings, l1=2.0)
    size = sum(np.abs(coef).sum() for coef in start.coefs_)
    assert penal.loss_ - plain.loss_ == pytest.approx(2.0 * size / 130)
    sizes = [sum(np.abs(c).sum() for c in fit(max_iter=60, learning_rate_init=0.01, l1=l1)[0].coefs_) for l1 in (0, 1)]
    assert sizes[1] < 0.7 * sizes[0]


@pytest.mark.parametrize("task", ["binary", "several"])
def test_label_smoothing(task):
    """The first batch's loss is that of the smoothed truth, at the first weights."""
    settings = {"max_iter": 1, "batch_size": 130, "shuffle": False, "alpha": 0.0, "learning_rate_init": 1e-300}
    model, X, y = fit(task, label_smoothing=0.2, **settings)
    classes = len(model.classes_)
    truth = np.eye(classes)[np.searchsorted(model.classes_, y)] * 0.8 + 0.2 / classes
    expected = -(truth * np.log(model.predict_proba(X))).sum(axis=1).mean()
    assert model.loss_ == pytest.approx(expected)
    assert fit(task, **settings)[0].loss_ != pytest.approx(expected)


@pytest.mark.parametrize("loss", ["huber", "mean_absolute_error", "quantile", "log_cosh"])
def test_losses_by_name_and_as_objects(loss):
    by_name, _, _ = fit("number", loss=loss)
    classes = {"huber": losses.Huber, "mean_absolute_error": losses.MeanAbsoluteError}
    made = classes.get(loss, losses.Quantile if loss == "quantile" else losses.LogCosh)()
    assert_same(by_name, fit("number", loss=made)[0])
    long, _, _ = fit("number", loss=loss, max_iter=60, learning_rate_init=0.01)
    assert long.loss_ < 0.7 * by_name.loss_curve_[0]


def test_quantiles():
    """Nine tenths of the rows lie below the quantile 0.9."""
    model, X, y = fit("number", loss=losses.Quantile(0.9), max_iter=200, learning_rate_init=0.01, tol=0.0)
    assert np.mean(y <= model.predict(X)) == pytest.approx(0.9, abs=0.06)


def test_optimizers_as_objects():
    assert_same(fit(optimizer=optimizers.Adam(0.001, epsilon=1e-8))[0], fit()[0])
    given = optimizers.RMSprop(0.01)
    assert_same(fit(optimizer=given)[0], fit(optimizer="rmsprop", learning_rate_init=0.01)[0])
    assert given.learning_rate == 0.01


def test_a_schedule_gives_the_rate_of_each_step():
    falling, _, _ = fit(learning_rate=lambda step: 0.01 if step < 5 else 0.0)
    first, _, _ = fit(learning_rate_init=0.01, max_iter=1)
    assert_same(falling, first)  # five batches an epoch


def test_names_of_schedules_are_for_sgd_and_optimizers_as_objects():
    """scikit-learn's 'adam' overlooks them."""
    settings = {"learning_rate_init": 0.01, "power_t": 0.9}
    for name in ("invscaling", "adaptive"):
        assert_same(fit(learning_rate=name, **settings)[0], fit(**settings)[0])
    falls, _, _ = fit(optimizer="adam", learning_rate="invscaling", **settings)
    assert falls._optimizer.learning_rate == pytest.approx(0.01 / (4 * 130 + 1) ** 0.9)


def test_threads_do_not_change_results():
    assert_same(fit(n_jobs=1)[0], fit(n_jobs=-1)[0])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"max_iter": 2}, "max_iter"),
        ({"tol": 10.0, "n_iter_no_change": 1}, "training loss"),
        ({"tol": 10.0, "n_iter_no_change": 1, "early_stopping": True}, "validation score"),
    ],
    ids=str,
)
def test_reasons_to_stop(settings, reason):
    assert fit(**settings)[0].stop_reason_ == reason


def test_partial_fit_says_so():
    _, _, X, y = make_task("number")
    assert MLPRegressor(random_state=0).partial_fit(X, y).stop_reason_ == "partial_fit"


@pytest.mark.parametrize("early_stopping", [False, True])
def test_rows_to_validate_on_over_several_fits(early_stopping):
    model, X, y = fit(warm_start=True, early_stopping=early_stopping)
    for _ in range(3):
        model.fit(X, y, X_val=X[:40], y_val=y[:40])
    judged = len(model.loss_curve_) - (0 if early_stopping else 4)
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == judged > 4
    model.set_params(early_stopping=not early_stopping).fit(X, y, X_val=X[:40], y_val=y[:40])
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == model.n_iter_


def test_a_subclass_with_arguments_of_its_own():
    class Mine(MLPClassifier):
        def __init__(self, hidden_layer_sizes=(3,), gamma=1.0):
            super().__init__(hidden_layer_sizes=hidden_layer_sizes)
            self.gamma = gamma

    _, _, X, y = make_task("several")
    assert Mine().partial_fit(X, y, classes=np.unique(y)).n_iter_ == 1


def test_a_network_of_arrays_that_were_set_by_hand():
    model, X, _ = fit("number")
    made = MLPRegressor(hidden_layer_sizes=(6, 5))
    for name in ("coefs_", "intercepts_", "n_layers_", "n_outputs_", "out_activation_"):
        setattr(made, name, getattr(model, name))
    for _ in range(2):
        assert made.predict(X).tobytes() == model.predict(X).tobytes()
