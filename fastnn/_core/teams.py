"""Teams: how many threads a step, or a pass, should have, found by trying. Results do not depend on it.

Whether a second thread pays depends on where the machine's cores lie and who else uses them, which no one tells, and
which changes by the minute on a shared machine: a wait for another core takes a tenth of a microsecond or ten.
Called by trainer and inference; what the work suggests is where it starts. Time is that of the steps
alone: a training that stands still does not come back to trying. The next training of such steps begins with what
one has found out: many are over before trying pays.
"""

from typing import Self

SHARE = 0.01  # of the time may go into trying,
FIRST_SHARE = 0.1  # and before another size has been tried at all: many trainings are over within a second
CLEARLY = 0.97  # of the time of a step: a size that takes no more is taken
PROBE_SECONDS = 5e-3  # of trying: long against the waking of threads that have slept meanwhile
WARM_SECONDS = 8e-3  # of a trial by passes: a tick or two of the scheduler moves a thread that woke up beside another
COLD_RUNS = 1  # before the time of a step counts: memory is touched for the first time, threads are started
SLOWER = 1.05  # what a step is believed to take rises by so much a run, or to the lesser of two slow runs in a row
CHANGED = 1.25  # a rise by which the machine is another: somebody came, and half as many are tried soon
SOON = 0.05  # seconds of steps from a trial to one so early, at least
KEPT_SECONDS = 0.5  # on the clock, after which what was found out is forgotten: the machine may be another

#: By the largest size and the magnitude of a step's work, what was found out last, and when.
_kept: dict[tuple[int, int], tuple["Teams", float]] = {}


class Teams:
    """The team's size, with what is known of others.

    Parameters
    ----------
    first, most : int
        Size to start with, and the largest allowed.

    Examples
    --------
    >>> teams = Teams(2, 2)
    >>> teams.next(100)
    (100, 2)
    >>> teams.took(2, 100, 0.002)  # cold
    >>> teams.took(2, 99900, 0.999)  # 10 us a step
    >>> teams.took(2, 99900, 0.999)
    >>> teams.next(5000)  # now and then another size is tried
    (500, 1)
    >>> teams.took(1, 500, 0.0025)  # 5 us
    >>> teams.next(5000)
    (5000, 1)
    """

    def __init__(self, first: int, most: int) -> None:
        self.size, self.most = first, most
        self._seconds: dict[int, float] = {}  # of a step, by size
        self._runs = 0  # by teams of the chosen size, as far as they are cold
        self._due: dict[int, float] = {}  # when a size is to be tried
        self._now = 0.0  # seconds of steps so far
        self._last = 0.0  # seconds of a step in the last run by a team of the chosen size
        self._tried = -SOON  # when another size was, last
        self._kept_small = False  # whether the last answer was less than the size, by order

    @classmethod
    def like_last(cls, work: int, first: int, most: int, now: float) -> Self:
        """Teams for steps of so much work: with what was found out when the last ones of such steps were kept."""
        made = cls(first, most)
        last, when = _kept.get((most, work.bit_length()), (None, 0.0))
        if last is not None and now - when < KEPT_SECONDS:
            made.__dict__ |= last.__dict__ | {"_seconds": dict(last._seconds), "_due": dict(last._due)}
        return made

    def keep(self, work: int, now: float) -> None:
        """Leave what is known to the next teams for steps of about so much work."""
        _kept[self.most, work.bit_length()] = self, now

    def next(self, steps: int, allowed: int | None = None) -> tuple[int, int]:
        """How many of the next `steps` should be run at once, by a team of which size, `allowed` at most for now."""
        allowed = self.most if allowed is None else allowed
        self._kept_small = allowed < self.size
        if self._kept_small:
            return steps, allowed
        known = self._seconds.get(self.size)
        if known is not None:
            for size in (self.size // 2, min(2 * self.size, allowed)):
                if size and size != self.size and self._now >= self._due.get(size, 0.0):
                    return min(steps, max(1, round(PROBE_SECONDS / known))), size
        return steps, self.size

    def took(self, size: int, steps: int, seconds: float) -> None:
        """Learn from steps that have been run, unless the team was kept small: then they tell of the company."""
        if self.most == 1 or self._kept_small:
            return
        self._now += seconds
        if size == self.size and self._runs < COLD_RUNS:
            self._runs += 1
            return
        each = seconds / steps
        before = self._seconds.get(size)
        if before is not None:
            slower = max(SLOWER * before, self._last if size == self.size else 0.0)
            self._seconds[size] = 0.5 * (before + each) if each < before else min(each, slower)
        else:
            self._seconds[size] = each
        if size == self.size:
            self._last = each
            if before is None:  # until something is known: what another would cost if threads shared work perfectly
                for other in (size // 2, min(2 * size, self.most)):
                    if other and other != size:
                        self._wait(other, abs(size / other - 1.0) * max(each, PROBE_SECONDS), FIRST_SHARE)
            elif self._seconds[size] > CHANGED * before and size // 2 in self._due:
                self._due[size // 2] = min(self._due[size // 2], self._tried + SOON)
            return
        self._tried = self._now
        lost = each - self._seconds[self.size]
        if each < CLEARLY * self._seconds[self.size]:
            self.size, size, self._last = size, self.size, each
        self._wait(size, abs(lost) * steps)

    def _wait(self, size: int, lost: float, share: float = SHARE) -> None:
        """Try a size again when trying it, at so many seconds lost, has become a small share of the time."""
        self._due[size] = self._now + max(lost, 0.1 * PROBE_SECONDS) / share


class Passes(Teams):
    """Teams for work that comes in passes: a trial goes on for several short ones, of which the first do not count.

    Examples
    --------
    >>> passes = Passes(1, 2)
    >>> passes.next(1)
    (1, 1)
    """

    def __init__(self, first: int, most: int) -> None:
        super().__init__(first, most)
        #: Of a trial under way: passes so far, seconds of those that do not count, passes and seconds that do.
        self._trial: tuple[int, float, int, float] | None = None
        self._first_trial = True
        self.used = 0.0  # when it was, on the clock: whoever runs the passes says so

    def took(self, size: int, steps: int, seconds: float) -> None:
        """Learn from so many passes that have been run, all of about the same work."""
        trial, self._trial = self._trial, None  # one look: other threads may predict with the same network
        if size == self.size or self._kept_small:
            super().took(size, steps, seconds)
            return
        run, warm, counted, spent = trial or (0, 0.0, 0, 0.0)
        run += steps
        if max(warm, seconds) < WARM_SECONDS:
            warm += seconds
        else:
            counted, spent = counted + steps, spent + seconds
        if spent < PROBE_SECONDS:
            self._trial = run, warm, counted, spent
            return
        super().took(size, run, spent / counted * run)  # what trying has cost is that of all
        if self._first_trial:  # of chance, where a thread woke up: the next comes soon
            self._first_trial = False
            for other, due in list(self._due.items()):
                self._due[other] = self._now + SHARE / FIRST_SHARE * (due - self._now)
