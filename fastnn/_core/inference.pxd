# cython: language_level=3
"""Forward passes that keep nothing: predictions and losses of rows, in blocks that stay in a core's cache."""
from libc.stddef cimport ptrdiff_t

from fastnn._core.data cimport Rows
from fastnn._core.plan cimport Plan, Program
from fastnn._core.targets cimport real
from fastnn._core.workspace cimport Workspace

# What the rows are compared with, and how; see fn_kernels.loss.
cdef struct Judge:
    int loss                       # fn_loss_kind
    bint fused                     # the last operation is computed inside the loss
    bint labels                    # truth holds int32 classes, not values
    const void *truth
    ptrdiff_t truth_stride
    const void *weight             # of the plan's element type, or NULL
    double value_scale
    double gradient_scale
    double parameter               # of the loss; see lists.h
    double activity                # factor of a row's penalties on what flows by

# Rows of a block, for one thread's buffers to stay in its second-level cache.
cdef ptrdiff_t block_rows(Program program, Py_ssize_t itemsize)

cdef evaluate(Plan plan, parameters, X, const Judge *judge, outputs, Py_ssize_t threads)
