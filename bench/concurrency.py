"""What threads gain, and what company costs: `python bench/concurrency.py`.

- `defaults`: fits with the default number of threads over fits with one, for every configuration; and two fits of one
  thread each at once over one by itself, which is what the cores give to threads that never wait for each other.
- `fits`: two fits at once, in two threads and in two processes, over one after the other.
- `neighbour`: a fit with the default threads while another process keeps one core busy, over the same fit alone; with
  one thread likewise, which is what the free core can do; and a loop of one thread over itself alone, which tells
  whether this machine gives it that core.
- `passes`: predictions of many rows with the default number of threads over one: calls that follow each other, calls
  with a pause before each, and calls in two processes at once.
- `predict`: one row at a time through one model from two threads, over one thread; the 99th percentile of a call.

All are ratios of rates within a round; 1 is no gain and no loss.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from time import perf_counter, sleep
from typing import Any
from unittest.mock import patch

import numpy as np
from command import parser_of, say_machine, write_json
from configurations import CONFIGURATIONS
from contest import brief, check, start, take_turns, turn_to
from interleaved import Rounds
from peers import DEFAULTS, Setting
from peers.fastnn_ import Fastnn
from yardstick import sample_rounds

from fastnn._core import targets

#: Of one fit among two, or beside a neighbour: a small, a medium and a large network.
FITTED = ("64-64-10, 32", "784-128-10, 128", "784-512-512-10, 128")
PREDICTED = "784-512-512-10, 128"
PASSED, PASSED_ROWS = "784-128-10, 128", (128, 1024)
PAUSE_SECONDS = 0.02
IDLE_SECONDS = 0.5  # after products by NumPy, whose threads keep their cores for a while

Timer = Callable[[int], float]


def timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def together(trainers: Sequence[Callable[[int], object]]) -> Timer:
    """Seconds until all have trained so many epochs, each called from a thread of its own."""
    pool = ThreadPoolExecutor(len(trainers))
    return lambda epochs: timed(lambda: list(pool.map(lambda train: train(epochs), trainers)))


def in_turn(trainers: Sequence[Callable[[int], object]]) -> Timer:
    """Seconds until all have trained so many epochs, one after the other."""
    return lambda epochs: timed(lambda: [train(epochs) for train in trainers])


def report(said: str, made: Rounds, name: str, other: str, machine) -> dict:
    """Print and return the rate of `name` over that of `other`."""
    ratio = made.speed(name, other)._asdict()
    print(f"{said:76} {brief(ratio)}")
    rounds = {one: made.of(one).tolist() for one in made.names}
    return {"what": said, "ratio": ratio, "seconds": rounds, "near": machine.near.tolist()}


def defaults_over_one(names: Sequence[str], rounds: int, seconds: float) -> list[dict]:
    results = []
    with ExitStack() as stack:
        contestants = [*start(stack, ["fastnn"], [DEFAULTS, Setting(1)]), *start(stack, ["fastnn"], [Setting(1)])]
        for name in names:
            able = turn_to(CONFIGURATIONS[name], contestants)
            if able:
                check(CONFIGURATIONS[name], able)
                default, one, other = (contestant.train for contestant in able)
                timers = {"default": default, "one": one, "two": together([one, other])}
                made, machine = take_turns(timers, rounds, seconds, CONFIGURATIONS[name].dtype)
                made = Rounds(made.names, made.seconds / [1, 1, 2])  # of one fit, whoever makes it
                results.append(report(f"{name}: default threads over one", made, "default", "one", machine))
                said = f"{name}: two fits of one thread each over one by itself"
                results.append(report(said, made, "two", "one", machine))
    return results


def two_fits(names: Sequence[str], rounds: int, seconds: float) -> list[dict]:
    results = []
    for name in names:
        configuration = CONFIGURATIONS[name]
        with ExitStack() as stack:
            processes = [*start(stack, ["fastnn"], [DEFAULTS]), *start(stack, ["fastnn"], [DEFAULTS])]
            check(configuration, turn_to(configuration, processes))
            kinds = {
                "threads": [Fastnn(configuration, None).train for _ in range(2)],
                "processes": [process.train for process in processes],
            }
            for kind, trainers in kinds.items():
                timers = {"at once": together(trainers), "one after the other": in_turn(trainers)}
                made, machine = take_turns(timers, rounds, seconds, configuration.dtype)
                said = f"{name}: two fits at once in two {kind} over one after the other"
                results.append(report(said, made, *made.names, machine))
    return results


class Neighbour:
    """A process that keeps one core busy, when told to."""

    def __init__(self, core: int) -> None:
        spin = f"import os\nos.sched_setaffinity(0, {{{core}}})\nprint(flush=True)\nwhile True: pass"
        self._process = subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE)
        self._process.stdout.readline()
        self.busy(False)

    def busy(self, now: bool) -> None:
        self._process.send_signal(signal.SIGCONT if now else signal.SIGSTOP)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.stdout.close()
        self._process.wait()


def loop(samples: int) -> None:
    """So many milliseconds of multiply-adds, in one thread."""
    for _ in range(samples):
        targets.multiply_add_peak("float32", sample_rounds("float32"))


def with_one_thread(train: Callable[[int], Any]) -> Callable[[int], Any]:
    def run(times: int):
        with patch.dict(os.environ, FASTNN_NUM_THREADS="1"):
            return train(times)

    return run


def beside_a_neighbour(names: Sequence[str], rounds: int, seconds: float) -> list[dict]:
    results = []
    with Neighbour(max(os.sched_getaffinity(0))) as neighbour:

        def alone(work: Callable[[int], object]) -> Timer:
            return lambda times: timed(lambda: work(times))

        def beside(work: Callable[[int], object]) -> Timer:
            def run(times: int) -> float:
                neighbour.busy(True)
                try:
                    return timed(lambda: work(times))
                finally:
                    neighbour.busy(False)

            return run

        made, machine = take_turns({"beside": beside(loop), "alone": alone(loop)}, rounds, seconds, "float32")
        results.append(report("a loop of one thread, one core busy, over alone", made, *made.names, machine))
        for name in names:
            configuration = CONFIGURATIONS[name]
            default, one = Fastnn(configuration, None).train, with_one_thread(Fastnn(configuration, None).train)
            timers = {"default": beside(default), "one thread": beside(one), "alone": alone(default)}
            made, machine = take_turns(timers, rounds, seconds, configuration.dtype)
            for what, said in (("default", "default threads"), ("one thread", "one thread")):
                results.append(
                    report(f"{name}: {said}, one core busy, over default alone", made, what, "alone", machine)
                )
    return results


def paused(predict: Callable[[np.ndarray], object], X: np.ndarray) -> Timer:
    """Seconds of so many calls, without the pauses between."""

    def run(calls: int) -> float:
        taken = 0.0
        for _ in range(calls):
            sleep(PAUSE_SECONDS)
            taken += timed(lambda: predict(X))
        return taken

    return run


def passes_over_one(rounds: int, seconds: float) -> list[dict]:
    configuration, results = CONFIGURATIONS[PASSED], []
    with ExitStack() as stack:
        processes = [start(stack, ["fastnn"], [DEFAULTS, Setting(1)]) for _ in range(2)]
        for able in processes:
            turn_to(configuration, able)
        model = Fastnn(configuration, None).model
        for rows in PASSED_ROWS:
            for able in processes:
                for one in able:
                    one.ways(rows)
            X = configuration.data()[0][:rows]
            sleep(IDLE_SECONDS)

            def calls_of(which: int, able: list) -> Callable[[int], object]:
                return lambda calls: able[which].predict("predict", calls)

            kinds = {
                "calls that follow each other": [calls_of(which, processes[0]) for which in (0, 1)],
                "a pause before each call": [paused(model.predict, X), with_one_thread(paused(model.predict, X))],
                "in two processes at once": [
                    together([calls_of(which, able) for able in processes]) for which in (0, 1)
                ],
            }
            for kind, timers in kinds.items():
                named = dict(zip(("default", "one"), timers, strict=True))
                made, machine = take_turns(named, rounds, seconds, configuration.dtype)
                said = f"{PASSED}, {rows} rows, {kind}: default threads over one"
                results.append(report(said, made, "default", "one", machine))
    return results


def two_threads_predict(rounds: int, seconds: float) -> list[dict]:
    """Each thread makes all the calls that it is asked for: twice the work in two threads."""
    configuration = CONFIGURATIONS[PREDICTED]
    model = Fastnn(configuration, None).model
    row = configuration.data()[0][:1]
    latencies: dict[str, list[float]] = {}

    def calls_of(call: Callable[[], object], kept: list[float]) -> Callable[[int], object]:
        def run(calls: int) -> None:
            taken = np.empty(calls)
            for number in range(calls):
                taken[number] = timed(call)
            kept.extend(taken)

        return run

    def predictor():
        own, out = model.predictor(), np.empty((1, configuration.widths[-1]), row.dtype)
        return lambda: own(row, out)

    results = []
    for way, made_for_a_thread in (("predict", lambda: lambda: model.predict(row)), ("a predictor each", predictor)):
        timers = {}
        for count in (2, 1):
            name = f"{count} thread(s)"
            latencies[name] = []
            timers[name] = together([calls_of(made_for_a_thread(), latencies[name]) for _ in range(count)])
        made, machine = take_turns(timers, rounds, seconds, configuration.dtype)
        doubled = Rounds(made.names, made.seconds / [2, 1])  # of one call, whoever makes it
        said = f"784-512-512-10, one row, {way}: two threads' rate over one's"
        results.append(report(said, doubled, *doubled.names, machine))
        results[-1]["percentile_99_us"] = {
            name: float(np.quantile(taken, 0.99)) * 1e6 for name, taken in latencies.items()
        }
        print(f"{'':4}99th percentile of a call: {results[-1]['percentile_99_us']}")
    return results


def main(arguments=None) -> int:
    parts = {
        "defaults": lambda *numbers: defaults_over_one(options.networks or list(CONFIGURATIONS), *numbers),
        "fits": lambda *numbers: two_fits(options.networks or FITTED, *numbers),
        "neighbour": lambda *numbers: beside_a_neighbour(options.networks or FITTED, *numbers),
        "passes": passes_over_one,
        "predict": two_threads_predict,
    }
    parser = parser_of(__doc__, rounds=15)
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts), help="default: all")
    parser.add_argument("--networks", nargs="+", choices=CONFIGURATIONS, help=f"default: all; {FITTED} after that")
    options = parser.parse_args(arguments)
    say_machine()
    results = {part: parts[part](options.rounds, options.seconds) for part in options.only}
    write_json(options.json, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
