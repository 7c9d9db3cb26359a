# cython: language_level=3
"""Forward, backward and update of one segment: the part that one thread owns."""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.heads cimport Batch, Memory
from fastnn._core.plan cimport Op, Segment
from fastnn._core.sparse cimport Links
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Share

# The optimizer and what it works on; `store` makes of an update a plain gradient.
cdef struct Sink:
    int kind                  # fn_optimizer_kind
    void *parameters
    void *slot0
    void *slot1
    void *slot2
    fn_update numbers

# One part of the parameters, rows of `width` elements `ld` apart, with its gradient, whose rows are `ldg` apart.
cdef inline void apply_rows(const real *gradient, ptrdiff_t ldg, ptrdiff_t offset, ptrdiff_t rows, ptrdiff_t width,
                            ptrdiff_t ld, const Sink *sink, const fn_update *numbers) noexcept nogil:
    targets.optimizer(sink.kind, rows, width, numbers, gradient, ldg, <real *>sink.parameters + offset,
                      <real *>sink.slot0 + offset if sink.slot0 != NULL else <real *>NULL,
                      <real *>sink.slot1 + offset if sink.slot1 != NULL else <real *>NULL,
                      <real *>sink.slot2 + offset if sink.slot2 != NULL else <real *>NULL, ld)

cdef inline void apply(const real *gradient, ptrdiff_t offset, ptrdiff_t n, const Sink *sink,
                       const fn_update *numbers) noexcept nogil:
    apply_rows(gradient, n, offset, 1, n, n, sink, numbers)

# How much of a segment's head there is already, before its operations run: nothing; the halves of its product, in partials[0]
# or [1], which are to be added; all of it.
cdef enum Made:
    NOTHING = -1
    HALVES = 0
    ALL = 2

# values of segment `index` on a part: what its head lacks (`made`), then its operations up to last_op
cdef void forward_segment(const real *parameters, const Segment *segments, int index, const Op *ops, int last_op,
                          const Memory *memory, const Batch *batch, Share rows, Share columns, int made) noexcept nogil

# deltas[index]: from the gradient with respect to the output of operation last_op - 1 to that of the head, in place
cdef void backward_ops(const real *sample, const Segment *segment, int index, const Op *ops, int last_op,
                       const Memory *memory, const Batch *batch, Share rows, Share columns) noexcept nogil

# A part of the gradients of the segments, from `lowest` on, that segment `index` reads
cdef void backward_segment(const real *parameters, const Segment *segments, int index, int lowest, const Op *ops,
                           const Memory *memory, const Batch *batch, Share rows, Share columns) noexcept nogil

# The kernel's part rows x columns, and the bias's part `bias`. `following`: the memory that has the next row of X; then, where
# batches are of one row and the update is plain descent, its product with the kernel is made at once (head_ahead). NULL elsewhere.
cdef void update_segment(const real *sample, const Segment *segment, int index, const Memory *memory, const Sink *sink,
                         const fn_update *kernel_numbers, const fn_update *bias_numbers, const Batch *batch, ptrdiff_t size,
                         Share rows, Share columns, Share bias, const Memory *following, real *scratch) noexcept nogil

# The same of a kernel whose input is sparse: the columns `mine` of X. `links` from link(); where a gradient of zero changes
# nothing (`zero_matters` False), only columns that the batch has are touched.
cdef void update_sparse(const real *sample, const Segment *segment, int index, const Memory *memory, const Sink *sink,
                        const fn_update *kernel_numbers, const fn_update *bias_numbers, const Batch *batch, ptrdiff_t size,
                        Share mine, const Links *links, int thread, bint zero_matters, real *scratch) noexcept nogil

cdef void accumulate_segment(const real *parameters, const Segment *segment, int index, const Memory *memory, ptrdiff_t rows, bint more,
                             real *sums) noexcept nogil

cdef void update_from_sums(const Segment *segment, const Sink *sink, const fn_update *kernel_numbers,
                           const fn_update *bias_numbers, ptrdiff_t groups, ptrdiff_t sums_size, Share rows,
                           real *sums) noexcept nogil

# Rows of a batch that are summed by themselves before they are added to the others': the order of every sum over rows. `fine`:
# a few groups of batches from some hundred rows on too, not only of those of more than 512.
cdef ptrdiff_t group_rows(ptrdiff_t batch, bint fine) noexcept nogil

# Elements of scratch that update_segment needs for each thread; `ld`: leading dimension of the segment's deltas.
cdef ptrdiff_t scratch_size(const Segment *segment, ptrdiff_t ld, ptrdiff_t itemsize) noexcept nogil

# row_loss[rows] += `factor` times the penalties on what flows by in these rows
cdef void add_activity(const real *sample, const Op *ops, int n_ops, const Memory *memory, Share rows, double factor,
                       double *row_loss) noexcept nogil
