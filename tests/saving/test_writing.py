"""Saving replaces a file whole or not at all: kills, full disks, missing permissions."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn.saving import atomic
from tests.saving.models import X, Y, compiled, deep

ROOT = Path(__file__).parents[2]
UNITS = 300


LOOP = """
import sys
from tests.saving.models import deep
models = [deep(seed=seed, units=300) for seed in (1, 2)]
models[0].save(sys.argv[1])
print("ready", flush=True)
while True:
    for model in models:
        model.save(sys.argv[1])
"""


def killed_at_random(path, times):
    expected = {deep(seed=seed, units=UNITS).parameters.tobytes() for seed in (1, 2)}
    rng = np.random.default_rng(5)
    seen = set()
    for _ in range(times):
        command = [sys.executable, "-c", LOOP, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as running:
            assert running.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0, 0.03))
            running.send_signal(signal.SIGKILL)
        seen.add(fastnn.load(path).parameters.tobytes())
        assert seen <= expected
    return seen


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_kill(path):
    killed_at_random(path, 8)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_kill_at_200_moments(path):
    assert len(killed_at_random(path, 200)) == 2


def script(text, *arguments):
    done = subprocess.run([sys.executable, "-c", text, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


FULL = """
import resource, sys
from tests.saving.models import deep
model = deep(units=300)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    model.save(sys.argv[1])
except OSError as error:
    print(type(error).__name__, error.errno, error.filename == sys.argv[1])
"""


def test_no_room(path):
    deep().save(path)
    before = path.read_bytes()
    assert script(FULL, path) == "OSError 27 True\n"
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


TINY = """
import sys
from tests.saving.models import deep
model, large, path = deep(), deep(units=9000), sys.argv[1] + "/model.safetensors"
model.save(path)
try:
    large.save(path)
except OSError as error:
    print(type(error).__name__, error.errno, error.filename == path)
import os, fastnn
print(os.listdir(sys.argv[1]), fastnn.load(path).parameters.tobytes() == model.parameters.tobytes())
"""


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare, which mounts a file system for one process")
def test_a_full_disk(tmp_path):
    """A file system of 100 KB, of which the first file takes a few."""
    mount = 'mount -t tmpfs -o size=100k tmpfs "$1" 2>/dev/null || exit 77; exec "$2" -c "$3" "$1"'
    command = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        mount,
        "sh",
        tmp_path,
        sys.executable,
        TINY,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system may be mounted here")
    assert done.stdout.splitlines() == ["OSError 28 True", "['model.safetensors'] True"], done.stderr


STOPPED = """
import resource, sys
from fastnn import callbacks
from tests.saving.models import X, Y, compiled
def shrink(epoch, logs):
    if epoch == 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
told = [callbacks.LambdaCallback(on_epoch_end=shrink), callbacks.ModelCheckpoint(sys.argv[1])]
try:
    compiled().fit(X, Y, epochs=4, verbose=0, callbacks=told)
except OSError as error:
    print(error.errno, error.filename == sys.argv[1])
"""


def test_no_room_for_a_checkpoint(path):
    """Training ends, and goes on from the checkpoint before."""
    assert script(STOPPED, path) == "27 True\n"
    assert os.listdir(path.parent) == [path.name]
    assert fastnn.load(path).history.epoch == [0, 1]
    assert compiled().fit(X, Y, epochs=4, verbose=0, resume=path).epoch == [0, 1, 2, 3]


def test_the_disk_has_it_before_the_name_does(path, monkeypatch):
    seen = []

    def fsync(descriptor):
        kind = os.fstat(descriptor).st_mode
        seen.append("folder" if stat.S_ISDIR(kind) else "file")

    def replace(source, target):
        seen.append("rename")
        assert Path(source).parent == Path(target).parent
        os.rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    deep().save(path)
    assert seen == ["file", "rename", "folder"]


DENIED = """
import os, sys
import fastnn
from tests.saving.models import deep
import fastnn.loading  # before others' files cannot be read
model = deep()
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for action in (lambda: model.save(sys.argv[1]), lambda: model.save(sys.argv[2]), lambda: fastnn.load(sys.argv[3])):
    try:
        action()
    except PermissionError as error:
        print(error.filename)
"""


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="permissions of another kind")
def test_no_permission(path):
    """Of the folder; of the file, in a folder that may be written; to read."""
    shut, opened = path.parent / "shut", path.parent / "open"
    shut.mkdir()
    opened.mkdir()
    files = shut / "new", opened / "kept", opened / "secret"
    files[1].write_bytes(b"kept")
    files[2].write_bytes(b"secret")
    for folder in [path.parent, *list(path.parent.parents)[:3]]:
        if folder != Path("/tmp"):
            folder.chmod(0o755)
    opened.chmod(0o777)
    files[1].chmod(0o444)
    files[2].chmod(0)
    shut.chmod(0o555)
    try:
        assert script(DENIED, *files).splitlines() == list(map(str, files))
        assert os.listdir(shut) == []
        assert sorted(os.listdir(opened)) == ["kept", "secret"]
        assert files[1].read_bytes() == b"kept"
    finally:
        shut.chmod(0o755)


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        deep().save(tmp_path)
    with pytest.raises(IsADirectoryError, match="models/"):  # not a file called models
        deep().save(f"{tmp_path}/models/")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        deep().save(tmp_path / "nowhere" / "model")
    if hasattr(os, "mkfifo"):  # a rename would put a file in its place
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="pipe"):
            deep().save(tmp_path / "pipe")
    with pytest.raises(TypeError):
        deep().save(5.0)
    for empty in ("", b""):
        with pytest.raises(ValueError, match=r"expected the path of a file, received: b?''"):
            deep().save(empty)
    assert os.listdir(tmp_path) == (["pipe"] if hasattr(os, "mkfifo") else [])


def test_longest_name(tmp_path):
    """The temporary file beside it has a name that is not longer, in bytes either."""
    model = deep()
    for name in ("x" * 255, "\N{BALLOON}" * 63):
        model.save(tmp_path / name)
        assert os.listdir(tmp_path) == [name]
        os.remove(tmp_path / name)


def test_paths_as_bytes(path):
    given, model = os.fsencode(path), compiled()
    model.save(given, include_optimizer=True)
    assert fastnn.load(given).parameters.tobytes() == model.parameters.tobytes()
    with pytest.raises(ValueError, match=f"cannot load '{path}': it is no checkpoint"):
        model.fit(X, Y, verbose=0, resume=given)


def test_an_interrupt_leaves_nothing(path):
    path.write_bytes(b"before")

    def fill(temporary):
        Path(temporary).write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic.replace(path, fill)
    assert path.read_bytes() == b"before"
    assert os.listdir(path.parent) == [path.name]


def test_permissions_and_links_stay(path):
    path.write_bytes(b"before")
    path.chmod(0o640)
    link = path.with_name("link")
    link.symlink_to(path)
    deep().save(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert fastnn.load(path).built
    deep().save(path.with_name("new"))
    mask = os.umask(0)
    os.umask(mask)
    assert path.with_name("new").stat().st_mode & 0o777 == 0o666 & ~mask
