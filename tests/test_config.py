import subprocess
import sys

import pytest

import fastnn
from fastnn._core import targets


def test_show_config(capsys):
    facts = fastnn.show_config(mode="dicts")
    assert facts["fastnn"] == fastnn.__version__
    assert facts["cpu target"] == targets.active_name()
    assert facts["cpu target"] in facts["cpu targets available"]
    assert facts["threads"] >= 1
    assert fastnn.show_config() is None
    printed = capsys.readouterr().out
    for name in facts:
        assert name in printed
    with pytest.raises(ValueError, match="received: mode='json'"):
        fastnn.show_config("json")


def test_import_loads_numpy_and_the_core_only():
    code = (
        "import sys, numpy; before = set(sys.modules); import fastnn; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names); "
        "print(*new)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    own = {"fastnn", "cython_runtime"}  # the second is a module that Cython makes up, as is _cython_<version>
    assert not [name for name in run.stdout.split() if name not in own and not name.startswith("_cython")]


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'Sequentiel'"):
        _ = fastnn.Sequentiel
    assert "MLPClassifier" in dir(fastnn)
