import io
import sys

import pytest

from fastnn import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(shown, epochs=2):
    for epoch in range(epochs):
        shown.begin_epoch(epoch)
        shown.advance(5, 1.0)
        shown.advance(5, 0.5)
        shown.end_epoch(epoch, {"loss": 0.75, "val_loss": 0.25})
    shown.close()


def test_what_verbose_means(monkeypatch):
    assert type(progress.reporter(0, 2, 10)) is progress.Silent
    assert type(progress.reporter(2, 2, 10)) is progress.Lines
    assert type(progress.reporter("auto", 2, 10)) is progress.Lines  # not a terminal
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert type(progress.reporter(2, 2, 10)) is progress.Lines
    found = {}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found.get(name))
    assert type(progress.reporter("auto", 2, 10)) is progress.Lines  # no rich
    found["rich"] = object()
    assert type(progress.reporter("auto", 2, 10)) is progress.Bar
    with pytest.raises(ValueError, match="received: verbose=-1"):
        progress.reporter(-1, 2, 10)


def test_lines(capsys):
    run(progress.Lines(2, 10))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]
    assert lines[0].endswith("loss: 0.75 - val_loss: 0.25")


def test_a_short_fit_shows_lines_instead_of_a_bar(capsys):
    run(progress.Bar(2, 10))
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_bar(monkeypatch):
    pytest.importorskip("rich")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(progress, "BAR_AFTER_SECONDS", 0.0)
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setenv("TERM", "xterm")
    run(progress.Bar(2, 10))
    shown = terminal.getvalue()
    for part in ("Epoch 2/2", "rows/s", "loss: 0.75", "val_loss: 0.25"):
        assert part in shown
