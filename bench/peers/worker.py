"""One peer in a process of its own: reads requests, one JSON line each, and answers with one.

`python -m peers.worker NAME THREADS CORES`, started by contestants.py, which has set the environment. THREADS is 0 for
the library's own choice; CORES 1 confines the process to one core, 0 does not. Whatever libraries print goes to stderr.
"""

import json
import os
import sys
from importlib import import_module
from time import perf_counter

from configurations import Configuration

from peers import EVERY


class Worker:
    """A peer with the configuration that was opened last; every public method is a request."""

    def __init__(self, name: str, threads: int) -> None:
        self._class = import_module(EVERY[name].module).PEER
        self._threads = threads or None
        self._peer = self._settings = None
        self._calls = {}

    def open(self, fields: dict) -> str:
        """Make the network of a configuration, given as the dict of its fields; what the library lacks for it."""
        self._settings = Configuration(**fields | {"widths": tuple(fields["widths"])})
        self._peer, self._calls = None, {}
        lacks = self._class.lacks(self._settings)
        if not lacks:
            self._peer = self._class(self._settings, self._threads)
        return lacks

    def version(self) -> str:
        return self._peer.version()

    def check(self) -> list[float]:
        """Loss of the common parameters, and after one epoch in the common order; back to them afterwards."""
        X, _ = self._settings.data()
        self._peer.reset()
        before = self._settings.mean_loss(self._peer.predict(X))
        self._peer.train_in(self._settings.order())
        after = self._settings.mean_loss(self._peer.predict(X))
        self._peer.reset()
        return [before, after]

    def train(self, epochs: int) -> float:
        """Seconds of so many epochs."""
        begin = perf_counter()
        self._peer.train(epochs)
        return perf_counter() - begin

    def ways(self, rows: int) -> dict[str, list]:
        """Make ready to predict the first `rows` rows; each way's name with what it predicts for the first four."""
        X, _ = self._settings.data()
        self._calls = self._peer.ways(X[:rows])
        return {way: call()[:4].tolist() for way, call in self._calls.items()}

    def predict(self, way: str, calls: int) -> float:
        """Seconds of so many predictions in this way."""
        call = self._calls[way]
        begin = perf_counter()
        for _ in range(calls):
            call()
        return perf_counter() - begin


def main(name: str, threads: str, cores: str) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if int(cores):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    worker = Worker(name, int(threads))
    for line in sys.stdin:
        request, *arguments = json.loads(line)
        print(json.dumps(getattr(worker, request)(*arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
