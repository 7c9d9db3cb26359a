"""One peer in a process of its own: reads requests, one JSON line each, and answers with one.

`python -m peers.worker NAME CONFIGURATION THREADS` (0: the library's own choice), started by contestants.py, which has
set the environment. Whatever libraries print goes to stderr.
"""

import json
import os
import sys
from importlib import import_module
from time import perf_counter

from configurations import CONFIGURATIONS

from peers import PEERS


def main(name: str, configuration: str, threads: str) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    peer_class = import_module(PEERS[name].module).PEER
    settings = CONFIGURATIONS[configuration]
    peer = peer_class(settings, int(threads) or None)

    def check() -> dict:
        """Loss after one epoch in the common order, from the common parameters; back to these afterwards."""
        peer.reset()
        peer.train_in(settings.order())
        loss = peer.loss()
        peer.reset()
        return {"loss": loss}

    def train(epochs: int) -> dict:
        begin = perf_counter()
        peer.train(epochs)
        return {"seconds": perf_counter() - begin}

    requests = {"check": check, "train": train, "version": lambda: {"version": peer.version()}}
    for line in sys.stdin:
        request, *arguments = json.loads(line)
        print(json.dumps(requests[request](*arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
