"""How contestants are compared: the same work checked first, turns round by round, ratios within a round.

Nothing here knows what is timed: compare.py, compare_predict.py and the like bring callables that return seconds. Each
round also notes the machine's state: a core's multiply-add peak, and before and after every turn the time of an empty
parallel region, since virtual CPUs move within a round, too.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import sleep
from typing import NamedTuple

import numpy as np
from configurations import Configuration
from contestants import Contestant
from interleaved import Rounds, Spread, spread, turn
from peers import EVERY, Setting
from yardstick import NEAR_SECONDS, fork_join_seconds, peak

from fastnn._core import threads

SETTLE_SECONDS = 0.02  # for the threads of who was last to fall asleep
MOST_ROUNDS = 5  # times as many as asked for, where cores are to be near each other in some of them


class Machine(NamedTuple):
    """The machine's state in each round."""

    peaks: np.ndarray  # [rounds], FLOP a second of one core
    fork_joins: np.ndarray  # [rounds, turns + 1], seconds: at the beginning, and after each turn

    @property
    def near(self) -> np.ndarray:
        """Rounds in which the cores lay near each other all along, bool [rounds]."""
        return np.all(self.fork_joins < NEAR_SECONDS, axis=1)

    @property
    def far(self) -> np.ndarray:
        """Rounds in which they were far all along; in the others they moved."""
        return np.all(self.fork_joins >= NEAR_SECONDS, axis=1)

    def __str__(self) -> str:
        microseconds = self.fork_joins * 1e6
        return (
            f"machine: peak {np.median(self.peaks) / 1e9:.0f} GFLOP/s a core; an empty parallel region takes "
            f"{np.median(microseconds):.2f} us ({microseconds.min():.2f} to {microseconds.max():.2f}); of "
            f"{len(self.near)} rounds cores were near each other in {self.near.sum()}, far in {self.far.sum()}"
        )


def start(stack: ExitStack, peers: Sequence[str], settings: Sequence[Setting]) -> list[Contestant]:
    """A process for each installed peer in each setting that it knows; says which peers are left out."""
    started = []
    for peer in peers:
        entry = EVERY[peer]
        if missing := entry.missing():
            print(f"{entry.label}: left out, {' and '.join(missing)} not installed")
            continue
        wanted = [setting for setting in settings if setting in entry.settings()]
        started += [stack.enter_context(Contestant(peer, setting)) for setting in wanted]
    return started


def turn_to(configuration: Configuration, contestants: Sequence[Contestant]) -> list[Contestant]:
    """Open a configuration everywhere; those that can do it."""
    able, said = [], set()
    for contestant in contestants:
        lacks = contestant.open(configuration)
        if not lacks:
            able.append(contestant)
        elif contestant.peer not in said:
            said.add(contestant.peer)
            print(f"{EVERY[contestant.peer].label}: left out of {configuration.name}, it lacks {lacks}")
    return able


def check(configuration: Configuration, contestants: Sequence[Contestant]) -> dict[str, float]:
    """Every contestant's loss after the same epoch from the same parameters; raises where one is apart, or where the
    epoch did not lower it."""
    losses = {}
    for contestant in contestants:
        before, losses[contestant.name] = contestant.check()
        if not losses[contestant.name] < before:
            raise SystemExit(f"{configuration.name}: {contestant.name} learns nothing, its loss was {before}: {losses}")
    middle = np.median(list(losses.values()))
    if any(abs(loss - middle) > configuration.tolerance * abs(middle) for loss in losses.values()):
        raise SystemExit(f"{configuration.name}: not the same work, losses after one epoch are {losses}")
    return losses


def calls_in(seconds: float, time_calls: Callable[[int], float]) -> int:
    """How many calls take about so long; the first warms up what is compiled or allocated at first."""
    time_calls(1)
    calls = 1
    while (taken := time_calls(calls)) < seconds / 4:
        calls *= 4
    return max(1, round(calls * seconds / taken))


def take_turns(
    contestants: dict[str, Callable[[int], float]], rounds: int, seconds: float, dtype: str, near: int = 0
) -> tuple[Rounds, Machine]:
    """Seconds of one call of each contestant in each round.

    A contestant is a function that makes so many calls and returns the seconds they took; it makes as many in a round
    as take about `seconds`. Up to MOST_ROUNDS times as many rounds, until cores were near each other in `near`.
    """
    names = list(contestants)
    calls = {name: calls_in(seconds, contestant) for name, contestant in contestants.items()}
    table, peaks, fork_joins = [], [], []
    while len(table) < rounds or (
        Machine(np.array(peaks), np.array(fork_joins)).near.sum() < near and len(table) < MOST_ROUNDS * rounds
    ):
        peaks.append(peak(dtype))
        states, taken = [fork_join_seconds()], {}
        for name in turn(names, len(table)):
            sleep(SETTLE_SECONDS)
            taken[name] = contestants[name](calls[name]) / calls[name]
            states.append(fork_join_seconds())
        fork_joins.append(states)
        table.append([taken[name] for name in names])
    return Rounds(names, table), Machine(np.array(peaks), np.array(fork_joins))


def best(made: Rounds, names: Sequence[str]) -> str:
    """The fastest of some contestants, by its median."""
    return min(names, key=lambda name: np.median(made.of(name)))


def ratio(made: Rounds, ours: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """Our fastest over the fastest of the others in each round, [rounds]."""
    fastest = [np.min([made.of(name) for name in names], axis=0) for names in (others, ours)]
    return fastest[0] / fastest[1]


def summarize(made: Rounds, machine: Machine, ours: Sequence[str], rows: int) -> dict:
    """What is reported of a comparison whose calls each go through `rows` rows; JSON takes it."""
    others = [name for name in made.names if name not in ours]
    summary = {
        "rows_a_second": {name: made.rate(name, rows)._asdict() for name in made.names},
        "seconds": {name: made.of(name).tolist() for name in made.names},
        "peak_gflops": (machine.peaks / 1e9).tolist(),
        "fork_join_us": (machine.fork_joins * 1e6).tolist(),
        "near": machine.near.tolist(),
    }
    if ours:
        summary["ours"] = best(made, ours)
    if ours and others:
        ratios = ratio(made, ours, others)
        summary |= {"best_peer": best(made, others), "ratio": spread(ratios)._asdict()}
        for state, there in (("near", machine.near), ("far", machine.far)):
            if there.any():
                summary[f"ratio_{state}"] = spread(ratios[there])._asdict()
    return summary


def fractions(made: Rounds, machine: Machine, cores: dict[str, int], flop: int) -> dict[str, dict]:
    """Each contestant's share of the peak of the cores that it may use, where a call has so many FLOP."""
    return {
        name: spread(flop / made.of(name) / (machine.peaks * count))._asdict()
        for name, count in cores.items()
        if name in made.names
    }


def cores_of(setting: Setting) -> int:
    return setting.threads or threads.default_threads()


def brief(figure: dict | None, form: str = ".2f") -> str:
    """`1.23 [1.20, 1.25]` of a spread, nothing of None."""
    if figure is None:
        return ""
    median, low, high = (format(value, form) for value in Spread(**figure))
    return f"{median} [{low}, {high}]"
