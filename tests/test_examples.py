"""The examples run as their users run them, and reach what they promise."""

import gzip
import importlib.util
import os
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from fastnn import schedules

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("FASTNN_DATA", ROOT / "data"))


def example(name):
    """Import an example without running it."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def data(name):
    """A file or folder of the data that the examples are given."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {path}; FASTNN_DATA says where the data is")
    return str(path)


def test_quickstart(tmp_path, capsys):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    assert example("quickstart").main(["--out", str(tmp_path)]) >= 0.95
    assert (tmp_path / "learning_curve.png").read_bytes().startswith(b"\x89PNG")
    assert "Confusion matrix" in capsys.readouterr().out


def test_from_sklearn(tmp_path, capsys):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    assert example("from_sklearn").main(["--out", str(tmp_path)]) < 1e-8
    assert (tmp_path / "from_sklearn.png").read_bytes().startswith(b"\x89PNG")
    assert re.findall(r"(.*): 40 epochs in [\d.]+ s", capsys.readouterr().out) == ["scikit-learn", "fastnn"]


def test_vanishing_gradient(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    ratios = example("vanishing_gradient").main(["--out", str(tmp_path)])
    assert ratios["sigmoid"] < 1e-6
    assert 0.01 < ratios["relu"] < 100.0
    assert (tmp_path / "vanishing_gradient.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.count("gradients vanish") == 1


def test_schedules(tmp_path, capsys):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    module = example("schedules")
    made = {type(rate) for rate in module.SCHEDULES.values()} - {float}
    assert made == {getattr(schedules, name) for name in schedules.__all__ if name not in ("Schedule", "get")}
    losses = module.main(["--out", str(tmp_path)])
    assert list(losses) == list(module.SCHEDULES)
    assert max(losses.values()) < 0.3
    assert (tmp_path / "schedules.png").read_bytes().startswith(b"\x89PNG")
    assert "OneCycle" in capsys.readouterr().out


def test_mnist(capsys):
    data("t10k-images-idx3-ubyte.gz")
    assert example("mnist").main([data("")]) >= 0.95
    assert "rows a second" in capsys.readouterr().out


def test_housing(capsys):
    assert example("housing").main([data("california-housing.csv.gz")]) >= 0.78
    assert "rows a second" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_microcontroller(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    assert example("microcontroller").main(["--out", str(tmp_path)]) <= 1e-5
    said = capsys.readouterr().out
    accuracies = re.findall(r"Accuracy of .*: ([\d.]+)", said)
    assert len(accuracies) == 2
    assert min(map(float, accuracies)) >= 0.95
    assert re.search(r"model\.c: Weights: \d+ bytes, constant\. Scratch: \d+ bytes\.", said)


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files(tmp_path, packed):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / "images"
    content = gzip.compress(idx(images)) if packed else idx(images)
    (tmp_path / ("images.gz" if packed else "images")).write_bytes(content)
    np.testing.assert_array_equal(example("mnist").read_idx(path, 3), images)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an IDX file"),
        (b"PNG, not IDX", "received: 50 4e 47 2c"),
        (idx(np.zeros((2, 3), dtype=np.uint8)), "3 dimensions"),
        (idx(np.zeros((2, 3, 4), dtype=np.uint8))[:10], "expected an IDX file"),
        (idx(np.zeros((2, 3, 4), dtype=np.uint8))[:-1], r"expected 24 bytes for shape \(2, 3, 4\), received: 23"),
    ],
    ids=["empty", "other", "labels", "short header", "short data"],
)
def test_broken_idx_files(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        example("mnist").read_idx(path, 3)


def test_missing_and_cut_idx_files(tmp_path):
    read_idx = example("mnist").read_idx
    with pytest.raises(FileNotFoundError, match=r"expected images or images\.gz"):
        read_idx(tmp_path / "images", 3)
    (tmp_path / "images.gz").write_bytes(gzip.compress(b"1234567890")[:-6])
    with pytest.raises(ValueError, match="not a whole gzip file"):
        read_idx(tmp_path / "images", 3)


def test_other_csv_files(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"missing: .*median_house_value"):
        example("housing").load(path)


def test_folder_of_a_csv_file(tmp_path):
    load = example("housing").load
    with pytest.raises(FileNotFoundError, match=r"expected california-housing\.csv\.gz or .*found neither"):
        load(tmp_path)
    lines = ["age,ocean_proximity,median_house_value", "3,INLAND,50", "4,ISLAND,70", ""]
    (tmp_path / "california-housing.csv").write_text("\n".join(lines))
    X, y = load(tmp_path)
    np.testing.assert_array_equal(X, [[3, 1, 0], [4, 0, 1]])
    np.testing.assert_array_equal(y, [50, 70])
