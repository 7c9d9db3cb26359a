"""MLPClassifier.save, MLPRegressor.save and fastnn.load, and training that goes on: by our files, pickle and joblib."""

import io
import json
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier, MLPRegressor, callbacks
from fastnn.compat import WITH_SKLEARN

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
FILES = Path(__file__).parents[1] / "files"
X = np.random.default_rng(1).normal(size=(90, 4))
LABELS = {
    "strings": np.array(["b", "a", "c"])[np.arange(90) % 3],
    "wide strings": np.array(["b", "a"], dtype="U9")[np.arange(90) % 2],
    "objects": np.array(["yes", "no"], dtype=object)[np.arange(90) % 2],
    "booleans": np.arange(90) % 2 == 0,
    "integers": np.arange(90) % 4 - 7,
    "bytes": (np.arange(90) % 3).astype(np.uint8),
    "floats": np.arange(90) % 3 / 1.0,
    "marks": np.column_stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 0]).astype(int),
}


def through_file(model, folder):
    model.save(folder / "model.safetensors", include_optimizer=True)
    return fastnn.load(folder / "model.safetensors")


def through_pickle(model, folder):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model, folder):
    joblib = pytest.importorskip("joblib")
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


WAYS = {"file": through_file, "pickle": through_pickle, "joblib": through_joblib}


@pytest.mark.parametrize("kind", LABELS)
def test_labels(kind, tmp_path):
    y = LABELS[kind]
    model = MLPClassifier((5,), max_iter=3, random_state=0, tol=1e9, n_iter_no_change=1).fit(X, y)
    loaded = through_file(model, tmp_path)
    assert loaded.classes_.dtype == model.classes_.dtype
    assert loaded.classes_.tolist() == model.classes_.tolist()
    predicted = loaded.predict(X)
    assert predicted.dtype == model.predict(X).dtype
    np.testing.assert_array_equal(predicted, model.predict(X))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.score(X, y) == model.score(X, y)


def comparable(model):
    """Attributes but for those that are made again; arrays as dtype, shape and bytes."""
    apart = ("_binding", "_random_state", "_optimizer", "_codec", "random_state")
    found = {}
    for name, value in vars(model).items():
        if name in apart:
            continue
        arrays = value if isinstance(value, list) and name in ("coefs_", "intercepts_") else [value]
        seen = [(v.dtype, v.shape, v.tobytes()) if isinstance(v, np.ndarray) else (type(v), v) for v in arrays]
        found[name] = seen
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "model",
    [
        MLPRegressor(loss="poisson", hidden_layer_sizes=(), max_iter=2, n_iter_no_change=np.inf),
        MLPRegressor(
            hidden_layer_sizes=[3, 4], solver="sgd", momentum=0, max_iter=4, early_stopping=True, random_state=2
        ),
        MLPClassifier(np.array([6]), solver="sgd", learning_rate="invscaling", max_iter=3, batch_size=7),
        MLPClassifier(5, solver="sgd", learning_rate="adaptive", max_iter=5, tol=1.0, n_iter_no_change=1),
    ],
    ids=["poisson", "early stopping", "invscaling", "adaptive"],
)
def test_everything_fitted(model, dtype, tmp_path):
    y = np.abs(X[:, 0]) if isinstance(model, MLPRegressor) else np.arange(90) % 3
    model.fit(X.astype(dtype), y)
    loaded = through_file(model, tmp_path)
    seen, expected = comparable(loaded), comparable(model)
    size = "hidden_layer_sizes"
    assert str(seen.pop(size)) == str(expected.pop(size))
    assert seen == expected
    solver, fitted = vars(loaded._optimizer), vars(model._optimizer)
    assert solver.pop("optimizer").get_config() == fitted["optimizer"].get_config()
    assert solver.pop("states").tobytes() == fitted["states"].tobytes()
    assert solver == {name: value for name, value in fitted.items() if name not in ("states", "optimizer")}
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_feature_names(tmp_path):
    pandas = pytest.importorskip("pandas")
    if not WITH_SKLEARN:
        pytest.skip("names of features are scikit-learn's")
    frame = pandas.DataFrame(X, columns=["width", "height", "depth", "größe"])
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, tol=1e9, n_iter_no_change=1).fit(frame, X[:, 0])
    loaded = through_file(model, tmp_path)
    assert loaded.feature_names_in_.tolist() == list(frame.columns)
    assert loaded.feature_names_in_.dtype == model.feature_names_in_.dtype
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame[frame.columns[::-1]])


def test_unfitted(tmp_path):
    loaded = through_file(MLPClassifier((7, 3), alpha=0.5, random_state=np.random.RandomState(3)), tmp_path)
    assert loaded.hidden_layer_sizes == (7, 3)
    assert loaded.alpha == 0.5
    assert loaded.random_state.randint(1 << 30) == np.random.RandomState(3).randint(1 << 30)
    assert not hasattr(loaded, "coefs_")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_goes_on(way, solver, tmp_path):
    """Bit by bit as without the interruption, the generator's state too."""
    whole, cut = (
        MLPClassifier((6,), solver=solver, random_state=np.random.RandomState(5), batch_size=20) for _ in range(2)
    )
    y = LABELS["strings"]
    for _ in range(4):
        whole.partial_fit(X, y, classes=np.unique(y))
    for _ in range(2):
        cut.partial_fit(X, y, classes=np.unique(y))
    cut = WAYS[way](cut, tmp_path)
    for _ in range(2):
        cut.partial_fit(X, y)
    assert comparable(cut) == comparable(whole)
    assert cut._optimizer.states.tobytes() == whole._optimizer.states.tobytes()


@pytest.mark.parametrize("way", WAYS)
def test_warm_start_goes_on(way, tmp_path):
    whole, cut = (
        MLPRegressor(hidden_layer_sizes=(6,), warm_start=True, random_state=np.random.RandomState(5), max_iter=3)
        for _ in range(2)
    )
    cut.fit(X, X[:, 0])
    cut = WAYS[way](cut, tmp_path).fit(X, X[:, 0])
    whole.fit(X, X[:, 0]).fit(X, X[:, 0])
    assert comparable(cut) == comparable(whole)
    assert whole.random_state.get_state()[2] == cut.random_state.get_state()[2]


def test_new_processes_go_on(tmp_path):
    """On other numbers of threads, by fastnn's files, pickle and joblib."""
    pytest.importorskip("joblib")

    def worker(folder, part, threads):
        command = [sys.executable, "-m", "tests.saving.estimator_worker", str(folder), part, str(threads)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=FILES.parents[1])
        return json.loads(done.stdout)

    def cut(first, second):
        folder = tmp_path / str(first)
        folder.mkdir()
        return worker(folder, "begin", first), worker(folder, "go on", second)

    with ThreadPoolExecutor() as pool:
        found = list(chain(*pool.map(cut, (1, 2), (2, 1))))
    for name, seen in found[0].items():
        assert [other[name] for other in found] == [seen] * 4, name
    assert len({seen for name, seen in found[0].items() if name.endswith("file")}) == len(found[0]) / 3


def test_gaussian_of_the_generator(tmp_path):
    """A RandomState keeps half of a pair of normal numbers."""
    source = np.random.RandomState(11)
    source.normal()
    loaded = through_file(MLPRegressor(random_state=source), tmp_path)
    assert loaded.random_state.normal() == source.normal()


OWN_CALLBACKS = [
    callbacks.EarlyStopping("loss", 0.25, patience=3, baseline=0.5, restore_best_weights=True),
    callbacks.StopAtTrainingMetric(0.125, mode="max"),
    callbacks.StopOnSmallChange(0.5, every="epoch", relative=True),
    callbacks.TerminateOnNaN(raise_error=True),
    callbacks.ReduceLROnPlateau("loss", 0.25, cooldown=2),
    callbacks.LearningRateScheduler(fastnn.schedules.ExponentialDecay(0.1, 5, 0.5)),
    callbacks.History(),
]


@pytest.mark.parametrize("callback", OWN_CALLBACKS, ids=lambda callback: type(callback).__name__)
def test_callbacks_of_fastnn(callback, tmp_path):
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, callbacks=callback)
    loaded = through_file(model, tmp_path).callbacks
    assert type(loaded) is type(callback)
    assert repr(loaded) == repr(callback)
    several = through_file(model.set_params(callbacks=(callback, OWN_CALLBACKS[0])), tmp_path).callbacks
    assert repr(several) == repr((callback, OWN_CALLBACKS[0]))


class Mine(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.told = epoch


class Patient(callbacks.EarlyStopping):
    def __init__(self):
        super().__init__("loss", patience=9)


def test_other_callbacks_are_handed_over(tmp_path):
    """Those of the user's, and those that write where a file says: none of it comes from the file."""
    log = tmp_path / "log.csv"
    given = [Mine(), callbacks.CSVLogger(log), OWN_CALLBACKS[0], Mine(), callbacks.LambdaCallback(), Patient()]
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, callbacks=given, random_state=0)
    path = tmp_path / "model.safetensors"
    model.fit(X, X[:, 0]).save(path)
    log.unlink()
    with pytest.raises(ValueError, match=r"custom_objects to have 'Mine', the parameters.callbacks.0 of this model"):
        fastnn.load(path)
    handed = {"Mine": Mine(), "CSVLogger": callbacks.CSVLogger(log), "Mine_1": None, "LambdaCallback": None}
    with pytest.raises(ValueError, match="custom_objects to have 'Patient'"):
        fastnn.load(path, custom_objects=handed)
    loaded = fastnn.load(path, custom_objects={**handed, "Patient": None})
    assert loaded.callbacks[:2] == [handed["Mine"], handed["CSVLogger"]]
    assert repr(loaded.callbacks[2:]) == repr([OWN_CALLBACKS[0]])
    assert not log.exists()
    loaded.fit(X, X[:, 0])
    assert handed["Mine"].told == 1
    assert len(log.read_text().splitlines()) == 3
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="'callbacks' parameter"):
        fastnn.load(path, custom_objects={**handed, "Patient": 3})


def test_refusals(tmp_path):
    class Own(MLPRegressor):
        pass

    path = tmp_path / "model"
    with pytest.raises(TypeError, match="whose classes load knows, received: Own"):
        Own().save(path)
    other = np.random.RandomState(np.random.PCG64(1))
    with pytest.raises(TypeError, match="RandomState over MT19937, received one over PCG64"):
        MLPRegressor(random_state=other).save(path)
    model = MLPRegressor()
    model.remark = object()
    with pytest.raises(TypeError, match=r"expected fitted.remark to be a value"):
        model.save(path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file", sorted(FILES.glob("estimator-*.safetensors")), ids=lambda file: file.stem)
def test_stored_files_load_for_ever(file):
    expected = json.loads(file.with_suffix(".json").read_text())
    model = fastnn.load(file)
    assert model.predict(expected["X"]).tolist() == expected["predictions"]
    np.testing.assert_allclose(model.predict_proba(expected["X"]), expected["probabilities"], rtol=1e-6)
    assert model.loss_curve_ == expected["loss_curve"]
    model.set_params(batch_size="auto").partial_fit(expected["X"], expected["predictions"])
