# cython: language_level=3
"""Training steps without Python: any slice of an epoch, by a team of threads."""
from fastnn._core.step_parts cimport Run
from fastnn._core.targets cimport real

# All steps of a slice
cdef void run_all(const Run *run, const real *sample, int threads) noexcept nogil
