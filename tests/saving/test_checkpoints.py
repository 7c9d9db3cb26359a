"""ModelCheckpoint's arguments: when it writes, where to, and which of its files stay."""

import pytest

import fastnn
from fastnn import callbacks
from tests.saving.models import fit


class Values(callbacks.Callback):
    def __init__(self, *values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["value"] = self.values[epoch]


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_every_and_keep(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}-{value:.1f}.st", every=2, keep=2)
    fit(Values(*range(7)), checkpoint, epochs=7)
    assert names(tmp_path) == ["04-3.0.st", "06-5.0.st"]
    assert checkpoint.written == [str(tmp_path / "04-3.0.st"), str(tmp_path / "06-5.0.st")]


def test_keep_after_a_resumption(tmp_path):
    """What the interrupted training wrote is counted, what others wrote is left alone."""
    (tmp_path / "mine.st").write_text("mine")
    told = [callbacks.ModelCheckpoint(tmp_path / "at-{epoch}.st", keep=2) for _ in range(2)]
    fit(told[0], epochs=3)
    fit(told[1], epochs=4, resume=tmp_path / "at-3.st")
    assert names(tmp_path) == ["at-3.st", "at-4.st", "mine.st"]


def test_it_removes_its_own_files_only(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "at-{epoch}.st", keep=1)
    others = [str(tmp_path / "mine.st"), str(tmp_path / "at-x" / "y.st"), "/etc/at-1.st", 5, None]
    checkpoint.set_state({"written": [str(tmp_path / "at-1.st"), *others]})
    assert checkpoint.written == [str(tmp_path / "at-1.st")]


@pytest.mark.parametrize(("mode", "expected"), [("auto", [1, 2, 5]), ("min", [1, 2, 5]), ("max", [1, 4])])
def test_save_best_only(tmp_path, mode, expected):
    values = Values(3, 2, 2, 4, 1, float("nan"))
    fit(values, callbacks.ModelCheckpoint(tmp_path / "{epoch}", "value", save_best_only=True, mode=mode))
    assert names(tmp_path) == [str(epoch) for epoch in expected]


def test_the_best_is_resumed(tmp_path):
    def told():
        return [Values(3, 1, 2, 2, 0.5), callbacks.ModelCheckpoint(tmp_path / "{epoch}", "value", save_best_only=True)]

    fit(*told(), epochs=3)
    fit(*told(), epochs=5, resume=tmp_path / "2")
    assert names(tmp_path) == ["1", "2", "5"]


def test_threshold(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}", "value", save_best_only=True, initial_value_threshold=1.5
    )
    fit(Values(3, 2, 1, 0.5, 1), checkpoint, epochs=5)
    assert names(tmp_path) == ["3", "4"]
    assert checkpoint.best == 0.5


def test_weights_only(path, capsys):
    model = fit(callbacks.ModelCheckpoint(path, save_weights_only=True, verbose=1), epochs=1)
    assert fastnn.load(path).parameters.tobytes() == model.parameters.tobytes()
    assert capsys.readouterr().out == f"Epoch 1: saved {path}\n"
    with pytest.raises(ValueError, match="it is no checkpoint"):
        fit(resume=path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "there/"}, "expected `filepath` to name a file"),
        *(
            ({"filepath": path}, r'filled in with epoch and keys of the logs, as in "\{epoch:03d\}"')
            for path in (
                "a{",
                "a}",
                "a{}",
                "a{0}{epoch.real}",
                "a{epoch[0]}",
                "a{epoch:s}",
                "a{epoch:x}{loss:q}",
                "{loss!r:f}",
            )
        ),
        ({"filepath": "a", "save_freq": 100}, '`save_freq` to be "epoch", with `every`'),
        ({"filepath": "a", "every": 0}, "`every` to be a positive integer"),
        ({"filepath": "a", "keep": 0}, "`keep` to be a positive integer"),
        ({"filepath": "a", "mode": "best"}, "`mode` to be one of"),
        ({"filepath": "a", "initial_value_threshold": "x"}, "`initial_value_threshold` to be a number"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.ModelCheckpoint(**arguments)


def test_bad_names_in_the_path(tmp_path):
    epochs = []
    began = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    with pytest.raises(ValueError, match=r"filled in with epoch, loss, received: .*\{val_loss\}"):
        fit(callbacks.ModelCheckpoint(tmp_path / "{val_loss}", every=3), began)
    assert epochs == [0]  # though no file is due yet
    with pytest.raises(ValueError, match=r"filled in with epoch, loss, received: .*\{loss:03d\}"):
        fit(callbacks.ModelCheckpoint(tmp_path / "{loss:03d}", every=3), began)
    assert epochs == [0, 0]


def test_names_in_the_path(tmp_path):
    """What another callback adds to the logs may be a whole number, or a word."""
    path = tmp_path / "{epoch:02x}{{}} {value:03d} {word:s} {loss!s:.2}"
    word = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(word="of"))
    fit(Values(7), word, callbacks.ModelCheckpoint(path), epochs=1)
    assert next(tmp_path.iterdir()).name.startswith("01{} 007 of ")


def test_missing_folders_are_made(tmp_path):
    fit(callbacks.ModelCheckpoint(tmp_path / "new" / "at {epoch}" / "model"), epochs=2)
    assert [path.parent.name for path in sorted(tmp_path.glob("new/*/model"))] == ["at 1", "at 2"]
    (tmp_path / "file").touch()
    began = Values()
    with pytest.raises(OSError, match="file"):
        fit(began, callbacks.ModelCheckpoint(tmp_path / "file" / "{epoch}" / "model"))
    assert began.model.iterations == 0
