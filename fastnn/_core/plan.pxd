# cython: language_level=3
"""What to run: a network as segments of one dense product and the elementwise operations after it."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint32_t

cdef enum Kind:
    ACTIVATION
    DROPOUT

# One operation on every element (or, where `rowwise`, every row) of a buffer.
cdef struct Op:
    Kind kind
    int activation      # fn_activation_kind
    int saves           # what its derivative needs (fn_activation_infos)
    bint rowwise        # needs whole rows: its segment cannot be split by columns
    double alpha
    double rate         # dropout's
    uint32_t layer      # dropout's stream
    ptrdiff_t width     # of its buffers
    int source, result  # value buffers; equal where it runs in place

# A dense product and the operations behind it. Segment 0 has no product: it holds the operations on the input.
cdef struct Segment:
    ptrdiff_t inputs, outputs
    ptrdiff_t kernel, bias        # offsets in the parameter vector; bias -1 without one
    ptrdiff_t kernel_sums, bias_sums  # offsets in a gradient with padded rows (Program.sums_size)
    int first_op, last_op         # operations first_op .. last_op - 1
    int source, product, result   # value buffers: read by the product, written by it, and after the operations
    bint rowwise                  # one of its operations needs whole rows
    bint trainable

# A part of the parameter vector with penalties of its own.
cdef struct Tensor:
    ptrdiff_t offset, size
    double l1, l2
    bint trainable

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
    cdef object memory            # keeps the arrays above alive
    cdef readonly list results    # for each op of the plan: the value buffer that holds its output
    cdef int new_value(self, ptrdiff_t width)

cdef class Plan:
    cdef readonly str dtype
    cdef readonly Py_ssize_t inputs, outputs, n_parameters, itemsize
    cdef readonly Program training, inference
    cdef readonly list ops
    cdef readonly list pool       # of inference's Forward objects, for whoever predicts next
    cdef Tensor *tensors
    cdef int n_tensors
    cdef object memory
    cdef bint penalized
