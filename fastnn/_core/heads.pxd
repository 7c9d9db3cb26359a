# cython: language_level=3
"""Heads of segments (plan.Head): forward, backward and the sums that are their parameters' gradients, of a part."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint64_t

from fastnn._core.data cimport Rows
from fastnn._core.plan cimport DENSE, Program, Segment
from fastnn._core.targets cimport real
from fastnn._core.threads cimport Share, share

# Where a pass finds its numbers. Pointers are to the plan's element type.
cdef struct Memory:
    void **values             # value buffers, each [rows, leading], or two such: see `border`
    const ptrdiff_t *leading
    const ptrdiff_t *border   # by value buffer: the first column of its second half,
    const ptrdiff_t *apart    # which lies so many elements further behind; 0: rows are in one piece
    void **deltas             # by segment: gradient with respect to its head's output, [rows, delta_leading]
    const ptrdiff_t *delta_leading
    void **statistics         # by segment: what its head keeps of the forward pass
    void **transposed         # by segment: its kernel transposed, [outputs, padded(inputs)]; NULL: none is kept
    void *partials[2]         # [rows, partial_leading]: second halves of products whose inputs are cut in two; in turn
    ptrdiff_t partial_leading # the same for all segments: threads may be at different ones, each in its own rows

# Where an element of a value buffer is; what follows it in its row, or in its half of the row, is behind it.
cdef inline real *value_at(const real *sample, const Memory *memory, int buffer, ptrdiff_t row, ptrdiff_t column) noexcept nogil:
    return (<real *>memory.values[buffer] + row * memory.leading[buffer] + column
            + (memory.apart[buffer] if column >= memory.border[buffer] else 0))

# What operations need to know of the batch that runs.
cdef struct Batch:
    ptrdiff_t size            # of a whole batch in training, 0 at inference
    ptrdiff_t group           # in training: rows that are summed by themselves (passes.group_rows)
    uint64_t key, step        # of random numbers
    uint64_t first_row        # position in the batch of the memory's row 0
    double activity           # factor of penalties on what flows by: their mean over the batch's rows, as in Keras
    bint moves_statistics     # stored statistics follow the batch's
    const Rows *sparse        # X, where its rows are sparse and no buffer holds them; else NULL
    const int64_t *index      # then: the batch's rows in X; NULL: from first_sparse on
    ptrdiff_t first_sparse

cdef enum:
    INPUTS_TO_CUT = 32
    KERNEL_TO_CUT = 8192
    INPUT_UNIT = 16  # whole vectors of every target: what is written past a half would be the other thread's

# Whether a product's inputs are cut in two halves, whose sums are added: then two threads can each keep to its own rows of
# the kernel and columns of the input, and meet over sums alone. So whenever a kernel is large beside the batch, for any
# number of threads: the order of sums may not depend on it.
cdef inline bint is_cut(const Segment *segment, ptrdiff_t batch, bint sparse) noexcept nogil:
    return (segment.head == DENSE and segment.inputs >= INPUTS_TO_CUT and 0 < batch <= segment.inputs
            and segment.inputs * segment.outputs >= KERNEL_TO_CUT and not (sparse and segment.before == 0))

# One of the two halves of `size` inputs.
cdef inline Share half(ptrdiff_t size, int which) noexcept nogil:
    return share(size, INPUT_UNIT, which, 2)

# Whether the values of a segment, which two threads make by halves, are read by halves alone: then each half is kept by itself,
# or what a core fetches ahead at the end of its part of a row would be lines that the other one writes.
cdef bint is_apart(Program program, int index, ptrdiff_t batch, bint sparse) noexcept

# One half's part of a product: into values[product], with the bias, or into partials[turn]
cdef void head_half(const real *parameters, const Segment *segments, int index, const Memory *memory, Share rows, Share columns,
                    int which, int turn) noexcept nogil

# The same and the kernel's update before it, in one pass: kernel rows `rows` += x^T dy, and with them the product of the next
# row, which is in `following`: of whichever halves are within `rows`, or of all inputs where they are not cut (`cut` False)
cdef void head_ahead(real *parameters, const Segment *segment, const real *x, const real *dy, const Memory *following, bint cut,
                     Share rows) noexcept nogil

# A DENSE kernel transposed, which head_backward then multiplies with
cdef void head_transpose(const real *parameters, const Segment *segment, int index, const Memory *memory) noexcept nogil

# values[product][rows, columns] += partials[turn]
cdef void head_join(const real *sample, const Segment *segment, const Memory *memory, Share rows, Share columns,
                    int turn) noexcept nogil

# values[product][rows, columns] of segment `index`
cdef void head_forward(real *parameters, const Segment *segments, int index, const Memory *memory, const Batch *batch,
                       Share rows, Share columns) noexcept nogil

# deltas[target][rows, columns] from deltas[index], added to what is there where `more`; target is a segment that `index` reads
cdef void head_backward(const real *parameters, const Segment *segments, int index, int target, bint more,
                        const Memory *memory, Share rows, Share columns) noexcept nogil

# sums[columns] += the gradient of a kernel of one row, over `rows`
cdef void head_gradient(const real *parameters, const Segment *segment, int index, const Memory *memory, Share rows,
                        Share columns, real *sums) noexcept nogil

# BATCH_NORM's gradient of its kernel, or of its bias, as head_backward left it
cdef const real *batch_gradient(const real *sample, int index, const Memory *memory, bint bias) noexcept nogil

# The rows of a kernel of which some elements are dropped, written to the segment's buffer
cdef void mask_kernel(const real *parameters, const Segment *segment, int index, const Memory *memory, const Batch *batch,
                      Share rows) noexcept nogil
