"""scikit-learn's numbers: losses, scores, weights and predictions of both, epoch by epoch."""

import inspect
import itertools
import warnings

import numpy as np
import pytest

from tests.estimators.side_by_side import (
    ACTIVATIONS,
    ROWS,
    SOLVERS,
    TASKS,
    assert_same_course,
    both,
    fit_both,
    make_task,
    needs_sklearn,
)

pytestmark = [pytest.mark.filterwarnings("ignore:Stochastic Optimizer"), needs_sklearn]

# What else may differ: every (solver, activation, task) meets one of these by default, chosen so that each of the three
# meets all of them, and all in the slow suite.
REST = [
    {"early_stopping": early, "shuffle": shuffle, "batch_size": batch, "weighted": weighted}
    for early, shuffle, batch, weighted in [
        (False, True, 64, False),
        (True, True, 48, True),
        (False, False, "auto", True),
        (True, False, 64, False),
        (False, True, ROWS, True),
        (True, True, 7, False),
        (False, False, 33, False),
    ]
]
#: The one combination of the whole product that scikit-learn itself cannot train.
DIVERGES = ("momentum", "identity", "tables", 7)
COMBINATIONS = [
    (solver, activation, task, (t + a + 2 * s) % len(REST))
    for s, solver in enumerate(SOLVERS)
    for a, activation in enumerate(ACTIVATIONS)
    for t, task in enumerate(TASKS)
]


def distances(one, other, X):
    """Return relative distances by norm: of the last loss, of each array, of what both predict."""
    name = "predict_proba" if hasattr(one, "classes_") else "predict"
    pairs = [(one.loss_, other.loss_), (getattr(one, name)(X), getattr(other, name)(X))]
    pairs += zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True)
    return np.array([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in pairs])


def check_course(solver, activation, task, early_stopping, shuffle, batch_size, weighted, dtype="float64"):
    """Fit both and compare: float64 to 1e-8, float32 to 1e-3.

    In float32 the paths of 'lbfgs' part by the order of sums: there ours may be as far from scikit-learn's as three
    times what scikit-learn, given the same rows in other orders, is from itself.
    """
    weight = np.random.default_rng(5).uniform(0.1, 3, size=ROWS) if weighted else None
    settings = {"learning_rate_init": 0.01, "alpha": 0.1, "activation": activation, "shuffle": shuffle}
    settings |= {"early_stopping": early_stopping, "batch_size": batch_size} | SOLVERS[solver]
    theirs, ours, X, _ = fit_both(task, dtype, sample_weight=weight, **settings)
    assert ours.n_iter_ > (10 if solver == "invscaling" else 3)
    if dtype == "float64":
        assert_same_course(theirs, ours, X, 1e-8)
        return
    made_of = {array.dtype for array in ours.coefs_ + ours.intercepts_}
    assert made_of == {array.dtype for array in theirs.coefs_ + theirs.intercepts_}
    assert made_of == {np.dtype(np.float64 if solver == "lbfgs" else np.float32)}
    assert ours.predict(X).dtype == theirs.predict(X).dtype
    assert ours.n_iter_ == theirs.n_iter_
    if solver == "lbfgs":
        generator = np.random.default_rng(0)
        orders = (generator.permutation(ROWS) for _ in range(4))
        others = [fit_both(task, dtype, sample_weight=weight, order=order, **settings)[0] for order in orders]
        spread = np.max([distances(other, theirs, X) for other in others], axis=0)
        assert (distances(ours, theirs, X) <= np.maximum(1e-3, 3 * spread)).all()
        return
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-3)
    for mine, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        assert np.linalg.norm(mine - other) <= 1e-3 * np.linalg.norm(other)
    name = "predict_proba" if hasattr(ours, "classes_") else "predict"
    np.testing.assert_allclose(getattr(ours, name)(X), getattr(theirs, name)(X), rtol=1e-3, atol=1e-3)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize(("solver", "activation", "task", "rest"), COMBINATIONS)
def test_every_combination_follows_scikit_learn(solver, activation, task, rest):
    check_course(solver, activation, task, **REST[rest])


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize(("solver", "activation", "task", "rest"), COMBINATIONS[::3])
def test_single_precision_follows_scikit_learn(solver, activation, task, rest):
    check_course(solver, activation, task, **REST[rest], dtype="float32")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rest", REST, ids=str)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_whole_product_follows_scikit_learn(solver, rest, dtype):
    for activation, task in itertools.product(ACTIVATIONS, TASKS):
        if (solver, activation, task, rest["batch_size"]) != DIVERGES:
            check_course(solver, activation, task, **rest, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_course_until_it_diverges(dtype):
    """Exponential outputs overflow in the second epoch: scikit-learn goes on with NaN, ours says so and stops."""
    solver, activation, task, batch_size = DIVERGES
    name, more, X, y = make_task(task, dtype)
    settings = {"hidden_layer_sizes": (9, 5), "max_iter": 20, "random_state": 3, "early_stopping": True}
    settings |= {"learning_rate_init": 0.01, "alpha": 0.1, "activation": activation, "batch_size": batch_size}
    theirs, ours = (kind(**settings | more | SOLVERS[solver]) for kind in both(name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs.fit(X, y)
    with pytest.warns(RuntimeWarning, match="Training diverged in epoch 2"):
        ours.fit(X, y)
    assert np.isnan(theirs.loss_curve_[1:]).all()
    tolerance = 1e-8 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_[:2], rtol=tolerance)
    np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_[:2], rtol=tolerance)
    for mine, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        assert np.linalg.norm(mine - other) <= tolerance * np.linalg.norm(other)
    ours.set_params(early_stopping=False, learning_rate_init=1e-6).partial_fit(X, y)  # its moments are new ones
    assert np.isfinite(ours.loss_)


@pytest.mark.parametrize(
    "settings",
    [
        {"shuffle": False},
        {"batch_size": "auto"},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 4},
        {"hidden_layer_sizes": np.array([4, 3])},
        {"hidden_layer_sizes": {4}},
        {"solver": "sgd", "momentum": True, "learning_rate_init": 1e-4},
        {"beta_1": False, "epsilon": True},
        {"learning_rate_init": True, "activation": "logistic"},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"alpha": 0.0},
        {"n_iter_no_change": np.inf},
        {"max_iter": 500, "tol": 0.01, "n_iter_no_change": 3},
        {"early_stopping": True, "validation_fraction": np.float32(0.1)},  # 13 of 130 rows, as a double 14
    ],
    ids=str,
)
def test_arguments_follow_scikit_learn(settings):
    theirs, ours, X, _ = fit_both("several", **settings)
    assert_same_course(theirs, ours, X, 1e-8)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("solver", ["adam", "nesterov"])
def test_partial_fit_follows_scikit_learn(task, solver):
    name, more, X, y = make_task(task)
    settings = {"hidden_layer_sizes": (6,), "random_state": 5, "batch_size": 16} | more | SOLVERS[solver]
    models = [kind(**settings) for kind in both(name)]
    for epoch in range(6):
        rows = slice(epoch % 2 * 50, epoch % 2 * 50 + 45)
        for model in models:
            first = (
                {"classes": np.arange(2) if task == "indicator" else np.unique(y)} if name == "MLPClassifier" else {}
            )
            model.partial_fit(X[rows], y[rows], **first)
    assert_same_course(*models, X, 1e-8)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("early_stopping", [False, True])
def test_partial_fit_of_a_regressor_with_lbfgs(early_stopping):
    """scikit-learn's has it, though its classifier has not: a fit that goes on from the last weights."""
    name, more, X, y = make_task("numbers")
    settings = {"solver": "lbfgs", "max_iter": 4, "random_state": 0, "early_stopping": early_stopping}
    models = [kind(hidden_layer_sizes=(6,), **settings | more) for kind in both(name)]
    for model in models:
        model.partial_fit(X[:80], y[:80]).partial_fit(X, y)
    assert_same_course(*models, X, 1e-8)
    assert [hasattr(kind(solver="lbfgs"), "partial_fit") for kind in both("MLPClassifier")] == [False, False]


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("task", ["binary", "indicator"])
@pytest.mark.parametrize("solver", ["adam", "nesterov", "lbfgs"])
def test_saturated_outputs_follow_scikit_learn(solver, task):
    """Their losses are logarithms of a few last bits, 1 - p: of SciPy's p or of another."""
    name, more, X, y = make_task(task)
    X = 25 * X
    settings = {"hidden_layer_sizes": (), "batch_size": 64, "random_state": 3, "tol": 0.0} | more
    start = both(name)[0](**settings, max_iter=1, learning_rate_init=1e-300).fit(X, y).predict_proba(X)
    wrong = start[y == "no", 1] if task == "binary" else start[y == 0]
    assert np.count_nonzero((wrong > 1 - 1e-13) & (wrong < 1)) >= 3
    assert_same_course(*(kind(**settings | SOLVERS[solver], max_iter=20).fit(X, y) for kind in both(name)), X, 1e-8)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_start_follows_scikit_learn(early_stopping):
    _, _, X, y = make_task("several")
    settings = {"warm_start": True, "max_iter": 3, "random_state": 1, "early_stopping": early_stopping}
    models = [kind((6,), **settings) for kind in both("MLPClassifier")]
    for alpha in (0.0, 1.0, 1.0):
        for model in models:
            model.set_params(alpha=alpha).fit(X, y)
    assert_same_course(*models, X, 1e-8)


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "sgd", "learning_rate": "adaptive"}])
def test_prints_what_scikit_learn_prints(settings, capsys):
    _, _, X, y = make_task("binary")
    printed = []
    for kind in both("MLPClassifier"):
        kind((3,), verbose=True, tol=0.1, n_iter_no_change=2, random_state=0, **settings).fit(X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Iteration 1, loss = " in printed[1]


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_same_constructor(name):
    theirs, ours = (inspect.signature(kind).parameters for kind in both(name))
    shared = list(ours.values())[: len(theirs)]
    assert [(p.name, p.kind, p.default) for p in shared] == [(p.name, p.kind, p.default) for p in theirs.values()]
    assert all(p.kind is p.KEYWORD_ONLY for p in list(ours.values())[len(theirs) :])
    theirs, ours = both(name)
    assert repr(ours(alpha=0.5)) == repr(theirs(alpha=0.5))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("task", ["binary", "several"])
@pytest.mark.filterwarnings("ignore:lbfgs failed")
def test_negative_weights(task, solver):
    """Their losses count against the others', within the bounds that the logarithm's argument has."""
    weight = np.where(np.arange(ROWS) % 7, 1.0, -0.3)
    theirs, ours, X, _ = fit_both(task, sample_weight=weight, solver=solver, max_iter=8)
    assert_same_course(theirs, ours, X, 1e-7)
