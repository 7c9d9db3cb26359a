"""Kinds of X and y that the estimators take."""

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:lbfgs failed to converge")


@pytest.mark.parametrize(
    "labels",
    [["b", "a"], [True, False], [-1, 1], [2.0, 7.0], ["c", "a", "b"], [5, 3, 9], np.array(["x", "yy"], dtype=object)],
    ids=str,
)
def test_labels_come_back(labels, rng):
    y = np.asarray(labels)[np.arange(60) % len(labels)]
    X = np.eye(len(labels))[np.arange(60) % len(labels)] + rng.normal(scale=0.01, size=(60, len(labels)))
    model = MLPClassifier((8,), learning_rate_init=0.1, max_iter=60, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), y)
    assert model.score(X, y) == 1
    assert model.predict_proba(X).shape == (60, len(labels))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_a_single_class(rng):
    X = rng.normal(size=(10, 2))
    model = MLPClassifier((2,), max_iter=2).fit(X, ["only"] * 10)
    assert set(model.predict(X)) == {"only"}


def test_bytes_train_like_their_numbers(rng):
    X = rng.integers(0, 256, size=(50, 6), dtype=np.uint8)
    y = X[:, 0] > 100
    models = [MLPClassifier((4,), max_iter=4, random_state=0).fit(data, y) for data in (X, X.astype(np.float64))]
    assert models[0].loss_curve_ == models[1].loss_curve_
    np.testing.assert_array_equal(models[0].predict_proba(X), models[1].predict_proba(X.astype(np.float64)))


def test_labels_in_another_byte_order(rng):
    X = rng.normal(size=(30, 3))
    model = MLPClassifier((4,), max_iter=2).fit(X, (X[:, 0] > 0).astype(np.dtype(np.int32).newbyteorder("S")))
    assert model.classes_.dtype == model.predict(X).dtype == np.int32


@pytest.mark.parametrize("kind", ["fortran", "read-only", "strided", "reversed", "list", "int", "swapped"])
def test_any_layout_of_X(kind, rng):
    X = rng.integers(-3, 4, size=(40, 6)).astype(np.float64)
    y = X[:, 0] > 0
    wide = np.zeros((40, 12))
    wide[:, ::2] = X
    frozen = X.copy()
    frozen.flags.writeable = False
    other = {
        "fortran": np.asfortranarray(X),
        "read-only": frozen,
        "strided": wide[:, ::2],
        "reversed": X[::-1].copy()[::-1],
        "list": X.tolist(),
        "int": X.astype(np.int16),
        "swapped": X.astype(">f8"),
    }[kind]
    models = [MLPClassifier((4,), max_iter=3, random_state=0).fit(data, y) for data in (X, other)]
    assert models[0].loss_curve_ == models[1].loss_curve_
    np.testing.assert_array_equal(models[0].predict_proba(X), models[1].predict_proba(other))


def test_long_doubles(rng):
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, early_stopping=True, random_state=0)
    outputs = model.fit(X, y).predict(X)
    longer = X.astype(np.longdouble)
    model.fit(longer, y.astype(np.longdouble))
    np.testing.assert_array_equal(model.predict(longer), outputs)
    assert model.input_gradient(longer).shape == (40, 2, 3)
    assert model.score(longer, y.astype(np.longdouble)) == model.score(X, y)
    longer[1, 2] = np.finfo(np.longdouble).max
    if not np.isfinite(float(longer[1, 2])):
        with pytest.raises(ValueError, match=r"expected X to be finite, received: X\[1, 2\]=inf"):
            model.predict(longer)


def test_feature_names():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    model = MLPClassifier((2,), max_iter=1).fit(frame, [0, 1, 0])
    assert model.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "c"}))


def test_rows_of_a_file(tmp_path, rng):
    X = rng.normal(size=(40, 6))
    np.save(tmp_path / "X.npy", X)
    y = X[:, 0] > 0
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    models = [MLPClassifier((4,), max_iter=3, random_state=0).fit(data, y) for data in (X, mapped)]
    assert models[0].loss_curve_ == models[1].loss_curve_
    np.testing.assert_array_equal(models[0].predict_proba(X), models[1].predict_proba(mapped))


def test_polars(rng):
    polars = pytest.importorskip("polars")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = rng.normal(size=(40, 2))
    frame, y = polars.DataFrame({"a": X[:, 0], "b": X[:, 1]}), np.where(X[:, 0] > 0, "more", "less")
    models = [
        MLPClassifier((4,), max_iter=3, random_state=0).fit(*data) for data in ((X, y), (frame, polars.Series(y)))
    ]
    # an older scikit-learn does not find them in a newer polars
    names = getattr(preprocessing.StandardScaler().fit(frame), "feature_names_in_", None)
    np.testing.assert_array_equal(getattr(models[1], "feature_names_in_", None), names)
    assert models[0].loss_curve_ == models[1].loss_curve_
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(frame))


def test_parts_of_scikit_learn_around_an_estimator(rng):
    """Its page for notebooks, frames out of a pipeline's steps, weights routed to fit."""
    sklearn = pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    from sklearn.model_selection import cross_validate
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = pandas.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    y = (frame["a"] > 0).to_numpy()
    model = MLPClassifier((4,), max_iter=3, random_state=0)
    assert "MLPClassifier" in model._repr_html_()
    pipeline = make_pipeline(StandardScaler(), model).set_output(transform="pandas").fit(frame, y)
    assert pipeline[-1].feature_names_in_.tolist() == ["a", "b"]
    weight = np.where(y, 1.0, 5.0)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = MLPClassifier(**model.get_params()).set_fit_request(sample_weight=True)
        routed.set_score_request(sample_weight=False)
        folds = [(np.arange(60), np.arange(60))]
        made = cross_validate(routed, frame, y, cv=folds, params={"sample_weight": weight}, return_estimator=True)
    weighed = MLPClassifier(**model.get_params()).fit(frame, y, sample_weight=weight)
    np.testing.assert_array_equal(made["estimator"][0].coefs_[0], weighed.coefs_[0])
    assert not np.array_equal(weighed.coefs_[0], pipeline[-1].coefs_[0])


@pytest.mark.parametrize("labels", [[3, 5, 9], [False, True], ["a", "b", "c"], [1.0, 2.0, 4.0]])
def test_score_is_accuracy(labels):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    X, y, weight = (
        random.normal(size=(60, 3)),
        np.array(labels)[random.integers(len(labels), size=60)],
        random.random(60),
    )
    model = MLPClassifier((4,), max_iter=3, random_state=0).fit(X, y)
    for truth in (y, y.tolist(), y.reshape(-1, 1)):
        assert model.score(X, truth) == metrics.accuracy_score(y, model.predict(X))
        assert model.score(X, truth, weight) == metrics.accuracy_score(y, model.predict(X), sample_weight=weight)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.score(X, y[:-1])


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "partial_fit"])
def test_indicator_matrices_in_columns(solver, rng):
    X, y = rng.normal(size=(40, 3)), np.array([np.arange(40) % 2, np.arange(40) % 3 == 0]).T
    assert not y.flags.c_contiguous
    if solver == "lbfgs":
        pytest.importorskip("sklearn")
    coefs = []
    for labels in (y, np.ascontiguousarray(y)):
        model = MLPClassifier((4,), max_iter=3, random_state=0)
        if solver == "partial_fit":
            model.partial_fit(X, labels, classes=[0, 1]).partial_fit(X, labels)
        else:
            model.set_params(solver=solver).fit(X, labels)
        coefs.append(model.coefs_[0])
    np.testing.assert_array_equal(*coefs)
