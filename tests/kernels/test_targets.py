"""Which CPU target runs: the one that FASTNN_TARGET names, and no other silently."""

import os
import subprocess
import sys

import pytest

from fastnn._core import targets

PROGRAM = "from fastnn._core import targets; print(targets.active_name(), *targets.tile('float32'))"


def run(target):
    environment = {**os.environ, "FASTNN_TARGET": target}
    return subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)


def test_the_tests_run_on_the_target_that_was_asked_for():
    assert targets.active_name() == (os.environ.get("FASTNN_TARGET") or targets.available()[0])


@pytest.mark.parametrize("name", targets.available())
def test_forced_target_is_the_active_one(name):
    result = run(name)
    assert result.returncode == 0, result.stderr
    active, lanes, *_ = result.stdout.split()
    assert active == name
    assert int(lanes) == {"generic": 4, "avx2": 8, "avx512": 16, "neon": 4}[name]


def test_unknown_target():
    result = run("sse17")
    assert result.returncode != 0
    assert "ImportError: FASTNN_TARGET: expected one of " in result.stderr
    assert "received: 'sse17' (this build has no such target)" in result.stderr
    assert all(name in result.stderr for name in targets.available())


def test_target_that_this_cpu_lacks():
    for name in set(targets.built()) - set(targets.available()):
        result = run(name)
        assert result.returncode != 0
        assert f"received: {name!r} (this CPU does not run it)" in result.stderr


def test_generic_is_always_there():
    assert targets.available()[-1] == "generic"
    assert set(targets.available()) <= set(targets.built())


def test_tile_of_an_unknown_type():
    with pytest.raises(ValueError, match="received: 'float16'"):
        targets.tile("float16")
