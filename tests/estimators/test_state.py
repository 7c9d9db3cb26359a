"""What a fitted estimator holds: coefs_, copies, what goes on from one fit to the next."""

import copy
import importlib
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier
from fastnn.best import Best
from tests.estimators.side_by_side import SAME_AS_OURS, make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:lbfgs failed to converge")


def fitted(**settings):
    _, _, X, y = make_task("several")
    return MLPClassifier((5,), **{"max_iter": 3, "random_state": 0} | settings).fit(X, y), X, y


def test_coefs_may_be_views_of_each_other():
    _, _, X, y = make_task("several")
    model = MLPClassifier((4, 4, 4), max_iter=3, random_state=0).fit(X, y)
    (first, second), biases = (model.coefs_[1].copy(), model.coefs_[2].copy()), model.intercepts_
    model.coefs_[1], model.coefs_[2] = model.coefs_[2], model.coefs_[1]
    model.intercepts_ = [biases[0], biases[1], biases[1], biases[3]]
    model.predict(X)
    np.testing.assert_array_equal(model.coefs_[1], second)
    np.testing.assert_array_equal(model.coefs_[2], first)
    np.testing.assert_array_equal(model.intercepts_[2], model.intercepts_[1])


def test_coefs_are_the_network():
    model, X, _ = fitted()
    before = model.predict_proba(X)
    model.coefs_[-1][...] = 0
    model.intercepts_[-1][...] = 0
    np.testing.assert_allclose(model.predict_proba(X), 0.25)
    assert not np.allclose(before, 0.25)


def test_coefs_may_be_replaced():
    model, X, _ = fitted()
    other, _, _ = fitted(random_state=1)
    model.coefs_ = [coef.copy() for coef in other.coefs_]
    model.intercepts_[:] = [intercept.tolist() for intercept in other.intercepts_]
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("shapes", [(70, 5, 4), (3, 5, 4), (7, 5, 9)], ids=str)
def test_coefs_of_another_width_are_refused(shapes):
    model, X, y = fitted(warm_start=True)
    model.coefs_ = [np.ones(shapes[:2]), np.ones(shapes[1:])]
    model.intercepts_ = [np.zeros(units) for units in shapes[1:]]
    for use in (model.predict, lambda X: model.fit(X, y), lambda X: model.partial_fit(X, y)):
        with pytest.raises(ValueError, match=r"expected coefs_ to lead from 7 .* to 4 .*received: "):
            use(X)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_copies_train_on_alike_and_apart(copied, solver):
    model, X, y = fitted(solver=solver)
    model.partial_fit(X, y)
    twin = copied(model)
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    before = model.predict_proba(X)
    twin.partial_fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.partial_fit(X, y)
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    assert twin.loss_curve_ == model.loss_curve_


def test_moments_of_another_type_go_on():
    """As scikit-learn's do, after 'lbfgs' has made a float64 network."""
    pytest.importorskip("sklearn")
    _, _, X, y = make_task("several", "float32")
    losses = []
    for module in [fastnn, *([importlib.import_module("sklearn.neural_network")] if SAME_AS_OURS else [])]:
        model = module.MLPClassifier((5,), max_iter=3, random_state=0).fit(X, y)
        model.set_params(solver="lbfgs").fit(X, y).set_params(solver="adam")
        losses.append(model.partial_fit(X, y).partial_fit(X, y).loss_)
    np.testing.assert_allclose(losses, losses[0], rtol=1e-4)


def test_a_file_has_moments_of_the_network(tmp_path):
    pytest.importorskip("sklearn")
    _, _, X, y = make_task("several", "float32")
    model = MLPClassifier((5,), max_iter=3, random_state=0).fit(X, y)
    model.set_params(solver="lbfgs").fit(X, y).set_params(solver="adam")
    model.save(tmp_path / "model", include_optimizer=True)
    loaded = fastnn.load(tmp_path / "model")
    assert loaded.partial_fit(X, y).loss_ == model.partial_fit(X, y).loss_


def test_moments_of_another_network_are_refused(tmp_path):
    pytest.importorskip("sklearn")
    model, X, y = fitted()
    model.set_params(solver="lbfgs", hidden_layer_sizes=(50,)).fit(X, y).set_params(solver="adam")
    before = dict(vars(model))
    with pytest.raises(ValueError, match=r"expected states .* \(2, 604\) .*received: shape=\(2, 64\)"):
        model.partial_fit(X, y)
    assert vars(model) == before
    with pytest.raises(ValueError, match="expected states"):
        model.save(tmp_path / "model", include_optimizer=True)
    model.fit(X, y).partial_fit(X, y)
    model._optimizer.optimizer.amsgrad = True  # which has three states
    with pytest.raises(ValueError, match=r"expected states .* \(3, 604\)"):
        model.partial_fit(X, y)


@pytest.mark.parametrize("goes_on", ["fit", "partial_fit"])
def test_dropout_that_is_newer_than_the_network(goes_on):
    """It draws from random_state, too, and a copy draws on as the model does."""

    def trained():
        model, X, y = fitted(warm_start=True)
        getattr(model.set_params(dropout=0.5), goes_on)(X, y)
        return model, X, y

    (model, X, y), (again, _, _) = trained(), trained()
    np.testing.assert_array_equal(again.coefs_[0], model.coefs_[0])
    twin = pickle.loads(pickle.dumps(model)).partial_fit(X, y)
    np.testing.assert_array_equal(twin.coefs_[0], model.partial_fit(X, y).coefs_[0])


@pytest.mark.parametrize("sizes", [(5, 4), ()], ids=str)
def test_hidden_layer_sizes_changed_after_fit(sizes, tmp_path):
    """The fitted network is the one that predicts; it cannot train on as one of other layers."""
    model, X, y = fitted(dropout=0.2, warm_start=True)
    outputs, gradient, before = model.predict_proba(X), model.input_gradient(X), dict(vars(model))
    model.set_params(hidden_layer_sizes=sizes)
    np.testing.assert_array_equal(model.predict_proba(X), outputs)
    np.testing.assert_array_equal(model.input_gradient(X), gradient)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(fastnn.load(tmp_path / "model").predict_proba(X), outputs)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=r"hidden_layer_sizes to be of 1 layer.*received: hidden_layer_sizes=\("):
            fit(X, y)
    assert vars(model) == before | {"hidden_layer_sizes": sizes}
    assert model.set_params(hidden_layer_sizes=9).fit(X, y).coefs_[0].shape == (7, 5)  # as in scikit-learn
    assert len(model.set_params(hidden_layer_sizes=sizes, warm_start=False).fit(X, y).coefs_) == len(sizes) + 1


@pytest.mark.parametrize("fitted_norm", [{}, {"layer_norm": True}], ids=["plain", "layer_norm"])
def test_normalization_changed_after_fit(fitted_norm):
    """The fitted network predicts as it did; it cannot train on as one that is normalized otherwise."""
    model, X, y = fitted(warm_start=True, **fitted_norm)
    outputs, before = model.predict_proba(X), dict(vars(model))
    model.set_params(batch_norm=True, layer_norm=False)
    np.testing.assert_array_equal(model.predict_proba(X), outputs)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="as in the fitted network, received: batch_norm=True, layer_norm=False"):
            fit(X, y)
    assert vars(model) == before | {"batch_norm": True, "layer_norm": False}
    assert len(model.set_params(warm_start=False).fit(X, y).norms_) == 4
    model.partial_fit(X, y)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_arrays_taken_before_a_warm_start(solver, early_stopping, dtype):
    """'lbfgs' leaves them alone and makes new ones, the others train on in them: as in scikit-learn."""
    pytest.importorskip("sklearn")
    _, _, X, y = make_task("several", dtype)
    settings = {"solver": solver, "early_stopping": early_stopping, "max_iter": 3, "random_state": 0}
    for module in [fastnn, *([importlib.import_module("sklearn.neural_network")] if SAME_AS_OURS else [])]:
        model = module.MLPClassifier((5,), **settings, warm_start=True).fit(X, y)
        taken = model.coefs_ + model.intercepts_
        before = [array.copy() for array in taken]
        model.set_params(max_iter=9).fit(X, y)
        alone = all(np.array_equal(array, other) for array, other in zip(taken, before, strict=True))
        assert alone == (solver == "lbfgs")
        assert not np.array_equal(model.coefs_[0], before[0])


def test_fit_starts_anew():
    model, X, y = fitted()
    first = model.loss_curve_
    assert model.fit(X, y).loss_curve_ == first
    assert model.fit(X[:, :4], y).n_features_in_ == 4


def test_an_interrupt_leaves_a_usable_model(monkeypatch):
    _, _, X, y = make_task("several")
    model = MLPClassifier((5,), max_iter=50, random_state=0)
    note = Best.note

    def interrupt(self, finite):
        note(self, finite)
        if self.books.n_iter_ == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Best, "note", interrupt)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X, y)
    assert model.n_iter_ == 2
    assert model.stop_reason_ == "interrupted"
    assert model.predict(X).shape == y.shape


def test_random_state_moves_on():
    """A RandomState is used, not copied: two fits draw different weights."""
    _, _, X, y = make_task("binary")
    model = MLPClassifier((3,), max_iter=1, random_state=np.random.RandomState(0))
    assert model.fit(X, y).loss_curve_ != model.fit(X, y).loss_curve_


def digits_accuracy(seeds):
    """Mean accuracy on scikit-learn's digits: 5 folds, 64-64-10, 100 epochs."""
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    X, y = datasets.load_digits(return_X_y=True)
    scores = []
    for seed in seeds:
        model = MLPClassifier(hidden_layer_sizes=(64,), max_iter=100, random_state=seed)
        scores.append(cross_val_score(make_pipeline(MinMaxScaler(), model), X, y, cv=5))
    return np.mean(scores)


def test_digits():
    assert digits_accuracy([0]) >= 0.925


@pytest.mark.slow
def test_digits_over_five_seeds():
    assert digits_accuracy(range(5)) >= 0.928
