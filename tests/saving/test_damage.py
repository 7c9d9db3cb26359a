"""Damaged files: a clear ValueError, never a crash, a hang, or memory beyond twice the file."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import fastnn
from fastnn import callbacks, layers
from fastnn.saving import container, values
from tests.saving.models import X, Y, compiled, deep

ROOT = Path(__file__).parents[2]


def prepare(folder):
    stop = callbacks.EarlyStopping("loss", restore_best_weights=True)
    checkpoint = callbacks.ModelCheckpoint(folder / "checkpoint.safetensors")
    compiled("adam", layers.Dropout(0.1), metrics=["mae"]).fit(X, Y, verbose=0, callbacks=[stop, checkpoint])
    labels = np.array(["a", "b", "c"])[np.arange(len(X)) % 3]
    settings = {"random_state": np.random.RandomState(1), "max_iter": 2, "n_iter_no_change": 1, "tol": 1e9}
    classifier = fastnn.MLPClassifier((5, 4), **settings)
    classifier.partial_fit(X, labels, classes=np.unique(labels)).save(folder / "c.safetensors", include_optimizer=True)
    fastnn.MLPRegressor().save(folder / "r.safetensors")


def prepare_large(folder):
    """27 MB of a Sequential and its optimizer's state, 9 MB of a classifier."""
    model = compiled("adam", layers.Dense(1500, "relu"), units=1500)
    model.fit(X, Y, verbose=0)
    model.save(folder / "sequential.safetensors", include_optimizer=True)
    classifier = fastnn.MLPClassifier((1500, 1500), max_iter=1, tol=1e9, n_iter_no_change=1, dtype="float32")
    classifier.partial_fit(X[:20], np.arange(20) % 3, classes=range(3)).save(folder / "classifier.safetensors")


#: A layer of a file's model.
LAYER = '{"type":"object","name":"layers.Flatten","config":{"name":"%d"}}'
FULL_HEADER = """
import sys
import fastnn
from tests.saving import damage
fastnn.load("tests/files/sequential-1.safetensors")
damage.ALLOWANCE = 1 << 40
damage.loads(damage.Path(sys.argv[1]))
print(damage.most)
"""


def storm(folder, count, seed, prepare=prepare):
    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory in use is read from Linux's /proc")
    prepare(folder)
    command = [sys.executable, "-m", "tests.saving.damage", str(folder), str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600 + count / 10, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_mutations(tmp_path):
    seen = storm(tmp_path, 1000, seed=1)
    assert seen["loaded"] > 20
    assert seen["refused"] > 500


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_many_mutations(tmp_path, seed):
    storm(tmp_path, 10_000, seed)


@pytest.mark.parametrize("count", [27, pytest.param(500, marks=pytest.mark.slow)])
def test_mutations_of_large_files(tmp_path, count):
    """Where the file is what counts: twice its size, and less than a tenth beyond."""
    seen = storm(tmp_path, count, seed=2, prepare=prepare_large)
    assert seen["loaded"] > count / 20
    assert seen["refused"] > count / 4


@pytest.mark.parametrize("item", ["[]", "[[]]", "{}", "1.5", '"ab"', '{"type":"tuple","items":[]}', LAYER])
def test_a_header_full_of_values(item, tmp_path):
    """As many as are allowed: what Python makes of them has a bound too."""
    deep().save(tmp_path / "full.safetensors")
    key = "model" if item == LAYER else "history"
    header, tensors = header_of(tmp_path / "full.safetensors")
    count = container.HEADER_VALUES // (sum(map(item.count, ",:[{")) + 1) - 99
    items = ",".join(item % number if item == LAYER else item for number in range(count))
    text = json.loads(header["__metadata__"]["model"]) | {"layers": "@"}
    text = json.dumps(text if key == "model" else {"epoch": "@", "history": {}})
    header["__metadata__"][key] = text.replace('"@"', f"[{items}]")
    text = json.dumps(header).encode()
    (tmp_path / "full.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + tensors)
    command = [sys.executable, "-c", FULL_HEADER, str(tmp_path / "full.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) < 32 << 20


@pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_mutations_by_hypothesis(tmp_path, count):
    seen = storm(tmp_path, count, "hypothesis")
    assert seen["loaded"] > count / 50
    assert seen["refused"] > count / 4


def header_of(path):
    data = path.read_bytes()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:end]), data[end:]


def with_json(path, key, change):
    header, tensors = header_of(path)
    value = json.loads(header["__metadata__"][key])
    change(value)
    header["__metadata__"][key] = json.dumps(value)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + tensors)


def refused(path, message):
    with pytest.raises(ValueError, match=message) as caught:
        fastnn.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("size", [1 << 60, (1 << 63) - 1, (1 << 64) - 1, 0, 1])
def test_a_header_that_claims_much(path, size):
    deep().save(path)
    path.write_bytes(struct.pack("<Q", size) + path.read_bytes()[8:])
    refused(path, "no safetensors file")


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, -1])
def test_cut_off(path, length):
    deep().save(path)
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "no safetensors file")


def test_a_configuration_that_claims_much(path):
    """Shapes are compared with the file's before memory is taken."""
    deep().save(path)
    with_json(path, "model", lambda said: said["layers"][0]["config"].update(units=1 << 38))
    refused(path, r"tensor 'dense.kernel' should be float32 \(12, 274877906944\), received: float32 \(12, 24\)")
    deep().save(path)
    with_json(path, "model", lambda said: said.update(inputs=1 << 60))
    refused(path, "should have 1 to")


def test_other_names(path):
    deep().save(path)
    for name in ("os.system", "layers.Layer.__init__", "builtins.eval", "layers.arguments", "layers.base"):
        with_json(path, "model", lambda said, name=name: said["layers"][0].update(name=name))
        refused(path, "name something of fastnn")


def test_too_many_values(path, monkeypatch):
    model = compiled()
    model.history.history["loss"] = [0.5] * 900
    model.save(path)
    monkeypatch.setattr(container, "HEADER_VALUES", 600)
    refused(path, "more than 600 values")
    with pytest.raises(ValueError, match=r"at most .* values"):
        model.save(path)


def test_long_histories(path, monkeypatch):
    """Are tensors, not JSON."""
    model = compiled()
    losses = [1 / (1 + step) for step in range(400_000)]
    model.history.history = {"loss": losses, "odd": [float("nan"), -0.0] * 3000, "epoch": [1 << 62] * 5000}
    model.save(path)
    assert path.stat().st_size < 4_000_000
    loaded = fastnn.load(path).history.history
    assert repr(loaded) == repr(model.history.history)
    monkeypatch.setattr(values, "LIST_NUMBERS", 400_000)
    refused(path, "at most 400000 numbers in all lists")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="at most 400000 numbers in lists"):
        model.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["tensor", "numbers"])
def test_a_tensor_that_is_named_twice(kind, path):
    """Else a small file could name a large one a thousand times."""
    model = compiled()
    model.history.history = {"a": np.zeros(5000), "b": np.ones(5000)}
    model.save(path)
    with_json(path, "history", lambda said: said["history"].update(b={"type": kind, "name": "history.history.a"}))
    refused(path, "names tensor 'history.history.a' twice")


def test_strings_of_a_wide_type(path):
    fastnn.MLPClassifier().partial_fit(X, np.array(["a", "b"])[np.arange(200) % 2], classes=["a", "b"]).save(path)
    fastnn.load(path)
    array = {"type": "array", "dtype": "<U99999999", "shape": [1], "values": ["a"]}
    with_json(path, "labels", lambda said: said.update(classes=array))
    refused(path, "strings of about its width")


@pytest.mark.parametrize("seed", [-1, 0.5, None, "x", {"type": "float", "value": "nan"}])
def test_a_seed_of_dropout_that_is_none(seed, path):
    fastnn.MLPRegressor(dropout=0.5).partial_fit(X, Y).save(path)
    fastnn.load(path).predict(X)
    with_json(path, "model", lambda said: said["fitted"].update(_dropout_seed=seed))
    if seed is None:
        fastnn.load(path).predict(X)
    else:
        refused(path, "dropout should have a seed")


def test_a_fitted_classifier_without_labels(path):
    fastnn.MLPClassifier().partial_fit(X, np.arange(200) % 2, classes=range(2)).save(path)
    header, tensors = header_of(path)
    header["__metadata__"]["labels"] = "null"
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + tensors)
    refused(path, "should have labels if it is a classifier's")


def test_versions_to_come(path):
    deep().save(path)
    header, tensors = header_of(path)
    header["__metadata__"]["fastnn"] = "2"
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + tensors)
    refused(path, "has version '2' of the format, this fastnn reads up to 1")


def test_tensors_of_nothing(path):
    deep().save(path)
    from safetensors.numpy import load_file

    metadata = header_of(path)[0]["__metadata__"]
    save_file({**load_file(path), "extra": np.zeros(3)}, path, metadata)
    refused(path, "tensors that belong to nothing: extra")


def test_a_twister_out_of_bounds(path):
    """NumPy reads key[pos] of what it is given."""
    fastnn.MLPRegressor(random_state=np.random.RandomState(0)).save(path)
    with_json(path, "model", lambda said: said["parameters"]["random_state"].update(pos=1 << 30))
    refused(path, "Mersenne twister")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no safetensors file"), (b"PK\x03\x04" + b"x" * 99, "no safetensors file"), (None, "another program's")],
)
def test_files_of_others(path, content, message):
    if content is None:
        save_file({"weight": np.zeros((2, 2))}, path)
    else:
        path.write_bytes(content)
    refused(path, message)


def test_what_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        fastnn.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing"):
        fastnn.load(tmp_path / "missing")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        refused(tmp_path / "pipe", "no regular file")
