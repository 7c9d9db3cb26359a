"""What the machine itself does at best, right now: multiply-adds of one core, and the meeting of two."""

from collections.abc import Callable
from functools import cache
from statistics import median
from time import perf_counter, thread_time

import numpy as np

from fastnn._core import dense, targets

#: What fork_join_seconds takes at most where two virtual CPUs lie near each other: about 0.55 us there, 1 us and more
#: where they are far.
NEAR_SECONDS = 0.75e-6
SAMPLE_SECONDS = 1e-3  # long enough for the clock's resolution, short enough to fall between two interruptions


@cache
def sample_rounds(dtype: str) -> int:
    """Rounds of the multiply-add loop that take about SAMPLE_SECONDS."""
    rounds = 1000
    while True:
        begin = thread_time()
        targets.multiply_add_peak(dtype, rounds)
        elapsed = thread_time() - begin
        if elapsed >= SAMPLE_SECONDS / 2:
            return max(1, round(rounds * SAMPLE_SECONDS / elapsed))
        rounds *= 2


def peak_sample(dtype: str) -> tuple[Callable[[], int], int]:
    """A contestant for `interleaved.measure` that runs at one core's peak, and the FLOP that it does."""
    rounds = sample_rounds(dtype)
    return (lambda: targets.multiply_add_peak(dtype, rounds)), targets.multiply_add_peak(dtype, rounds)


def peak(dtype: str, samples: int = 7) -> float:
    """FLOP a second of one core's fused multiply-adds: the median of several samples, by the thread's own clock."""
    run, flop = peak_sample(dtype)
    seconds = []
    for _ in range(samples):
        begin = thread_time()
        run()
        seconds.append(thread_time() - begin)
    return flop / median(seconds)


def fork_join_seconds(threads: int = 2, samples: int = 200) -> float:
    """What it costs to start a team of `threads` on nothing and wait for it.

    The difference of the quickest calls of a kernel on one row, with a team and without. It tells apart the states of
    a machine whose virtual CPUs lie near each other or far: see NEAR_SECONDS.
    """
    one = np.ones((1, 1), dtype=np.float32)
    dy, w, dx = dense.slack_copy(one), dense.slack_copy(one), dense.padded_empty(1, 1, "float32")
    run = dense._input_gradient["float"]

    def quickest(team: int) -> float:
        best = float("inf")
        for _ in range(samples):
            begin = perf_counter()
            run(dy, w, dx, team)
            best = min(best, perf_counter() - begin)
        return best

    return max(0.0, quickest(threads) - quickest(1))
