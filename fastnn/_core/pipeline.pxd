# cython: language_level=3
"""Two threads, each with some consecutive segments: where to part them, and a step."""
from libc.stddef cimport ptrdiff_t

from fastnn._core.plan cimport Program
from fastnn._core.step_parts cimport Pipeline, Run
from fastnn._core.targets cimport real

# How to divide steps so; second = 0 where that cannot be, or costs more than a division by layers
cdef Pipeline plan_pipeline(const Run *run, Program program)

# One step, by two threads: the part of `thread`
cdef void step_in_pipeline(const Run *run, const real *sample, ptrdiff_t step, int thread) noexcept nogil
