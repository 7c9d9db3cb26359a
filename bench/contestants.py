"""Peers in processes of their own, asked one at a time over pipes."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from configurations import Configuration
from peers import EVERY, Setting

import fastnn

BENCH = Path(__file__).resolve().parent
#: Where fastnn was found: also its workers, started elsewhere, must find this one.
SOURCE = Path(fastnn.__file__).resolve().parent.parent


class Contestant:
    """One peer in one setting. Closing it ends its process."""

    def __init__(self, peer: str, setting: Setting) -> None:
        self.peer, self.setting = peer, setting
        entry = EVERY[peer]
        self.name = f"{entry.label}, {setting}"
        one_core = setting.pinned and not entry.places
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.worker", peer, str(setting.threads or 0), str(int(one_core))],
            cwd=BENCH,
            env=environment() | entry.environment(setting),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def _ask(self, *request):
        answer = ""
        with suppress(BrokenPipeError):  # it has ended already
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name}: its process ended with status {self._process.wait()}, see above")
        return json.loads(answer)

    def open(self, configuration: Configuration) -> str:
        """Turn to a configuration; returns what the peer lacks for it, or nothing."""
        return self._ask("open", configuration._asdict())

    def version(self) -> str:
        return self._ask("version")

    def check(self) -> tuple[float, float]:
        """Its loss with the common parameters, and after one epoch in the common order."""
        before, after = self._ask("check")
        return before, after

    def train(self, epochs: int) -> float:
        """Seconds that so many epochs take."""
        return self._ask("train", epochs)

    def ways(self, rows: int) -> dict[str, list]:
        """Its ways to predict so many rows, each with what it predicts for the first four."""
        return self._ask("ways", rows)

    def predict(self, way: str, calls: int) -> float:
        """Seconds that so many predictions take."""
        return self._ask("predict", way, calls)

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def environment() -> dict[str, str]:
    """What a process needs to find this fastnn and the files of bench."""
    path = os.pathsep.join(filter(None, [str(SOURCE), str(BENCH), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}
