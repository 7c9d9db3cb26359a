"""The estimators inside scikit-learn's own tools, on real data: pipelines, searches, ensembles, displays.

The files of Adult and of the Californian houses lie in the folder that FASTNN_DATA names.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from fastnn import MLPClassifier, MLPRegressor

pytest.importorskip("sklearn")
pandas = pytest.importorskip("pandas")

from sklearn import calibration, datasets, ensemble, inspection, metrics, model_selection, multioutput  # noqa: E402
from sklearn.compose import make_column_selector, make_column_transformer  # noqa: E402
from sklearn.decomposition import PCA  # noqa: E402
from sklearn.dummy import DummyClassifier  # noqa: E402
from sklearn.experimental import enable_halving_search_cv  # noqa: E402, F401
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.neural_network import MLPClassifier as SklearnClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer"),
    pytest.mark.filterwarnings("ignore:scipy.optimize"),  # of what an older LogisticRegression asks a newer SciPy
]

DATA = Path(os.environ.get("FASTNN_DATA", Path(__file__).resolve().parents[2] / "data"))
SMALL = {"hidden_layer_sizes": (16,), "batch_size": 32, "learning_rate_init": 0.01, "max_iter": 15, "random_state": 0}


def small_classifier(**settings):
    return MLPClassifier(**SMALL | settings)


def table(name, **options):
    """A file of the data, as a frame."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {path}; FASTNN_DATA says where the data is")
    return pandas.read_csv(path, **options)


@cache
def digits(rows=600):
    X, y = datasets.load_digits(return_X_y=True)
    return X[:rows] / 16, y[:rows]


@cache
def two_digits():
    """Threes and eights: two classes that are not told apart at a glance."""
    X, y = datasets.load_digits(return_X_y=True)
    chosen = np.isin(y, (3, 8))
    return X[chosen] / 16, np.where(y[chosen] == 8, "eight", "three")


@cache
def adult(rows):
    """Training and test rows of Adult: frames with '?' as missing, and the labels, whose dots the test file has."""
    options = {"header": None, "na_values": "?", "skipinitialspace": True, "nrows": rows}
    frames = [table(f"adult-{part}.csv.gz", **options) for part in ("train", "test")]
    for frame in frames:
        frame.columns = [f"column {column}" for column in frame.columns]
    labels = [frame.pop(frame.columns[-1]).str.rstrip(".").to_numpy(dtype=str) for frame in frames]
    return frames[0], labels[0], frames[1], labels[1]


@cache
def houses(rows=1500):
    """Median income, age, longitude and latitude of districts; their house values in units of 100000."""
    frame = table("california-housing.csv.gz").sample(rows, random_state=0)
    columns = ["median_income", "housing_median_age", "longitude", "latitude"]
    return StandardScaler().fit_transform(frame[columns]), frame["median_house_value"].to_numpy() / 1e5


def adult_pipeline(**settings):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore")
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (words, make_column_selector(dtype_exclude="number"))
    )
    return make_pipeline(columns, small_classifier(**settings))


def check_adult(rows, least, **settings):
    X, y, X_test, y_test = adult(rows)
    assert X.isna().any().any()
    assert set(y) == set(y_test) == {"<=50K", ">50K"}
    model = adult_pipeline(**settings).fit(X, y)
    assert set(model.classes_) == set(y)
    often = DummyClassifier().fit(X, y).score(X_test, y_test)
    assert model.score(X_test, y_test) >= max(least, often + 0.03)


def test_adult():
    check_adult(2000, 0.81, max_iter=8)


@pytest.mark.slow
def test_all_of_adult():
    check_adult(None, 0.85, alpha=1e-3, learning_rate_init=1e-3)


def test_ten_folds():
    scores = model_selection.cross_val_score(small_classifier(), *digits(), cv=10)
    assert scores.shape == (10,)
    assert scores.min() >= 0.8
    assert scores.mean() >= 0.9


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_grid_search(backend):
    """In threads and in processes: what is found is what one job finds."""
    from joblib import parallel_backend

    grid = {"alpha": [1e-4, 10.0], "hidden_layer_sizes": [(8,), (16,)]}
    model = small_classifier(max_iter=6)
    expected = model_selection.GridSearchCV(model, grid, cv=3).fit(*digits())
    with parallel_backend(backend, n_jobs=2):
        search = model_selection.GridSearchCV(model, grid, cv=3, n_jobs=2).fit(*digits())
    assert search.best_params_ == expected.best_params_
    for split in range(3):
        key = f"split{split}_test_score"
        np.testing.assert_array_equal(search.cv_results_[key], expected.cv_results_[key])
    assert search.best_params_ == {"alpha": 1e-4, "hidden_layer_sizes": (16,)}
    assert search.score(*digits()) >= 0.9


def test_random_search():
    from scipy.stats import loguniform

    space = {"learning_rate_init": loguniform(1e-4, 1e-1), "activation": ["relu", "tanh"]}
    search = model_selection.RandomizedSearchCV(small_classifier(), space, n_iter=5, cv=3, random_state=0)
    search.fit(*digits())
    scores = search.cv_results_["mean_test_score"]
    assert search.best_score_ == scores.max() >= 0.8
    assert np.ptp(scores) > 0.1  # the rate matters


def test_halving_search():
    search = model_selection.HalvingGridSearchCV(
        small_classifier(),
        {"learning_rate_init": [1e-5, 1e-4, 1e-3, 1e-2]},
        resource="max_iter",
        min_resources=3,
        max_resources=12,
        factor=2,
        cv=3,
        random_state=0,
    ).fit(*digits())
    assert search.n_resources_ == [3, 6, 12]
    assert search.best_params_ == {"learning_rate_init": 1e-2, "max_iter": 12}
    assert search.best_estimator_.n_iter_ == 12


@pytest.mark.parametrize(
    "whole",
    [
        lambda: ensemble.BaggingClassifier(small_classifier(), 4, max_samples=0.6, random_state=0),
        lambda: ensemble.BaggingClassifier(small_classifier(), 4, n_jobs=2, random_state=0),
        lambda: ensemble.AdaBoostClassifier(small_classifier(), n_estimators=4, random_state=0),
        lambda: ensemble.VotingClassifier(
            [("mlp", small_classifier()), ("line", LogisticRegression(max_iter=500))], voting="soft"
        ),
        lambda: ensemble.StackingClassifier(
            [("mlp", small_classifier()), ("wide", small_classifier(hidden_layer_sizes=(32,)))], cv=3
        ),
        lambda: calibration.CalibratedClassifierCV(small_classifier(), cv=3),
    ],
    ids=["bagging", "bagging-jobs", "boosting", "voting", "stacking", "calibrated"],
)
def test_ensembles(whole):
    """A few networks are better than a coin by far, and their probabilities are probabilities."""
    X, y = two_digits()
    train, test = slice(0, 240), slice(240, None)
    model = whole().fit(X[train], y[train])
    assert model.score(X[test], y[test]) >= 0.9
    probabilities = model.predict_proba(X[test])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(X[test]))


def test_boosting_weighs_rows():
    """The second network is trained on other weights than the first."""
    X, y = two_digits()
    boosted = ensemble.AdaBoostClassifier(small_classifier(max_iter=3), n_estimators=2, random_state=0).fit(X, y)
    alone = small_classifier(max_iter=3, random_state=boosted.estimators_[1].random_state).fit(X, y)
    assert not np.allclose(boosted.estimators_[1].coefs_[0], alone.coefs_[0])


def test_outputs_one_by_one():
    X, price = houses()
    y = np.column_stack([price, -2 * price])
    model = MLPRegressor(**SMALL | {"max_iter": 40})
    several = multioutput.MultiOutputRegressor(model).fit(X, y)
    assert several.score(X, y) >= 0.55
    np.testing.assert_array_equal(several.predict(X)[:, 0], model.fit(X, price).predict(X))


def test_a_regressor_across_folds():
    X, price = houses()
    scores = model_selection.cross_val_score(MLPRegressor(**SMALL | {"max_iter": 40}), X, price, cv=3)
    assert scores.mean() > model_selection.cross_val_score(LinearRegression(), X, price, cv=3).mean()


def test_permutation_importance():
    X, price = houses()
    X = np.column_stack([X, np.random.default_rng(0).normal(size=len(X))])
    model = MLPRegressor(**SMALL | {"max_iter": 40}).fit(X, price)
    found = inspection.permutation_importance(model, X, price, n_repeats=3, random_state=0)
    assert found.importances_mean.argmin() == 4  # noise
    assert found.importances_mean[0] > 0.3  # income


def test_principal_components_and_whitening():
    X, y = datasets.load_digits(return_X_y=True)
    train, test = slice(400), slice(400, 800)
    model = make_pipeline(StandardScaler(), PCA(random_state=0), small_classifier())
    choices = {"pca__n_components": [2, 20], "pca__whiten": [False, True]}
    search = model_selection.GridSearchCV(model, choices, cv=3).fit(X[train], y[train])
    assert search.best_params_["pca__n_components"] == 20
    theirs = make_pipeline(*model[:-1], SklearnClassifier(**SMALL)).set_params(**search.best_params_)
    theirs.fit(X[train], y[train])
    assert np.mean(search.predict(X[test]) == theirs.predict(X[test])) >= 0.99
    for whiten in (False, True):
        model.set_params(pca__n_components=20, pca__whiten=whiten).fit(X[train], y[train])
        made = model[:-1].transform(X[train])
        np.testing.assert_array_equal(model[-1].fit(made, y[train]).predict(made), model.predict(X[train]))
        assert np.allclose(made.std(axis=0, ddof=1), 1.0) == whiten


@pytest.mark.parametrize("display", ["RocCurveDisplay", "PrecisionRecallDisplay"])
def test_curves_of_a_classifier(display):
    pyplot = figures()
    X, y = two_digits()
    model = small_classifier().fit(X[:200], y[:200])
    kind = getattr(metrics, display)
    drawn = kind.from_estimator(model, X[200:], y[200:], pos_label="three")
    twin = kind.from_predictions(y[200:], model.predict_proba(X[200:])[:, 1], pos_label="three")
    for name in ("fpr", "tpr") if display == "RocCurveDisplay" else ("precision", "recall"):
        np.testing.assert_array_equal(getattr(drawn, name), getattr(twin, name))
    area = drawn.roc_auc if display == "RocCurveDisplay" else drawn.average_precision
    assert area >= 0.95
    pyplot.close("all")


def figures():
    """matplotlib.pyplot without a screen."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def test_learning_curve():
    pyplot = figures()
    X, y = digits()
    drawn = model_selection.LearningCurveDisplay.from_estimator(
        small_classifier(), X, y, train_sizes=[60, 400], cv=3, shuffle=True, random_state=0
    )
    assert drawn.train_sizes.tolist() == [60, 400]
    few, many = drawn.test_scores.mean(axis=1)
    assert many > few + 0.1
    pyplot.close("all")


def test_tuned_threshold():
    X, y, X_test, y_test = adult(1500)
    numbers = [name for name in X.columns if X[name].dtype.kind in "if"]
    model = make_pipeline(MinMaxScaler(), small_classifier(max_iter=10))
    scorer = metrics.make_scorer(metrics.f1_score, pos_label=">50K")
    tuned = model_selection.TunedThresholdClassifierCV(model, scoring=scorer, cv=3, random_state=0)
    tuned.fit(X[numbers], y)
    plain = model.fit(X[numbers], y)
    assert 0 < tuned.best_threshold_ < 1
    rated = [metrics.f1_score(y_test, m.predict(X_test[numbers]), pos_label=">50K") for m in (tuned, plain)]
    assert rated[0] > rated[1]
