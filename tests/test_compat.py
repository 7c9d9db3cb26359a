"""The estimators' footing: the same answers on scikit-learn and on the stand-ins."""

import json
import subprocess
import sys

import numpy as np
import pytest

from fastnn import compat, standin_scores, standins

# Prints what the estimators do, as JSON; sys.argv[1] says whether scikit-learn and scipy can be imported.
SCRIPT = """
import json, pickle, sys, tempfile, warnings
if sys.argv[1] == "without":
    sys.modules["sklearn"] = sys.modules["scipy"] = None
import numpy as np
import fastnn
from fastnn import MLPClassifier, MLPRegressor
from fastnn.compat import WITH_SKLEARN, ConvergenceWarning

warnings.simplefilter("ignore", ConvergenceWarning)
generator = np.random.default_rng(0)
X = generator.normal(size=(120, 5))
score = X[:, 0] + X[:, 1] ** 2
targets = {
    "strings": np.where(score > 1, "high", "low"),
    "booleans": score > 1,
    "several": np.digitize(score, [0, 1, 2]),
    "indicator": np.column_stack([score > 1, score < 0]).astype(int),
    "number": score,
    "numbers": np.column_stack([score, -score]),
}
weight = generator.uniform(0.5, 2, size=len(X))
report = {"with": WITH_SKLEARN, "loaded": "sklearn" in sys.modules and sys.modules["sklearn"] is not None}
for name, y in targets.items():
    estimator = MLPRegressor if name.startswith("number") else MLPClassifier
    for early in (False, True):
        model = estimator(hidden_layer_sizes=(8,), max_iter=5, random_state=1, early_stopping=early)
        model.fit(X, y, sample_weight=weight)
        model = pickle.loads(pickle.dumps(model))
        report[f"{name} {early}"] = [
            model.loss_curve_,
            # scores are added up in another order
            [round(score, 9) for score in model.validation_scores_ or []],
            model.predict(X).tolist(),
            round(model.score(X, y, sample_weight=weight), 9),
            " ".join(repr(model).split()),  # scikit-learn breaks its lines
        ]
online = MLPClassifier(hidden_layer_sizes=4, random_state=0)
for start in range(0, 120, 40):
    online.partial_fit(X[start : start + 40], targets["strings"][start : start + 40], classes=["low", "high"])
report["partial"] = [online.loss_curve_, online.classes_.tolist(), online.predict_proba(X).tolist()]
with tempfile.TemporaryDirectory() as folder:  # what only a fit needs is not asked for
    online.set_params(solver="lbfgs", early_stopping_metric="f1").save(f"{folder}/model")
    report["loaded lbfgs"] = fastnn.load(f"{folder}/model").predict_proba(X).tolist()
if not WITH_SKLEARN:
    class Sparse:
        nnz, shape, toarray = 1, X.shape, None
    class Frame:
        iloc = None
    report["refused"] = []
    tries = [({"solver": "lbfgs"}, X), ({}, Sparse()), ({}, Frame()), ({"early_stopping_metric": "f1"}, X)]
    for settings, rows in tries:
        try:
            MLPClassifier(max_iter=1, early_stopping=True, **settings).fit(rows, targets["booleans"])
        except ImportError as error:
            report["refused"].append(str(error))
json.dump(report, sys.stdout)
"""


def run_script(which):
    done = subprocess.run([sys.executable, "-c", SCRIPT, which], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_same_results_without_scikit_learn():
    without = run_script("without")
    assert not without["with"]
    assert not without["loaded"]
    refused = without.pop("refused")
    assert len(refused) == 4
    assert all('pip install "fastnn-mlp[sklearn]"' in message for message in refused)
    if compat.WITH_SKLEARN:
        with_it = run_script("with")
        assert with_it["with"]
        for name in without.keys() - {"with", "loaded"}:
            assert json.dumps(without[name]) == json.dumps(with_it[name]), name


def test_real_subclasses_where_scikit_learn_is_installed():
    base = pytest.importorskip("sklearn.base")
    from fastnn import MLPClassifier, MLPRegressor

    assert isinstance(MLPClassifier(), base.BaseEstimator)
    assert base.is_classifier(MLPClassifier())
    assert base.is_regressor(MLPRegressor())


def test_old_scikit_learn_is_named():
    code = (
        "import sys, types, importlib.machinery\n"
        "for name in ('sklearn', 'sklearn.utils', 'sklearn.utils.validation'):\n"
        "    module = sys.modules[name] = types.ModuleType(name)\n"
        "    module.__spec__ = importlib.machinery.ModuleSpec(name, None)\n"
        "    module.__path__ = []\n"
        "    module.__version__ = '1.5.2'\n"
        "import fastnn.compat\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "need scikit-learn 1.6 or newer, or none at all; found 1.5.2" in done.stderr


# ---- stand-ins against the originals ------------------------------------------------------------------------------

TARGETS = {
    "binary": [0, 1, 1, 0],
    "one class": [3, 3, 3],
    "strings": ["a", "b", "c"],
    "objects": np.array(["a", "bc", "a"], dtype=object),
    "booleans": [True, False],
    "whole floats": [0.0, 1.0, 2.0],
    "continuous": [0.5, 1.0],
    "column": [[1], [2], [3]],
    "indicator": [[0, 1], [1, 1]],
    "two columns": [[0, 1], [2, 1]],
    "two real columns": [[0.5, 1], [2, 1]],
}


@pytest.mark.parametrize("name", TARGETS)
def test_type_of_target(name):
    multiclass = pytest.importorskip("sklearn.utils.multiclass")
    y = np.asarray(TARGETS[name])
    kind = multiclass.type_of_target(y)
    assert standins.type_of_target(y) == kind
    if kind in ("binary", "multiclass", "multilabel-indicator"):
        ours, theirs = standins.unique_labels(y), multiclass.unique_labels(y)
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    else:
        with pytest.raises(ValueError, match="Unknown label type"):
            standins.unique_labels(y)


@pytest.mark.parametrize("where", [standins, compat], ids=["ours", "theirs"])
def test_bytes_are_no_labels(where):
    with pytest.raises(TypeError, match="Support for labels represented as bytes is not supported"):
        where.type_of_target(np.array([b"a", b"b"]))


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("n", [10, 37, 200])
@pytest.mark.parametrize("seed", range(5))
def test_split_draws_the_same_rows(stratified, n, seed):
    selection = pytest.importorskip("sklearn.model_selection")
    rows = np.arange(n)
    # three classes in proportions that leave equal remainders, which are settled by a draw
    labels = (rows % 3)[:, np.newaxis] if stratified else None
    parts = []
    for split in (selection.train_test_split, standins.train_test_split):
        generator = np.random.RandomState(seed)
        parts.append(
            [*split(rows, test_size=0.33, random_state=generator, stratify=labels), generator.randint(1 << 30)]
        )
    for theirs, ours in zip(*parts, strict=True):
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize(
    ("y", "test_size", "message"),
    [
        ([0, 0, 0, 1], 0.5, "least populated class"),
        ([0, 0, 1, 1, 2, 2], 0.2, "test_size = 2 should be greater or equal to the number of classes = 3"),
        ([0, 0, 1, 1], 0.0, "test_size"),
        ([0, 0, 1, 1], 0.99, "train set will be empty"),
    ],
)
def test_split_that_cannot_be(y, test_size, message):
    splits = [standins.train_test_split]
    if compat.WITH_SKLEARN:
        splits.append(compat.train_test_split)
    for split in splits:
        with pytest.raises(ValueError, match=message):
            split(np.arange(len(y)), test_size=test_size, random_state=np.random.RandomState(0), stratify=np.array(y))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("columns", [1, 3])
def test_scores(weighted, columns, rng):
    metrics = pytest.importorskip("sklearn.metrics")
    weight = rng.uniform(size=30) if weighted else None
    truth = rng.normal(size=(30, columns)).squeeze()
    guess = truth + rng.normal(size=truth.shape)
    ours = standin_scores.r2_score(truth, guess, sample_weight=weight)
    assert ours == pytest.approx(metrics.r2_score(truth, guess, sample_weight=weight), rel=1e-12)
    labels, read = (truth > 0).astype(int), (guess > 0).astype(int)
    ours = standin_scores.accuracy_score(labels, read, sample_weight=weight)
    assert ours == pytest.approx(metrics.accuracy_score(labels, read, sample_weight=weight), rel=1e-12)


@pytest.mark.parametrize(("truth", "guess"), [([2.0, 2.0], [2.0, 2.0]), ([2.0, 2.0], [2.0, 3.0])])
def test_r2_of_a_constant(truth, guess):
    metrics = pytest.importorskip("sklearn.metrics")
    assert standin_scores.r2_score(truth, guess) == metrics.r2_score(truth, guess)


def test_r2_of_one_row_is_undefined():
    with pytest.warns(standin_scores.UndefinedMetricWarning, match="two samples"):
        assert np.isnan(standin_scores.r2_score([1.0], [1.0]))


LABELS, NUMBERS = np.array([0, 1, 2, 1]), np.array([0.5, 1.0, 2.5, 1.5])


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize(
    ("score", "truth", "guess", "weight"),
    [
        ("accuracy_score", None, LABELS, None),
        ("accuracy_score", LABELS[:3], LABELS, None),
        ("accuracy_score", LABELS.astype(str), LABELS, None),
        ("accuracy_score", np.full(4, np.nan), LABELS, None),
        ("accuracy_score", np.eye(4, dtype=int), LABELS, None),
        ("accuracy_score", np.eye(4, dtype=int)[:, :3], np.eye(4, dtype=int), None),
        ("accuracy_score", NUMBERS, LABELS, None),
        ("accuracy_score", LABELS, LABELS, [1, 2]),
        ("accuracy_score", LABELS, LABELS, [1, 2, 3, np.nan]),
        ("accuracy_score", LABELS, LABELS, 2.0),
        ("r2_score", None, NUMBERS, None),
        ("r2_score", NUMBERS[:3], NUMBERS, None),
        ("r2_score", np.full(4, np.nan), NUMBERS, None),
        ("r2_score", np.ones((4, 2)), NUMBERS, None),
        ("r2_score", NUMBERS, NUMBERS, [1, 2]),
        ("r2_score", NUMBERS, NUMBERS, np.float64(2)),
    ],
)
def test_scores_refuse_what_scikit_learn_refuses(score, truth, guess, weight):
    metrics = pytest.importorskip("sklearn.metrics")
    for ours in (getattr(standin_scores, score), getattr(metrics, score)):
        with pytest.raises((ValueError, TypeError)):
            ours(truth, guess, sample_weight=weight)


def test_a_column_of_labels_is_scored_as_a_row():
    metrics = pytest.importorskip("sklearn.metrics")
    ours = standin_scores.accuracy_score(LABELS[:, None], LABELS[::-1])
    assert ours == metrics.accuracy_score(LABELS[:, None], LABELS[::-1])


class Estimator(standin_scores.ClassifierMixin, standins.BaseEstimator):
    def __init__(self, alpha=0.5, sizes=(1, 2)):
        self.alpha, self.sizes = alpha, sizes


def test_parameters_of_the_stand_in():
    estimator = Estimator(alpha=2)
    assert estimator.get_params() == {"alpha": 2, "sizes": (1, 2)}
    assert repr(estimator) == "Estimator(alpha=2)"
    assert estimator.set_params(sizes=(3,)) is estimator
    assert repr(estimator) == "Estimator(alpha=2, sizes=(3,))"
    with pytest.raises(ValueError, match=r"Invalid parameter 'beta' for estimator .* Valid parameters are"):
        estimator.set_params(beta=1)
    with pytest.raises(standins.NotFittedError, match="not fitted yet"):
        standins.check_is_fitted(estimator)


GOOD = np.ones((4, 2))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.ones(4), [0, 1, 0, 1], "Expected 2D array, got 1D"),
        (np.ones((0, 2)), [], r"Found array with 0 sample\(s\)"),
        (np.ones((4, 0)), [0, 1, 0, 1], r"0 feature\(s\)"),
        (np.array([[1, np.nan]] * 4), [0, 1, 0, 1], "Input X contains NaN"),
        (np.array([[1, np.inf]] * 4), [0, 1, 0, 1], "Input X contains infinity"),
        (np.array([["a", "b"]] * 4), [0, 1, 0, 1], "could not convert string"),
        (GOOD * 1j, [0, 1, 0, 1], "Complex data not supported"),
        (GOOD, [0, 1, 0], "inconsistent numbers of samples"),
        (GOOD, [0, 1, np.nan, 1], "Input y contains NaN"),
        (GOOD, None, "requires y to be passed"),
    ],
)
def test_bad_data(X, y, message):
    with pytest.raises(ValueError, match=message):
        standins.validate_data(Estimator(), X, y)
    if compat.WITH_SKLEARN:
        from fastnn import MLPRegressor

        with pytest.raises(ValueError, match=message):
            compat.validate_data(MLPRegressor(), X, y, dtype=(np.float64, np.float32))


def test_other_number_of_features():
    estimator = Estimator()
    standins.validate_data(estimator, GOOD)
    with pytest.raises(ValueError, match="X has 3 features, but Estimator is expecting 2 features as input"):
        standins.validate_data(estimator, np.ones((4, 3)), reset=False)


@pytest.mark.parametrize("attribute", ["iloc", "columns"])  # of pandas; of polars, which has no other sign
def test_what_needs_scikit_learn_says_so(attribute):
    Frame = type("Frame", (), {attribute: None})
    with pytest.raises(ImportError, match=r"pip install .*fastnn-mlp\[sklearn\]"):
        standins.validate_data(Estimator(), Frame())


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones((4, 1)), "Sample weights must be 1D array or scalar"),
        (np.ones(3), r"sample_weight.shape == \(3,\), expected \(4,\)"),
        (np.array([1, np.nan, 1, 1]), "contains NaN"),
    ],
)
def test_bad_weights(weight, message):
    for check in {standins.check_sample_weight, compat.check_sample_weight}:
        with pytest.raises(ValueError, match=message):
            check(weight, GOOD)


def test_one_weight_for_all():
    np.testing.assert_array_equal(standins.check_sample_weight(2.0, GOOD), [2.0] * 4)
    with pytest.raises(ValueError, match="at least one non-zero"):
        standins.check_sample_weight(np.zeros(4), GOOD)


def test_column():
    for y in (np.ones((4, 1)), np.ones(4)):
        assert standins.column_or_1d(y).shape == (4,)
    with pytest.raises(ValueError, match="1d array"):
        standins.column_or_1d(GOOD)
