"""Peers in processes of their own, asked one at a time over pipes."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from peers import PEERS

import fastnn

BENCH = Path(__file__).resolve().parent
#: Where fastnn was found: also its workers, started elsewhere, must find this one.
SOURCE = Path(fastnn.__file__).resolve().parent.parent


class Contestant:
    """One peer with so many threads (None: as many as it chooses). Closing it ends its process."""

    def __init__(self, peer: str, configuration: str, threads: int | None) -> None:
        self.peer, self.threads = peer, threads
        self.name = f"{PEERS[peer].label}, {'default threads' if threads is None else f'{threads} thread(s)'}"
        own = {} if threads is None else PEERS[peer].environment(threads)
        path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.worker", peer, configuration, str(threads or 0)],
            cwd=BENCH,
            env={**os.environ, "PYTHONPATH": path, **own},
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

    def version(self) -> str:
        return self._ask("version")["version"]

    def check(self) -> float:
        """Its loss after one epoch in the common order from the common parameters."""
        return self._ask("check")["loss"]

    def train(self, epochs: int) -> float:
        """Seconds that so many epochs take."""
        return self._ask("train", epochs)["seconds"]

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
