"""Checkpoints and new processes: k epochs here and n - k there give the bits of n epochs at once; kill -9 as well."""

import json
import os
import signal
import subprocess
import sys
from collections import ChainMap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fastnn import callbacks, layers
from tests.saving.models import OPTIMIZERS, X, Y, compiled, outcome
from tests.saving.worker import CASES, CUT, EPOCHS, OPTIONS, build, train

ROOT = str(Path(__file__).parents[2])


# ---- in new processes, with 1, 2 and 3 threads on either side ------------------------------------------------------


def worker(folder, part, threads, cases):
    command = [sys.executable, "-W", "error", "-m", "tests.saving.worker", str(folder), part, str(threads), cases]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    return json.loads(done.stdout)


def digests(folder, cases):
    """What came out: {threads before, threads after: {case: digest}}; (n, None) was trained at once."""

    def cut(first, second):
        own = folder / str(first)
        own.mkdir()
        begun = worker(own, "begin", first, cases)
        return {(first, None): begun, (first, second): worker(own, "go on", second, cases)}

    with ThreadPoolExecutor() as pool:
        return dict(ChainMap(*pool.map(cut, (1, 2, 3), (2, 3, 1))))


def check_digests(found, names):
    for name in names:
        seen = {threads: digest[name] for threads, digest in found.items()}
        assert len(set(seen.values())) == 1, (name, seen)


def test_new_processes_go_on(tmp_path):
    check_digests(digests(tmp_path, "CASES"), CASES)


@pytest.mark.slow
def test_new_processes_go_on_with_every_option(tmp_path):
    check_digests(digests(tmp_path, "OPTIONS"), OPTIONS)


def test_that_it_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(OPTIMIZERS) == {*OPTIONS, *CASES} & set(OPTIMIZERS)
    before = build("Adam")
    model, _, _ = train("Adam", epochs=EPOCHS)
    assert not np.array_equal(before.parameters, model.parameters)
    other, _, _ = train("Adam", epochs=CUT)
    assert not np.array_equal(other.parameters, model.parameters)


# ---- kill -9 ---------------------------------------------------------------------------------------------------------

LONG = """
import sys
from fastnn import callbacks
from tests.saving.test_resume_processes import fit_long
class Slow(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("step", flush=True)
        sys.stdin.readline()
fit_long(sys.argv[1], Slow())
"""


def fit_long(folder, *told, **settings):
    """Four steps an epoch; a checkpoint after every second epoch, a line of the log after each."""
    model = compiled("adam", layers.BatchNormalization(), layers.Dropout(0.3))
    told = [
        *(*told, callbacks.CSVLogger(Path(folder) / "log.csv")),
        callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1e9),
        callbacks.EarlyStopping("loss", min_delta=1e9, patience=4, restore_best_weights=True),
        callbacks.ModelCheckpoint(Path(folder) / "checkpoint", every=2),
    ]
    history = model.fit(X, Y, epochs=7, batch_size=50, verbose=0, callbacks=told, **settings)
    return *outcome(model, history), (Path(folder) / "log.csv").read_text()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("epochs", [2, 3])
def test_killed_in_the_middle_of_an_epoch(epochs, tmp_path):
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    cut.mkdir()
    whole.mkdir()
    command = [sys.executable, "-c", LONG, str(cut)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        for _ in range(4 * epochs + 2):  # some epochs, and half of the next
            assert running.stdout.readline() == "step\n"
            running.stdin.write("\n")
            running.stdin.flush()
        assert running.stdout.readline() == "step\n"
        running.send_signal(signal.SIGKILL)
    assert len((cut / "log.csv").read_text().splitlines()) == 1 + epochs
    resumed = fit_long(cut, resume=cut / "checkpoint")
    assert resumed == fit_long(whole)
    assert resumed[1] == [0, 1, 2, 3, 4], "early stopping"
