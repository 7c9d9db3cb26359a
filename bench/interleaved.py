"""Comparisons that hold on a noisy machine: contestants take turns, ratios are taken within a round.

A machine's speed drifts by the second (clock, neighbours, where its virtual CPUs lie), so two medians measured one
after the other say little about each other. Here every round runs every contestant once, in an order that turns round,
and a ratio is the median of the rounds' ratios.

A turn begins with a call that does not count. What one thread does is timed by that thread's clock, which stands still
while another process has the core.
"""

from collections.abc import Callable, Sequence
from time import perf_counter, thread_time
from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """Median and quartiles of a figure over the rounds."""

    median: float
    low: float
    high: float


def spread(values) -> Spread:
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


class Rounds:
    """Seconds of each contestant in each round: `seconds` is an array [rounds, contestants]."""

    def __init__(self, names: Sequence[str], seconds) -> None:
        self.names = list(names)
        self.seconds = np.asarray(seconds, dtype=np.float64)

    def of(self, name: str) -> np.ndarray:
        """Seconds of one contestant, [rounds]."""
        return self.seconds[:, self.names.index(name)]

    def rate(self, name: str, work: float) -> Spread:
        """`work` a second."""
        return spread(work / self.of(name))

    def speed(self, name: str, other: str, work: float = 1.0, other_work: float = 1.0) -> Spread:
        """How many times as fast as `other` is `name`, where they do `other_work` and `work`."""
        return spread(work / self.of(name) * self.of(other) / other_work)


def calls_for(function: Callable[[], object], seconds: float, clock: Callable[[], float]) -> int:
    """How often to call `function` so that it takes about `seconds`, at least once."""
    function()
    calls = 1
    while True:
        elapsed = time_calls(function, calls, clock)
        if elapsed >= seconds / 4:
            return max(1, round(calls * seconds / elapsed))
        calls *= 4


def time_calls(function: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    begin = clock()
    for _ in range(calls):
        function()
    return clock() - begin


def turn(names: Sequence[str], number: int) -> list[str]:
    """The order of round `number`: everybody is first as often as everybody else, and follows others each time."""
    start = number % len(names)
    order = [*names[start:], *names[:start]]
    return order[::-1] if (number // len(names)) % 2 else order


def measure(
    contestants: dict[str, Callable[[], object]], rounds: int, seconds: float = 2e-3, threads: int = 1
) -> Rounds:
    """Run the contestants round by round.

    Parameters
    ----------
    contestants : dict of name to callable
    rounds : int
    seconds : float
        About how long a contestant runs in a round; it is called as often as that takes. The clock's own cost (under
        1 us) does not show beside it.
    threads : int
        That the contestants use: with more than one, the clock on the wall is the only one there is.

    Returns
    -------
    Rounds
        Seconds of one call.
    """
    clock = thread_time if threads == 1 else perf_counter
    names = list(contestants)
    calls = {name: calls_for(function, seconds, clock) for name, function in contestants.items()}
    table = np.empty((rounds, len(names)))
    for number in range(rounds):
        for name in turn(names, number):
            contestants[name]()  # caches as its own last call leaves them, not as the one's before
            table[number, names.index(name)] = time_calls(contestants[name], calls[name], clock) / calls[name]
    return Rounds(names, table)
