# cython: language_level=3
"""The flat path of an update: over the whole gradient, stored by the backward pass, instead of block by block."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint64_t

from fastnn._core.passes cimport Sink
from fastnn._core.plan cimport Plan, Tensor
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Barrier

cdef enum:
    FLAT_BLOCK = 8192  # parameters that one thread treats at a time, and whose squares are summed by themselves

cdef enum Clip:
    UNCLIPPED
    VALUES        # each element of the gradient
    NORMS         # the gradient of each tensor by its norm
    GLOBAL_NORM   # the whole gradient by its norm

# What the flat passes need; read by all threads, written by none but where noted.
cdef struct Flat:
    Sink sink                  # the optimizer and its states; `numbers` are each step's, not these
    void *gradient             # written: what the backward pass stored, penalties included
    void *sum                  # written: the gradients of the steps before the update; NULL: every step updates
    void *average              # written: moving average of the parameters; NULL without
    uint64_t accumulation      # steps an update
    uint64_t overwrite         # updates from one overwriting of the parameters by their average to the next; 0: never
    double momentum            # of the average
    Clip clip
    double limit               # of values or norms
    const Tensor *tensors
    int n_tensors
    ptrdiff_t blocks           # of all trainable tensors
    bint bounds_norms          # a constraint bounds norms
    double *squares            # written: of the gradient's blocks, then of columns
    void *factors              # written: of columns

# One step: the gradient is stored; all threads have waited; afterwards they must wait before they read parameters.
cdef void flat_step(const Flat *flat, const real *sample, const fn_update *numbers, uint64_t step, Barrier *barrier,
                    int thread, int threads) noexcept nogil

cdef class FlatPath:
    cdef Flat flat
    cdef Plan plan
    cdef object parameters, averages, arrays
