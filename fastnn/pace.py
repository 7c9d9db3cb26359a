"""How much work to hand to the engine at once: so much that Ctrl-C is answered in between, and not less.

Called by whoever runs through epochs or many rows: fitting.py, training.py, forward.py, epoch.py and
binding.py.
"""

import time
from collections.abc import Iterator

__all__ = ["FIRST_ROWS", "Pace"]

SLICE_SECONDS = 0.05
FIRST_ROWS = 4096  # of a forward pass over many rows, before its speed is known


class Pace:
    """How many units of work to hand over at once, from the time that the last ones took."""

    def __init__(self, units: int = 1) -> None:
        self.units = units

    def took(self, units: int, seconds: float) -> None:
        """Learn from a slice; the next has at most 8 times its units: first ones are slow, or too short to time."""
        fitting = SLICE_SECONDS / max(seconds / units, 1e-9)
        self.units = max(1, int(min(fitting, 8.0 * units)))

    @staticmethod
    def ones(total: int) -> Iterator[tuple[int, int]]:
        """Yield (start, stop) of single units over range(total)."""
        return ((unit, unit + 1) for unit in range(total))

    def slices(self, total: int) -> Iterator[tuple[int, int]]:
        """Yield (start, stop) over range(total), timing what is done with each."""
        start = 0
        while start < total:
            stop = min(start + self.units, total)
            began = time.perf_counter()
            yield start, stop
            self.took(stop - start, time.perf_counter() - began)
            start = stop
