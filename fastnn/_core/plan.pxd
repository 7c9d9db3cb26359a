# cython: language_level=3
"""What to run: a network as segments, each with a head that has parameters or joins rows, and elementwise operations."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint32_t

from fastnn._core.targets cimport fn_shape

# What stands at the head of a segment: it makes a new value buffer of the result of the segment before. All but DENSE keep
# the width, and the part of their output that has some rows and columns needs no other columns of the input, unless noted.
cdef enum Head:
    INPUT        # segment 0: the batch's rows
    DENSE        # needs whole rows
    IDENTITY     # a copy, where the operations before and after cannot be divided alike
    ADD          # the result of another segment is added
    SCALE        # normalized by stored statistics
    BATCH_NORM   # by the batch's: needs whole columns
    LAYER_NORM   # by each row's: needs whole rows
    PRELU        # a learned slope for each column

cdef enum Kind:
    ACTIVATION
    DROPOUT
    NOISE
    AFFINE
    ACTIVITY     # changes nothing: a penalty on what flows by

# One operation on every element (or, where `rowwise`, every row) of a buffer.
cdef struct Op:
    Kind kind
    int which           # fn_activation_kind or fn_noise_kind
    int saves           # what its derivative needs (fn_activation_infos, fn_noise_infos)
    bint rowwise        # needs whole rows: its segment cannot be split by columns
    fn_shape shape      # an activation's numbers
    double a, b         # its parameters: rate; deviation; limits; scale and offset; l1 and l2
    uint32_t layer      # stream of random numbers
    ptrdiff_t width     # of its buffers
    int source, result  # value buffers; equal where it runs in place

# A head and the operations behind it. Parameters are offsets in the parameter vector, -1 without one.
cdef struct Segment:
    Head head
    ptrdiff_t inputs, outputs
    ptrdiff_t kernel, bias        # factors [kernel_rows, outputs] and what is added [outputs]; PRELU's slopes are a kernel
    ptrdiff_t kernel_rows
    ptrdiff_t mean, variance      # stored statistics: read by SCALE, moved by BATCH_NORM
    double epsilon, momentum
    double drop_rate              # of the kernel's elements, drawn anew for each batch (DropConnect)
    uint32_t layer                # its stream
    ptrdiff_t kernel_sums, bias_sums  # offsets in a gradient with padded rows (Program.sums_size)
    int first_op, last_op         # operations first_op .. last_op - 1
    int before, skip              # segments whose results it reads; skip: what ADD adds, else -1
    bint adds_before, adds_skip   # going backward: their gradients hold another reader's part already
    bint ends_before, ends_skip   # going backward: theirs are complete after this one's part
    int source, added             # value buffers of their results
    int product, result           # value buffers: written by the head, and after the operations
    ptrdiff_t statistics, row_statistics  # elements of its buffer for a run: by itself, and more for each row
    bint rowwise                  # the head or an operation needs whole rows going forward
    bint rowwise_ops              # an operation does: also going backward
    bint trainable

# What holds for parameters after each update.
cdef enum Constraint:
    UNCONSTRAINED
    NON_NEGATIVE
    COLUMN_NORMS   # the norm of each column of the part as a matrix is in [least, most]
    ROW_NORMS

# A part of the parameter vector with penalties and a constraint of its own.
cdef struct Tensor:
    ptrdiff_t offset, size
    double l1, l2
    bint trainable
    Constraint constraint
    double least, most            # bounds of norms
    ptrdiff_t rows, columns       # the matrix whose norms are bounded

cdef class Program:
    cdef Op *ops
    cdef Segment *segments
    cdef ptrdiff_t *widths        # of each value buffer
    cdef ptrdiff_t *leading       # leading dimension of each value buffer
    cdef ptrdiff_t *delta_leading # leading dimension of each segment's gradient buffer
    cdef int n_ops, n_segments, n_values
    cdef ptrdiff_t sums_size      # elements of a gradient with padded rows, of all segments
    cdef ptrdiff_t row_size       # elements that one row takes in all buffers
    cdef int lowest_trainable     # the backward pass ends at this segment; n_segments if nothing is trainable
    cdef bint whole_batch         # a head needs the whole batch at once: no groups
    cdef bint drops_weights       # a kernel is masked: see Segment.drop_rate
    cdef bint penalizes           # there is an ACTIVITY
    cdef readonly bint takes_sparse  # X goes to one dense product and nowhere else
    cdef object memory            # keeps the arrays above alive
    cdef bint training, sealed, protected  # while it is built
    cdef Segment *begin(self, Head head, ptrdiff_t outputs, int before)
    cdef int add(self, tuple entry) except -1
    cdef int add_dense(self, tuple entry, int before) except -1
    cdef int add_residual(self, tuple entry) except -1
    cdef int add_op(self, tuple entry) except -1
    cdef int finish(self, ptrdiff_t itemsize) except -1

cdef class Plan:
    cdef readonly str dtype
    cdef readonly Py_ssize_t inputs, outputs, n_parameters, itemsize
    cdef readonly Program training, inference
    cdef readonly list ops
    cdef readonly list pool       # of inference's Forward objects, for whoever predicts next
    cdef readonly dict passes     # inference's: what is known of teams for passes of each size
    cdef Tensor *tensors
    cdef int n_tensors
    cdef object memory
    cdef bint penalized, constrained
