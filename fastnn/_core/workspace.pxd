# cython: language_level=3
"""All memory of a run, taken at once: value and gradient buffers for a number of rows, one set or one a thread."""
from libc.stddef cimport ptrdiff_t

from fastnn._core.heads cimport Memory
from fastnn._core.plan cimport Program

cdef class Workspace:
    cdef Memory *memories          # `sets` of them, for `rows` rows each
    cdef Memory *by_halves         # the same buffers for two threads that divide a product by halves (heads.is_cut); NULL: none is
    cdef void **inputs             # each set's own input buffer, for who borrowed another
    cdef void **scratch            # one a thread, for updates
    cdef void **transposed         # by segment: room for its kernel transposed
    cdef void *sums                # `groups` gradients with padded rows
    cdef readonly Py_ssize_t rows, sets, threads, groups
    cdef readonly size_t nbytes
    cdef Program program
    cdef object arena
