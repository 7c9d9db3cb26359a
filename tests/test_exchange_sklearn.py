"""from_sklearn, to_sklearn: arguments, weights and books go over; predictions and further training are the same."""

import sys

import numpy as np
import pytest

import fastnn
from tests import exchange_cases as cases

neural_network = pytest.importorskip("sklearn.neural_network")
pipelines = pytest.importorskip("sklearn.pipeline")
preprocessing = pytest.importorskip("sklearn.preprocessing")

pytestmark = pytest.mark.filterwarnings("ignore:.*converge")
SETTINGS = {"hidden_layer_sizes": (9, 5), "activation": "tanh", "max_iter": 4, "random_state": 3}


@pytest.mark.parametrize("kind", cases.LABELS)
def test_classifiers_both_ways(kind, dtype):
    x, y = cases.rows(dtype), cases.labels(kind)
    theirs = neural_network.MLPClassifier(**SETTINGS).fit(x, y)
    ours = fastnn.from_sklearn(theirs)
    assert isinstance(ours, fastnn.MLPClassifier)
    assert ours.coefs_[0].dtype == dtype
    back = fastnn.to_sklearn(ours)
    assert type(back) is neural_network.MLPClassifier
    for model in (ours, back):
        assert model.predict(x).tolist() == theirs.predict(x).tolist()
        cases.check_close(model.predict_proba(x), theirs.predict_proba(x))
        assert model.loss_curve_ == theirs.loss_curve_
        assert (model.n_iter_, model.t_, model.n_features_in_) == (theirs.n_iter_, theirs.t_, theirs.n_features_in_)
        assert (model.classes_ == theirs.classes_).all()
        assert model.score(x, y) == theirs.score(x, y)


def test_sparse_labels_come_back_sparse():
    sparse = pytest.importorskip("scipy.sparse")
    x, y = cases.rows("float64"), cases.labels("two labels")
    theirs = neural_network.MLPClassifier(**SETTINGS).fit(x, sparse.csr_matrix(y))
    ours = fastnn.from_sklearn(theirs)
    for model in (ours, fastnn.to_sklearn(ours)):
        found = model.predict(x)
        assert sparse.issparse(found)
        np.testing.assert_array_equal(found.toarray(), theirs.predict(x).toarray())


@pytest.mark.parametrize("outputs", [1, 3])
def test_regressors_both_ways(outputs, dtype):
    x = cases.rows(dtype)
    theirs = neural_network.MLPRegressor(**SETTINGS).fit(x, x[:, :outputs] if outputs > 1 else x[:, 0])
    ours = fastnn.from_sklearn(theirs)
    back = fastnn.to_sklearn(ours)
    for model in (ours, back):
        cases.check_close(model.predict(x), theirs.predict(x))
        assert model.best_loss_ == theirs.best_loss_


def test_arrays_are_copies():
    x = cases.rows("float64")
    theirs = neural_network.MLPRegressor(**SETTINGS).fit(x, x[:, 0])
    ours = fastnn.from_sklearn(theirs)
    back = fastnn.to_sklearn(ours)
    before = theirs.predict(x)
    ours.coefs_[0][...] = 0
    np.testing.assert_array_equal(theirs.predict(x), before)
    np.testing.assert_array_equal(back.predict(x), before)
    assert not np.array_equal(ours.predict(x), before)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_training_goes_on_as_theirs_does(solver):
    """A warm start and partial_fit, each with an optimizer that starts anew."""
    x, y = cases.rows("float64"), cases.labels("three strings")
    theirs = neural_network.MLPClassifier(**SETTINGS, solver=solver, warm_start=True).fit(x, y)
    ours = fastnn.from_sklearn(theirs)
    theirs.fit(x, y)
    ours.fit(x, y)
    assert len(ours.loss_curve_) == 8
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-8, atol=1e-12)
    for model in (ours, fastnn.from_sklearn(theirs), fastnn.to_sklearn(ours)):
        model.partial_fit(x, y)
        assert model.n_iter_ == 1
        assert len(model.loss_curve_) == 9


def test_patience_comes_along():
    """Epochs without improvement are counted on, on either side."""
    x, y = cases.rows("float64"), cases.labels("three strings")
    theirs = neural_network.MLPClassifier(**SETTINGS, tol=10.0).fit(x, y)
    ours = fastnn.from_sklearn(theirs)
    back = fastnn.to_sklearn(ours)
    for model in (theirs, ours, back):
        model.partial_fit(x, y)
    counts = [model._no_improvement_count for model in (theirs, ours, back)]
    assert counts[0] > 1
    assert counts == counts[:1] * 3


def test_early_stopping_comes_along():
    x, y = cases.rows("float64"), cases.labels("five integers")
    theirs = neural_network.MLPClassifier(**SETTINGS, early_stopping=True).fit(x, y)
    ours = fastnn.from_sklearn(theirs)
    assert ours.early_stopping
    assert ours.validation_scores_ == theirs.validation_scores_
    assert ours.best_validation_score_ == theirs.best_validation_score_


def test_a_warm_start_without_a_better_epoch():
    x, y = cases.rows("float64"), cases.labels("three strings")
    settings = SETTINGS | {"early_stopping": True, "warm_start": True}
    ours = fastnn.MLPClassifier(**settings).fit(x, y)
    ours.best_validation_score_ = 1.0
    theirs = fastnn.to_sklearn(ours).fit(x, y)
    np.testing.assert_allclose(theirs.coefs_[0], ours.fit(x, y).coefs_[0], rtol=1e-8, atol=1e-12)


def test_names_of_features():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(cases.rows("float64"), columns=list("abcdefg"))
    theirs = neural_network.MLPRegressor(**SETTINGS).fit(frame, frame["a"])
    ours = fastnn.from_sklearn(theirs)
    assert ours.feature_names_in_.tolist() == list("abcdefg")
    np.testing.assert_allclose(ours.predict(frame), theirs.predict(frame), rtol=1e-12)


def test_unfitted_ones():
    settings = {"hidden_layer_sizes": (3,), "alpha": 0.1, "solver": "sgd", "momentum": 0.5, "max_iter": 7}
    theirs = neural_network.MLPClassifier(**settings)
    ours = fastnn.from_sklearn(theirs)
    common = set(theirs.get_params()) & set(ours.get_params())
    assert {name: ours.get_params()[name] for name in common} == {name: theirs.get_params()[name] for name in common}
    assert not hasattr(ours, "coefs_")
    back = fastnn.to_sklearn(ours)
    assert back.get_params() == theirs.get_params()


@pytest.mark.parametrize("scaler", [preprocessing.StandardScaler(), preprocessing.MinMaxScaler()])
def test_pipelines_both_ways(scaler):
    x, y = cases.rows("float64") + 5, cases.labels("three strings")
    theirs = pipelines.make_pipeline(scaler, neural_network.MLPClassifier(**SETTINGS)).fit(x, y)
    ours = fastnn.from_sklearn(theirs)
    assert isinstance(ours[-1], fastnn.MLPClassifier)
    assert type(theirs[-1]) is neural_network.MLPClassifier, "the given one is as it was"
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), rtol=1e-12)
    back = fastnn.to_sklearn(ours)
    assert type(back[-1]) is neural_network.MLPClassifier
    np.testing.assert_allclose(back.predict_proba(x), theirs.predict_proba(x), rtol=1e-12)


def test_what_scikit_learn_has_not():
    with pytest.raises(ValueError, match=r"arguments that .*MLPClassifier has, received: dropout=0\.5"):
        fastnn.to_sklearn(fastnn.MLPClassifier(dropout=0.5))
    with pytest.raises(ValueError, match=r"expected an activation of .*received: activation='elu'"):
        fastnn.to_sklearn(fastnn.MLPRegressor(activation="elu"))


@pytest.mark.parametrize(("norm", "arrays"), [("batch_norm", 8), ("layer_norm", 4)])
def test_normalization_that_was_switched_off_since(norm, arrays):
    x = cases.rows("float64")
    model = fastnn.MLPRegressor(hidden_layer_sizes=(9, 5), max_iter=2, **{norm: True}).fit(x, x[:, 0])
    model.set_params(**{norm: False})
    with pytest.raises(ValueError, match=f"without batch_norm and layer_norm, received: norms_ of {arrays} arrays"):
        fastnn.to_sklearn(model)


def test_other_things():
    from sklearn.linear_model import LogisticRegression

    for thing in (3, LogisticRegression(), fastnn.MLPClassifier()):
        with pytest.raises(TypeError, match="of scikit-learn, received: "):
            fastnn.from_sklearn(thing)
    for thing in (3, neural_network.MLPClassifier()):
        with pytest.raises(TypeError, match="of fastnn, received: "):
            fastnn.to_sklearn(thing)


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.neural_network", None)
    with pytest.raises(ImportError, match=r'pip install "fastnn-mlp\[sklearn\]"'):
        fastnn.to_sklearn(fastnn.MLPClassifier())


def test_lbfgs():
    x, y = cases.rows("float64"), cases.labels("three strings")
    theirs = neural_network.MLPClassifier(**SETTINGS, solver="lbfgs").fit(x, y)
    ours = fastnn.from_sklearn(theirs)
    assert ours.predict(x).tolist() == fastnn.to_sklearn(ours).predict(x).tolist() == theirs.predict(x).tolist()
    assert ours.loss_ == theirs.loss_
    assert ours.fit(x, y).loss_ == pytest.approx(theirs.loss_, rel=1e-3)
