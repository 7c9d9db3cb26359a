"""What `import fastnn` loads: NumPy and the compiled core, in a moment."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastnn

LOADED = """
import sys, numpy
before = set(sys.modules)
import fastnn
print(*set(sys.modules) - before)
"""
#: Small modules of the standard library that NumPy leaves out (__future__ since 2.5); Cython's own are let through by
#: their names.
ALLOWED = {"__future__", "copy", "cython_runtime"}


def run(program, *options):
    done = subprocess.run([sys.executable, *options, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


def test_it_loads_numpy_and_the_core_only():
    new = run(LOADED).split()
    assert "fastnn._core.targets" in new
    roots = {name.split(".")[0] for name in new if not name.startswith(("_cython_", "_cyutility"))}  # Cython's own
    assert roots - ALLOWED == {"fastnn"}
    estimators = ("classifier", "regressor", "perceptron", "compat", "standins", "testing")
    assert not [name for name in new if name.split(".")[-1] in estimators]


def test_estimators_are_loaded_when_used():
    assert run("import sys, fastnn; fastnn.MLPClassifier; print('fastnn.classifier' in sys.modules)") == "True\n"


def test_a_source_folder_that_was_not_built_says_so(tmp_path):
    compiled = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(Path(fastnn.__file__).parent, tmp_path / "fastnn", ignore=compiled)
    done = subprocess.run([sys.executable, "-c", "import fastnn"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "fastnn's compiled core is missing: this is its source folder" in done.stderr


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'Sequentiel'"):
        _ = fastnn.Sequentiel
    assert set(fastnn.__all__) <= set(dir(fastnn))
