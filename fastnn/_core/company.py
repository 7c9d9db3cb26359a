"""Trainings under way in this process, and the share of its threads that each may have.

Two networks fitted at once, as by GridSearchCV in threads, do best with a core each: with teams of two on two cores,
every wait of one team may be for a thread that the other has displaced. Trying (teams.py) finds that too, later than
a short fit ends. Called by trainer, and by what trains for longer than a step.
"""

import os
from _thread import get_ident  # threading imports more than an import of fastnn may take
from collections.abc import Iterator
from contextlib import contextmanager

from fastnn._core.threads import default_threads

__all__ = ["allowed", "under_way"]

#: Threads of Python in which a training is under way. One of them may have several, one inside the other's callback.
_trainers: set[int] = set()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_trainers.clear)  # the child has one thread


@contextmanager
def under_way() -> Iterator[None]:
    """Count this thread among those that train, until the end of the block."""
    me = get_ident()
    first = me not in _trainers
    _trainers.add(me)
    try:
        yield
    finally:
        if first:
            _trainers.discard(me)


def allowed(most: int) -> int:
    """Return how many of `most` threads a training of this thread should use now.

    Examples
    --------
    >>> allowed(1)
    1
    """
    if most == 1:
        return 1
    others = len(_trainers - {get_ident()})
    return most if not others else max(1, min(most, default_threads() // (1 + others)))
