# cython: language_level=3
"""Training steps without Python: what they need, and how to run them."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint64_t

from fastnn._core.data cimport Rows
from fastnn._core.flat cimport Flat
from fastnn._core.inference cimport Judge
from fastnn._core.heads cimport Memory
from fastnn._core.passes cimport Sink
from fastnn._core.plan cimport Op, Segment, Tensor
from fastnn._core.sparse cimport Links
from fastnn._core.targets cimport real
from fastnn._core.threads cimport Barrier

cdef enum:
    PENALTY_BLOCK = 8192  # parameters whose squares are summed by themselves: fixed, whatever the threads

# What a slice of an epoch needs; read by all threads, written by none but where noted.
cdef struct Run:
    const Segment *segments
    const Op *ops
    int n_segments, n_ops, lowest
    bint drops_weights, penalizes # see Program
    bint moves_statistics        # stored statistics follow the batches
    ptrdiff_t inputs, outputs, sums_size
    void *parameters
    Sink sink
    const Flat *flat             # NULL: updates are fused with the gradients; else `sink` only stores
    int correction               # what of the optimizer's numbers depends on the step: FN_RATE_* of fastnn.h
    Rows x
    bint to_one_product          # X goes to one dense product and nowhere else
    bint may_go_ahead            # and its update, of one row by plain descent, may go on with the next row's product
    Judge judge
    bint weighted_mean, summed, penalty_over_batch
    double decay                 # decoupled weight decay, times the rate
    const Tensor *tensors
    const int *kernel_tensor     # by segment: its tensors' places, -1 without
    const int *bias_tensor
    int n_tensors
    bint penalized
    const int64_t *order
    ptrdiff_t total, batch
    const double *rates
    double *losses               # written: each step's
    void *outputs_made           # written: predictions of each row, in order; may be NULL
    ptrdiff_t outputs_stride
    uint64_t key, iteration
    Memory *memories
    void **scratch
    void *sums
    ptrdiff_t group, block       # by groups: rows of a group, and of a block within it; group 0: by layers
    Links links                  # for sparse rows
    bint zero_matters            # a gradient of zero moves a parameter
    double *row_loss             # written: of each row of the batch
    double *penalties            # written: of each block of parameters
    Barrier *barrier

# All steps of a slice, by a team of `threads`.
cdef void run_all(const Run *run, const real *sample, int threads) noexcept nogil

# The penalties at the current parameters: each thread its share of the blocks, then their sum.
cdef void sum_penalties(const Run *run, const real *sample, int thread, int threads) noexcept nogil
cdef double total_penalty(const Run *run) noexcept nogil
