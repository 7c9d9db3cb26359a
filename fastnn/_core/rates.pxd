# cython: language_level=3
"""What of an optimizer's numbers depends on the step alone."""
from libc.stdint cimport uint64_t

from fastnn._core.targets cimport fn_update

# `correction`: FN_RATE_* of fastnn.h; `count`: the step's number, 1 for the first.
cdef void correct(fn_update *numbers, int correction, uint64_t count) noexcept nogil

# The first count from which on `correct` changes nothing.
cdef uint64_t settled(const fn_update *numbers, int correction) noexcept nogil
