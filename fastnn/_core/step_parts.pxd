# cython: language_level=3
"""What a slice of an epoch needs (`Run`), and what belongs to each of its steps however it is divided among threads."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint64_t

from fastnn._core.data cimport Rows, is_sparse
from fastnn._core.flat cimport Flat, flat_step
from fastnn._core.inference cimport Judge
from fastnn._core.heads cimport Batch, Memory
from fastnn._core.passes cimport Sink, group_rows
from fastnn._core.pieces cimport Parts
from fastnn._core.plan cimport Op, Segment, Tensor
from fastnn._core.sparse cimport Links
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Barrier, Progress, Share, wait_for_all

cdef enum:
    PENALTY_BLOCK = 8192  # parameters whose squares are summed by themselves: fixed, whatever the threads

# How two threads divide a step in a pipeline (pipeline.pyx); second 0: they do not.
cdef struct Pipeline:
    int second                   # the other thread's first segment
    int forward_parts, backward_parts
    int first_tensor             # the first that belongs to the other thread
    void **transposed            # written: by segment, its kernel transposed
    Progress *forward            # written: parts that the first thread has made
    Progress *backward           # written: and the other one, on the way back
    Progress *consumed           # written: steps after which the other thread has read all that the first one made for it

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
    int correction               # what of the optimizer's numbers depends on the step: FN_RATE_* of fastnn.h,
    uint64_t settled             # and from which one on nothing does
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
    Memory *memories             # by groups: by thread; else two, in turn,
    Memory *by_halves            # and the same buffers for two threads, laid out by halves; NULL: there is no need
    void **scratch
    void *sums
    bint fine                    # see passes.group_rows
    ptrdiff_t group, block       # by groups: rows of a group, and of a block within it; group 0: by layers
    Links links                  # for sparse rows
    bint zero_matters            # a gradient of zero moves a parameter
    double *row_loss             # written: of each row of the batch
    double *penalties            # written: of each block of parameters
    Pipeline pipeline
    Barrier *barrier
    Parts *parts                 # written: by thread, what of its part of a phase is taken

# What a batch's loss divides by: its rows, the sum of their weights, or nothing.
cdef double denominator(const Run *run, const real *sample, const int64_t *index, ptrdiff_t rows) noexcept nogil

# Loss of rows and its gradient, into the last segment's delta. `position`: of index[0] in the slice; `first_row`: of the
# memory's row 0 in the batch.
cdef void judge_rows(const Run *run, const real *sample, const Memory *memory, const Batch *batch, const int64_t *index,
                     ptrdiff_t position, Share rows, ptrdiff_t first_row, double divisor) noexcept nogil

# The update's numbers in this step
cdef fn_update step_numbers(const Run *run, ptrdiff_t step) noexcept nogil

# The penalties at the current parameters: each thread its share of the blocks of some tensors, each to its own place; then
# their sum.
cdef void sum_penalties(const Run *run, const real *sample, Share tensors, int thread, int threads) noexcept nogil
cdef double total_penalty(const Run *run) noexcept nogil

# losses[step]: the batch's mean loss (or its sum), with penalties
cdef void report(const Run *run, ptrdiff_t step, ptrdiff_t rows, double divisor) noexcept nogil


cdef inline Share all_tensors(const Run *run) noexcept nogil:
    cdef Share tensors
    tensors.start, tensors.stop = 0, run.n_tensors
    return tensors


cdef inline int operations(const Run *run, int index) noexcept nogil:
    """End of the operations of a segment that run by themselves: the loss may take the last one over."""
    return run.segments[index].last_op - (1 if run.judge.fused and index == run.n_segments - 1 else 0)


cdef inline const fn_update *with_penalty(const Run *run, const fn_update *numbers, int tensor, double divisor,
                                          fn_update *room) noexcept nogil:
    """A tensor's numbers: the step's where it has no penalty, else in `room`."""
    cdef double factor = 1.0 / divisor if run.penalty_over_batch and divisor != 0 else 1.0
    if tensor < 0 or run.tensors[tensor].l1 == run.tensors[tensor].l2 == 0:
        return numbers
    room[0] = numbers[0]
    room.l1, room.l2 = run.tensors[tensor].l1 * factor, run.tensors[tensor].l2 * factor
    return room


cdef inline double loss_of_rows(const Run *run, ptrdiff_t first, ptrdiff_t end) noexcept nogil:
    cdef double total = 0
    cdef ptrdiff_t row
    for row in range(first, end):
        total += run.row_loss[row]
    return total


cdef inline Batch batch_of(const Run *run, ptrdiff_t step, ptrdiff_t first) noexcept nogil:
    cdef Batch batch
    cdef ptrdiff_t rows = min(run.batch, run.total - step * run.batch)
    batch.size, batch.group = run.batch, group_rows(rows, run.fine)
    batch.sparse = &run.x if is_sparse(&run.x) else NULL
    batch.index, batch.first_sparse = run.order + step * run.batch, 0
    batch.key, batch.step, batch.first_row = run.key, run.iteration + <uint64_t>step, <uint64_t>first
    batch.activity = 1.0 / <double>rows
    batch.moves_statistics = run.moves_statistics
    return batch


cdef inline void update_whole(const Run *run, const real *sample, const fn_update *numbers, ptrdiff_t step, int thread,
                              int threads) noexcept nogil:
    """The flat path's part of a step, where the gradient was stored."""
    if run.flat != NULL:
        wait_for_all(run.barrier, threads)
        flat_step(run.flat, sample, numbers, run.iteration + <uint64_t>step, run.barrier, thread, threads)
