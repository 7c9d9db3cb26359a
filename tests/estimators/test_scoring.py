"""early_stopping_metric: what it is given, with which weights, and what is left where it fails."""

import warnings

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor
from fastnn.compat import WITH_SKLEARN
from tests.estimators.side_by_side import make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")

SETTINGS = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0, "early_stopping": True}
_, _, X, y = make_task("several")


def test_other_rows_than_the_held_out_are_looked_at():
    """Also as many, and by every method."""
    names, seen = ("predict", "predict_proba", "predict_log_proba"), []

    def score(estimator, held_out, truth):
        others = X[: len(held_out)]
        methods = [getattr(estimator, name) for name in names]
        seen.append([method(rows) for rows in (held_out, held_out.copy(), others) for method in methods])
        return len(seen)

    model = MLPClassifier(**SETTINGS, early_stopping_metric=score).fit(X, y)  # the last epoch's weights are kept
    known, found, others = seen[-1][:3], seen[-1][3:6], seen[-1][6:]
    for name, mine, full, other in zip(names, known, found, others, strict=True):
        np.testing.assert_array_equal(mine, full)
        np.testing.assert_array_equal(other, getattr(model, name)(X[:13]))


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("given", [False, True], ids=["split", "X_val"])
def test_frames_stay_frames(library, given):
    pytest.importorskip("sklearn")
    frames = pytest.importorskip(library)
    data = frames.DataFrame(dict(zip("abcdefg", X.T, strict=True)))
    seen = []

    def score(estimator, held_out, truth):
        seen.append(held_out)
        return estimator.score(held_out, truth)

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.filterwarnings("ignore", "Stochastic Optimizer")
        validation = {"X_val": data[:20], "y_val": y[:20]} if given else {}
        model = MLPClassifier(**SETTINGS, early_stopping_metric=score).fit(data, y, **validation)
    assert isinstance(seen[0], frames.DataFrame)
    assert model.validation_scores_ == MLPClassifier(**SETTINGS).fit(data, y, **validation).validation_scores_


def test_scorers_by_name():
    scorer = pytest.importorskip("sklearn.metrics").get_scorer("f1_macro")
    settings = SETTINGS | {"max_iter": 1, "early_stopping_metric": "f1_macro"}
    model = MLPClassifier(**settings).fit(X, y, X_val=X[:30], y_val=y[:30])
    assert model.validation_scores_ == [pytest.approx(scorer(model, X[:30], y[:30]))]


def test_weights_go_to_what_takes_them():
    weights = np.linspace(0.5, 2, len(y))
    seen = []

    def weighted(estimator, held_out, truth, sample_weight=None):
        seen.append(sample_weight)
        return 0.0

    for metric in (weighted, lambda estimator, held_out, truth: 0.0):
        MLPClassifier(**SETTINGS, early_stopping_metric=metric).fit(X, y, weights)
    assert len(seen) == 3
    assert set(seen[0]) < set(weights)
    MLPClassifier(**SETTINGS, early_stopping_metric=weighted).fit(X, y)
    assert seen[-1] is None


@pytest.mark.parametrize("name", ["neg_max_error", "r2"])
def test_weights_go_to_scorers_that_take_them(name):
    pytest.importorskip("sklearn")
    _, _, X, y = make_task("number")
    models = [
        MLPRegressor(**SETTINGS, early_stopping_metric=name).fit(X, y, weights)
        for weights in (np.ones(len(y)), np.where(y > 0, 1.0, 1e-9))
    ]
    assert (models[0].validation_scores_ != models[1].validation_scores_) or name != "r2"


@pytest.mark.parametrize("change", [{}, {"early_stopping": False}, {"solver": "lbfgs"}], ids=str)
def test_names_are_checked_before_anything_changes(change):
    model = MLPClassifier(**SETTINGS).fit(X, y)
    before = dict(vars(model))
    with pytest.raises(ValueError if WITH_SKLEARN else ImportError, match="'acuracy'"):
        model.set_params(early_stopping_metric="acuracy", **change).fit(X, y)
    assert vars(model) == before | {"early_stopping_metric": "acuracy"} | change


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("good_epochs", [0, 2])
def test_a_metric_that_fails_leaves_the_model_as_it_was(warm_start, good_epochs):
    model = MLPClassifier(**SETTINGS, warm_start=warm_start).fit(X, y)
    scores = [*np.arange(good_epochs, dtype=float), None]
    model.set_params(early_stopping_metric=lambda estimator, held_out, truth: scores.pop(0))
    before = {name: value[:] if isinstance(value, list) else value for name, value in vars(model).items()}
    weights = [array.copy() for array in (*model.coefs_, *model.intercepts_)]
    outputs = model.predict_proba(X)
    with pytest.raises(TypeError, match="to return a number, received: None"):
        model.fit(X, y)
    assert not scores
    assert vars(model) == before
    for mine, old in zip((*model.coefs_, *model.intercepts_), weights, strict=True):
        np.testing.assert_array_equal(mine, old)
    np.testing.assert_array_equal(model.predict_proba(X), outputs)
    fresh = MLPClassifier(**SETTINGS, early_stopping_metric=lambda *_: None)
    with pytest.raises(TypeError, match="to return a number, received: None"):
        fresh.fit(X, y)
    assert not hasattr(fresh, "coefs_")


@pytest.mark.parametrize("score", [None, "0.5", np.ones(1), np.ones(3), [1.0], 1j], ids=str)
def test_a_metric_that_returns_no_number_is_named(score):
    def my_metric(estimator, held_out, truth):
        return score

    model = MLPClassifier(**SETTINGS, early_stopping_metric=my_metric)
    with pytest.raises(TypeError, match="early_stopping_metric 'my_metric' to return a number, received: "):
        model.fit(X, y)
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize("score", [1, np.float32(0.5), np.array(0.5), True], ids=repr)
def test_numbers_of_every_kind_are_scores(score):
    model = MLPClassifier(**SETTINGS, early_stopping_metric=lambda *_: score).fit(X, y)
    assert set(model.validation_scores_) == {float(score)}
