"""Files for others are written whole or not at all: what was at the path stays when the disk is full."""

import subprocess
import sys

import pytest

CODE = """
import resource, signal, sys
import fastnn
model = fastnn.Sequential([fastnn.Input((100,)), fastnn.layers.Dense(200)], seed=0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    getattr(fastnn, sys.argv[1])(model, sys.argv[2])
except OSError as error:
    print(type(error).__name__, sys.argv[2] in str(error))
"""


@pytest.mark.parametrize("write", ["to_c", "to_onnx"])
def test_a_full_disk_leaves_what_was_there(write, tmp_path):
    if write == "to_onnx":
        pytest.importorskip("onnx")
    path = tmp_path / "model"
    path.write_text("before")
    done = subprocess.run([sys.executable, "-c", CODE, write, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["OSError", "True"]
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]
