"""The benches run, and agree with the reference: each function once, nothing timed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastnn

pytest.importorskip("pytest_benchmark")
pytest.importorskip("threadpoolctl")

BENCH = Path(__file__).resolve().parent.parent / "bench"
PACKAGE = Path(fastnn.__file__).resolve().parent.parent


def run(*arguments):
    """Run Python on `arguments` with this fastnn; its output."""
    path = os.pathsep.join(filter(None, [str(PACKAGE), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_suites():
    made = run("-m", "pytest", BENCH, "-q", "--benchmark-disable")
    assert " passed" in made
    assert "failed" not in made


def test_products():
    made = run(BENCH / "products.py", "--rounds", 1, "--shapes", "126x128x784", "--dtypes", "float32")
    for product in ("X W", "X^T dY", "dY W^T"):
        assert f"float32  {product}" in made


SMALL = ["--rounds", 1, "--seconds", 0.001]


def figures(written):
    """What a comparison wrote: its results."""
    return json.loads(written.read_text(encoding="utf-8"))["results"]


def test_compare(tmp_path):
    pytest.importorskip("matplotlib")
    written, picture = tmp_path / "comparison.json", tmp_path / "comparison.png"
    peers = ["--peers", "fastnn", "sklearn", "torch"]
    options = ["--quick", "--only", "64-64-10, 32", "10-32-1, 32", *SMALL, "--json", written, "--picture", picture]
    made = run(BENCH / "compare.py", *peers, *options)
    assert "ours over the fastest peer of each round" in made
    for peer, package in (("scikit-learn", "sklearn"), ("PyTorch eager", "torch")):
        there = f"{peer}, 1 thread, pinned" in made
        assert there == (importlib.util.find_spec(package) is not None)
        assert there != (f"{peer}: left out, {package} not installed" in made)
    for result in figures(written):
        losses = list(result["losses"].values())
        np.testing.assert_allclose(losses, losses[0], rtol=2e-3)
    assert picture.read_bytes().startswith(b"\x89PNG")
    small = [result for result in figures(written) if result["configuration"]["name"] == "10-32-1, 32"]
    if "best_peer" in small[0]:
        written.write_text(json.dumps({"results": small}), encoding="utf-8")
        numbers = [
            float(word) for word in run(BENCH / "limits.py", written).split("10-32-1, 32")[1].split() if word != "="
        ]
        _, _, machine, products, update, rows, *others = numbers
        assert machine == pytest.approx(products + update + rows, abs=0.02)
        assert len(others) == 6
        assert min(others) > 0


def test_compare_tells_other_work_from_the_same():
    """A contestant with a loss of its own stops the comparison."""
    code = """
import contest
from configurations import CONFIGURATIONS

class One:
    def __init__(self, name, losses):
        self.name, self.losses = name, losses
    def check(self):
        return self.losses

for losses in ((2.0, 1.0), (2.0, 1.0), (2.0, 1.01)), ((2.0, 2.0),) * 3:
    try:
        contest.check(CONFIGURATIONS["64-64-10, 32"], [One(str(number), pair) for number, pair in enumerate(losses)])
    except SystemExit as error:
        print(error)
contest.check(CONFIGURATIONS["64-64-10, 32"], [One("a", (2.0, 1.0)), One("b", (2.0, 1.0005))])
"""
    made = run("-c", f"import sys\nsys.path.insert(0, {str(BENCH)!r})\n{code}")
    assert "not the same work" in made
    assert "learns nothing" in made


def test_compare_predict(tmp_path):
    written = tmp_path / "predictions.json"
    options = ["--peers", "fastnn", "onnxruntime", "--only", "10-32-1, 32", "--rows", 1, 32]
    made = run(BENCH / "compare_predict.py", *options, *SMALL, "--json", written)
    assert "fastnn, 1 thread: predictor" in made
    assert [result["rows"] for result in figures(written)] == [1, 32]
    if all("best_peer" in result for result in figures(written)):
        for line in run(BENCH / "limits.py", written).splitlines()[2:]:
            words = line.removeprefix("10-32-1, 32").split()
            theirs, _, machine, kernels, _, *at_most = (float(word) for word in words[1:])
            assert min(machine, kernels) > 0
            assert at_most == pytest.approx([theirs / machine, theirs / kernels], rel=0.1)


@pytest.mark.slow
def test_compare_estimators(tmp_path):
    pytest.importorskip("sklearn")
    written = tmp_path / "estimators.json"
    run(BENCH / "compare_estimators.py", "--networks", "64-64-10, 32", *SMALL, "--json", written)
    assert [result["configuration"]["dtype"] for result in figures(written)] == ["float32", "float64"]


def test_compare_rows(tmp_path):
    pytest.importorskip("sklearn")
    written = tmp_path / "rows.json"
    run(BENCH / "compare_rows.py", "--rows", 1, *SMALL, "--json", written)
    assert [result["asked"].split(".")[0] for result in figures(written)] == ["MLPRegressor", *["MLPClassifier"] * 2]


@pytest.mark.slow
def test_compare_grid(tmp_path):
    pytest.importorskip("sklearn")
    written = tmp_path / "grid.json"
    run(BENCH / "compare_grid.py", "--rounds", 1, "--epochs", 6, "--seeds", 1, "--json", written)
    found = figures(written)
    assert found["fastnn, fit_many"]["ratio"]["median"] == 1
    assert {name.split(",")[0] for name in found} == {"fastnn", "scikit-learn"}


def test_compare_activations(tmp_path):
    written = tmp_path / "activations.json"
    made = run(BENCH / "compare_activations.py", "--dtypes", "float32", *SMALL, "--json", written)
    names = {name for name in fastnn.activations.NAMES if fastnn.activations.differentiable(name)}
    assert set(figures(written)["float32"]) == names - {"swish"}
    assert "dearest: " in made


@pytest.mark.slow
def test_compare_sparse(tmp_path):
    pytest.importorskip("sklearn")
    written = tmp_path / "sparse.json"
    run(BENCH / "compare_sparse.py", "--units", 20, "--batch", 500, *SMALL, "--json", written)
    assert "sgd, sparse over sgd, dense" in figures(written)["20"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="keeps processes on cores")
def test_concurrency(tmp_path):
    written = tmp_path / "concurrency.json"
    made = run(BENCH / "concurrency.py", "--networks", "64-64-10, 32", *SMALL, "--json", written)
    assert "two fits at once in two processes" in made
    assert set(figures(written)) == {"defaults", "fits", "neighbour", "passes", "predict"}


@pytest.mark.slow
def test_whole_process():
    pytest.importorskip("sklearn")
    assert "fastnn, Sequential" in run(BENCH / "whole_process.py", "--rounds", 1)
