"""The benches run, and agree with the reference: each function once, nothing timed."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_compare(tmp_path):
    written = tmp_path / "comparison.json"
    options = ["--configurations", "64-64-10, 32", "--peers", "fastnn", "--rounds", 1, "--epochs", 1]
    made = run(BENCH / "compare.py", *options, "--json", written)
    assert "fastnn, 1 thread(s)" in made
    assert written.stat().st_size
