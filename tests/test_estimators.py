"""MLPClassifier and MLPRegressor: scikit-learn's numbers, its books, its errors, and the state behind them."""

import copy
import importlib
import inspect
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier, MLPRegressor
from fastnn.compat import WITH_SKLEARN, ConvergenceWarning, InvalidParameterError

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
needs_sklearn = pytest.mark.skipif(not WITH_SKLEARN, reason="compares with scikit-learn")

ROWS = 130  # two batches of 64 and a partial one
SOLVERS = {
    "adam": {"solver": "adam"},
    "sgd": {"solver": "sgd", "momentum": 0},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "momentum": 0.8},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2},
}
TASKS = ("binary", "several", "indicator", "number", "numbers", "counts")


def make_task(name, dtype="float64"):
    """Return the estimator's name, its arguments, X and y."""
    generator = np.random.default_rng(TASKS.index(name))
    X = generator.normal(size=(ROWS, 7)).astype(dtype)
    score = X[:, 0] - X[:, 1] * X[:, 2]
    if name in ("number", "numbers", "counts"):
        y = {
            "number": score,
            "numbers": np.column_stack([score, X[:, 3], -score]),
            "counts": np.floor(np.exp(score.clip(-3, 2))),
        }[name]
        return "MLPRegressor", {"loss": "poisson"} if name == "counts" else {}, X, y
    y = {
        "binary": np.where(score > 0, "yes", "no"),
        "several": np.digitize(score, [-1, 0, 1]) * 10,
        "indicator": np.column_stack([score > 0, X[:, 3] > 1]).astype(int),
    }[name]
    return "MLPClassifier", {}, X, y


def fit_both(task, dtype="float64", sample_weight=None, **settings):
    """Fit scikit-learn's estimator and ours alike."""
    neural_network = pytest.importorskip("sklearn.neural_network")
    name, more, X, y = make_task(task, dtype)
    settings = {"hidden_layer_sizes": (9, 5), "batch_size": 64, "max_iter": 20, "random_state": 3} | more | settings
    models = [getattr(module, name)(**settings) for module in (neural_network, fastnn)]
    for model in models:
        model.fit(X, y, sample_weight=sample_weight)
    return *models, X, y


def assert_same_course(theirs, ours, X, tolerance):
    def close(a, b):
        norm = np.linalg.norm(np.ravel(b))
        assert np.linalg.norm(np.ravel(a) - np.ravel(b)) <= tolerance * norm

    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert len(ours.loss_curve_) == len(theirs.loss_curve_)
    close(ours.loss_curve_, theirs.loss_curve_)
    close(ours.loss_, theirs.loss_)
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert mine.dtype == other.dtype
            close(mine, other)
    for name in ("validation_scores_", "best_validation_score_", "best_loss_"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert (mine is None) == (other is None)
        if other is not None:
            close(mine, other)
    for name in ("n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name)
    mine, other = ours.predict(X), theirs.predict(X)
    assert mine.shape == other.shape
    if hasattr(ours, "classes_"):
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        np.testing.assert_array_equal(mine, other)
        close(ours.predict_proba(X), theirs.predict_proba(X))
        close(ours.predict_log_proba(X), theirs.predict_log_proba(X))
    else:
        close(mine, other)


# ---- the same numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_activations_follow_scikit_learn(task, activation):
    theirs, ours, X, _ = fit_both(task, activation=activation)
    assert_same_course(theirs, ours, X, 1e-8)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_solvers_follow_scikit_learn(task, solver, early_stopping):
    settings = {"activation": "tanh", "learning_rate_init": 0.01, "alpha": 0.1, "early_stopping": early_stopping}
    theirs, ours, X, _ = fit_both(task, **settings | SOLVERS[solver])
    assert_same_course(theirs, ours, X, 1e-8)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_weights_follow_scikit_learn(task, early_stopping, rng):
    weight = rng.uniform(0.1, 3, size=ROWS)
    theirs, ours, X, _ = fit_both(task, sample_weight=weight, early_stopping=early_stopping, alpha=0.1)
    assert_same_course(theirs, ours, X, 1e-8)


@pytest.mark.parametrize("task", TASKS)
def test_single_precision_follows_scikit_learn(task):
    theirs, ours, X, _ = fit_both(task, dtype="float32", activation="tanh")
    assert ours.coefs_[0].dtype == np.float32
    name = "predict_proba" if hasattr(ours, "classes_") else "predict"
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-3)
    np.testing.assert_allclose(getattr(ours, name)(X), getattr(theirs, name)(X), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"shuffle": False},
        {"batch_size": "auto"},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 4},
        {"hidden_layer_sizes": np.array([4, 3])},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"alpha": 0.0},
        {"n_iter_no_change": np.inf},
        {"max_iter": 500, "tol": 0.01, "n_iter_no_change": 3},
    ],
    ids=str,
)
def test_arguments_follow_scikit_learn(settings):
    theirs, ours, X, _ = fit_both("several", **settings)
    assert_same_course(theirs, ours, X, 1e-8)


@needs_sklearn
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("solver", ["adam", "nesterov"])
def test_partial_fit_follows_scikit_learn(task, solver):
    from sklearn import neural_network

    name, more, X, y = make_task(task)
    settings = {"hidden_layer_sizes": (6,), "random_state": 5, "batch_size": 16} | more | SOLVERS[solver]
    models = [getattr(module, name)(**settings) for module in (neural_network, fastnn)]
    for epoch in range(6):
        rows = slice(epoch % 2 * 50, epoch % 2 * 50 + 45)
        for model in models:
            first = (
                {"classes": np.arange(2) if task == "indicator" else np.unique(y)} if name == "MLPClassifier" else {}
            )
            model.partial_fit(X[rows], y[rows], **first)
    assert_same_course(*models, X, 1e-8)


@needs_sklearn
@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_follows_scikit_learn(early_stopping):
    from sklearn import neural_network

    _, _, X, y = make_task("several")
    settings = {"warm_start": True, "max_iter": 3, "random_state": 1, "early_stopping": early_stopping}
    models = [module.MLPClassifier((6,), **settings) for module in (neural_network, fastnn)]
    for alpha in (0.0, 1.0, 1.0):
        for model in models:
            model.set_params(alpha=alpha).fit(X, y)
    assert_same_course(*models, X, 1e-8)


@needs_sklearn
@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "sgd", "learning_rate": "adaptive"}])
def test_prints_what_scikit_learn_prints(settings, capsys):
    from sklearn import neural_network

    _, _, X, y = make_task("binary")
    printed = []
    for module in (neural_network, fastnn):
        module.MLPClassifier((3,), verbose=True, tol=0.1, n_iter_no_change=2, random_state=0, **settings).fit(X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Iteration 1, loss = " in printed[1]


@needs_sklearn
@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_same_constructor(name):
    from sklearn import neural_network

    theirs, ours = (inspect.signature(getattr(module, name)).parameters for module in (neural_network, fastnn))
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]
    assert repr(getattr(fastnn, name)(alpha=0.5)) == repr(getattr(neural_network, name)(alpha=0.5))


# ---- labels and kinds of X ----------------------------------------------------------------------------------------


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


def test_feature_names():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    model = MLPClassifier((2,), max_iter=1).fit(frame, [0, 1, 0])
    assert model.feature_names_in_.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "c"}))


# ---- state --------------------------------------------------------------------------------------------------------


def fitted(**settings):
    _, _, X, y = make_task("several")
    return MLPClassifier((5,), **{"max_iter": 3, "random_state": 0} | settings).fit(X, y), X, y


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


def test_fit_starts_anew():
    model, X, y = fitted()
    first = model.loss_curve_
    assert model.fit(X, y).loss_curve_ == first
    assert model.fit(X[:, :4], y).n_features_in_ == 4


def test_an_interrupt_leaves_a_usable_model(monkeypatch):
    _, _, X, y = make_task("several")
    model = MLPClassifier((5,), max_iter=50, random_state=0)
    note = MLPClassifier._note_loss

    def interrupt(self):
        note(self)
        if self.n_iter_ == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(MLPClassifier, "_note_loss", interrupt)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X, y)
    assert model.n_iter_ == 2
    assert model.predict(X).shape == y.shape


def test_random_state_moves_on():
    """A RandomState is used, not copied: two fits draw different weights."""
    _, _, X, y = make_task("binary")
    model = MLPClassifier((3,), max_iter=1, random_state=np.random.RandomState(0))
    assert model.fit(X, y).loss_curve_ != model.fit(X, y).loss_curve_


# ---- errors and warnings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"alpha": -1}, "a float in the range [0.0, inf)"),
        ({"alpha": "small"}, "a float in the range [0.0, inf)"),
        ({"learning_rate_init": 0}, "a float in the range (0.0, inf)"),
        ({"momentum": 1.5}, "a float in the range [0.0, 1.0]"),
        ({"beta_1": 1.0}, "a float in the range [0.0, 1.0)"),
        ({"validation_fraction": float("nan")}, "a float in the range [0.0, 1.0)"),
        ({"max_iter": 0}, "an int in the range [1, inf)"),
        ({"max_iter": 2.5}, "an int in the range [1, inf)"),
        ({"shuffle": "yes"}, "an instance of 'bool' or an instance of 'numpy.bool'"),
        ({"hidden_layer_sizes": -3}, "an array-like or an int in the range [1, inf)"),
        (
            {"random_state": -1},
            "an int in the range [0, 4294967295], an instance of 'numpy.random.mtrand.RandomState' or None",
        ),
        ({"activation": "gelu"}, "a str among {'identity', 'logistic', 'relu', 'tanh'}"),
        ({"batch_size": "all"}, "a str among {'auto'} or an int in the range [1, inf)"),
    ],
    ids=str,
)
def test_bad_arguments(settings, expected):
    _, _, X, y = make_task("binary")
    ((name, value),) = settings.items()
    message = f"The {name!r} parameter of MLPClassifier must be {expected}. Got {value!r} instead."
    with pytest.raises(InvalidParameterError) as caught:
        MLPClassifier(**settings).fit(X, y)
    assert str(caught.value) == message
    if WITH_SKLEARN and name != "activation":  # a set's order is not scikit-learn's to keep
        from sklearn import neural_network

        with pytest.raises(InvalidParameterError) as caught:
            neural_network.MLPClassifier(**settings).fit(X, y)
        assert str(caught.value) == message


BAD_FITS = [
    ("MLPClassifier", {"hidden_layer_sizes": (4, 0)}, {}, "hidden_layer_sizes must be > 0"),
    ("MLPClassifier", {}, {"y": np.linspace(0, 1, ROWS)}, "Unknown label type"),
    ("MLPClassifier", {}, {"y": np.arange(2 * ROWS).reshape(ROWS, 2)}, "Multioutput target data is not supported"),
    ("MLPClassifier", {}, {"y": np.arange(3)}, "inconsistent numbers of samples"),
    ("MLPClassifier", {}, {"X": np.full((ROWS, 2), np.nan)}, "contains NaN"),
    ("MLPRegressor", {}, {"y": np.full(ROWS, np.inf)}, "contains infinity"),
    ("MLPRegressor", {"early_stopping": True, "validation_fraction": 0.001}, {}, "validation set is too small"),
    ("MLPRegressor", {}, {"sample_weight": np.ones(3)}, "sample_weight.shape"),
    ("MLPRegressor", {"solver": "sgd", "learning_rate_init": 1e8}, {}, "non-finite parameter weights"),
]


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
@pytest.mark.parametrize(("name", "settings", "data", "message"), BAD_FITS, ids=lambda value: None)
def test_bad_fits(name, settings, data, message):
    _, _, X, y = make_task("binary" if name == "MLPClassifier" else "number")
    modules = [fastnn]
    if WITH_SKLEARN:
        modules.append(importlib.import_module("sklearn.neural_network"))
    for module in modules:
        with pytest.raises(ValueError, match=message):
            getattr(module, name)(**{"max_iter": 5} | settings).fit(**{"X": X, "y": y} | data)


def test_what_is_refused():
    _, _, X, y = make_task("binary")
    with pytest.raises(ValueError, match=r"solver='adam' or solver='sgd', received: solver='lbfgs'"):
        MLPClassifier(solver="lbfgs").fit(X, y)
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="dense data is required"):
        MLPClassifier().fit(sparse.csr_matrix(X), y)
    with pytest.raises(TypeError, match="dense data is required"):
        MLPClassifier().fit(X, sparse.csr_matrix(np.eye(ROWS, 3, dtype=int)))


def test_weights_of_a_batch_that_sum_to_zero():
    _, _, X, y = make_task("binary")
    weight = np.ones(ROWS)
    weight[:10] = 0
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        MLPClassifier((3,), batch_size=10, shuffle=False).fit(X, y, sample_weight=weight)


def test_partial_fit_needs_its_classes():
    _, _, X, y = make_task("several")
    model = MLPClassifier((3,))
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, y)
    model.partial_fit(X[:20], np.full(20, 10), classes=np.unique(y))
    model.partial_fit(X, y)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit(X, y, classes=[1, 2])
    with pytest.raises(ValueError, match="has classes not in"):
        model.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="does not support early_stopping"):
        MLPClassifier(early_stopping=True).partial_fit(X, y, classes=np.unique(y))


def test_warm_start_needs_the_same_classes():
    model, X, y = fitted(warm_start=True)
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
        model.fit(X[y > 0], y[y > 0])


def test_not_fitted():
    with pytest.raises((ValueError, AttributeError), match="not fitted yet"):
        MLPClassifier().predict([[1.0]])
    with pytest.raises((ValueError, AttributeError), match="not fitted yet"):
        MLPRegressor().predict([[1.0]])


def test_warnings():
    _, _, X, y = make_task("binary")
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        MLPClassifier(max_iter=2).fit(X, y)
    with pytest.warns(UserWarning, match="going to be clipped"):
        MLPClassifier(max_iter=2, batch_size=ROWS + 1).fit(X, y)
    with pytest.warns(UserWarning, match="column-vector"):
        MLPClassifier(max_iter=2).fit(X, y[:, np.newaxis])


# ---- quality, documentation ---------------------------------------------------------------------------------------


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
