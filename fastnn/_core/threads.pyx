# cython: language_level=3
"""How many threads a parallel region gets, and why that many.

The smallest of: the CPUs that this process may run on, the container's CPU quota rounded down, OMP_NUM_THREADS,
FASTNN_NUM_THREADS, and OpenMP's own limit (which threadpoolctl and joblib set). One in a child that was forked after
OpenMP had run here: libgomp's threads do not survive a fork, and waiting for them would hang.
"""
import os
from functools import cache

LATELY_SECONDS = 3e-3       # libgomp's threads go on waiting for 3 to 5 ms before they sleep

cdef double last_end = -1e9 # of work that threads may have shared, perf_counter's seconds
cdef bint used = False      # a team has run in this process
cdef bint orphaned = False  # this process was forked from one in which a team had run


cdef int grant(int wanted) noexcept nogil:
    global used
    if orphaned or wanted < 1:
        return 1
    if wanted > 1:
        used = True
    return wanted


cdef void note_end(double now) noexcept:
    global last_end
    last_end = now


cdef bint ended_lately(double now) except -1:
    return now - last_end < LATELY_SECONDS


def _after_fork():
    global orphaned
    if used:
        orphaned = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def cgroup_folders(controller):
    """Folders of this process's cgroup and those above it, for cgroup v2 ("") or a v1 controller ("cpu")."""
    for line in read_text("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            root = f"/sys/fs/cgroup/{controllers}" if controller else "/sys/fs/cgroup"
            parts = [part for part in path.split("/") if part]
            for depth in range(len(parts), -1, -1):
                yield "/".join([root, *parts[:depth]])


@cache
def cpu_quota():
    """CPUs that the container may use, rounded down and at least 1; None where there is no quota. Read once."""
    shares = []
    for folder in cgroup_folders(""):
        limit = read_text(folder + "/cpu.max").split()
        if len(limit) == 2 and limit[0] != "max":
            shares.append(int(limit[0]) / int(limit[1]))
    for folder in cgroup_folders("cpu"):
        quota, period = read_text(folder + "/cpu.cfs_quota_us"), read_text(folder + "/cpu.cfs_period_us")
        if quota and period and int(quota) > 0:
            shares.append(int(quota) / int(period))
    return max(1, int(min(shares))) if shares else None


def from_environment(name):
    """A thread count from an environment variable; OMP_NUM_THREADS may be a list, whose first counts. None if unset
    or not a positive integer (as OpenMP does, which ignores such a value)."""
    value = os.environ.get(name, "").split(",")[0].strip()
    return int(value) if value.isdigit() and int(value) > 0 else None


def limits():
    """What bounds the number of threads: a dict of reason to count, None where that reason sets no bound."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "CPUs of this process": max(affinity, bound_cpus()),
        "CPU quota": cpu_quota(),
        "OMP_NUM_THREADS": from_environment("OMP_NUM_THREADS"),
        "FASTNN_NUM_THREADS": from_environment("FASTNN_NUM_THREADS"),
        "OpenMP's limit": omp_get_max_threads(),
        "forked after OpenMP had run": 1 if orphaned else None,
    }


def default_threads():
    """Threads that a large enough piece of work gets."""
    return min(count for count in limits().values() if count is not None)


def explain():
    """One line: how many threads by default, and every bound that was looked at."""
    bounds = ", ".join(f"{reason}: {'none' if count is None else count}" for reason, count in limits().items())
    return f"{default_threads()} (the smallest of: {bounds})"


def openmp_runtime():
    """Name of the OpenMP that this build uses, or what its absence means."""
    return f"OpenMP {OPENMP_DATE // 100}-{OPENMP_DATE % 100:02d}" if OPENMP_DATE else "none (built serial)"
