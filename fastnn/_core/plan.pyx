# cython: language_level=3
"""Plan: a network's operations in the order in which they run, laid out in C structs.

Built once from the layers' declarations; owns no numbers of the network. A Plan holds two Programs: for training, and
for inference, where dropout is absent. Read by passes, steps and inference.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.dense cimport padded

import numpy as np

from fastnn._core.targets import ACTIVATIONS

ROWWISE = ("softmax",)


cdef object zeroed(size_t bytes):
    """Memory that lives as long as the returned object, zeroed and aligned to a line."""
    buffer = np.zeros(bytes + 64, dtype=np.uint8)
    return buffer[-buffer.ctypes.data % 64:]


cdef class Program:
    """One order of operations: `ops` as Plan takes them, without those that do not run.

    A value buffer holds a batch's numbers between operations. An elementwise operation runs in place unless that would
    destroy what a derivative needs: the previous operation's saved output, or its own saved input.
    """

    def __cinit__(self, Py_ssize_t inputs, list ops, Py_ssize_t itemsize, bint training):
        cdef Op *op
        cdef Segment *segment
        cdef int index
        cdef size_t count = len(ops) + 1
        self.memory = [zeroed(count * size) for size in (sizeof(Op), sizeof(Segment), 2 * sizeof(ptrdiff_t),
                                                         2 * sizeof(ptrdiff_t), sizeof(ptrdiff_t))]
        addresses = [block.ctypes.data for block in self.memory]
        self.ops = <Op *><size_t>addresses[0]
        self.segments = <Segment *><size_t>addresses[1]
        self.widths = <ptrdiff_t *><size_t>addresses[2]
        self.leading = <ptrdiff_t *><size_t>addresses[3]
        self.delta_leading = <ptrdiff_t *><size_t>addresses[4]
        self.results = []

        segment = &self.segments[0]
        segment.inputs = segment.outputs = inputs
        segment.kernel = segment.bias = -1
        self.n_segments = 1
        current = self.new_value(inputs)
        protected = False  # the current buffer holds what a derivative will need
        for entry in ops:
            if entry[0] == "dense":
                segment = &self.segments[self.n_segments]
                self.n_segments += 1
                segment.inputs = self.widths[current]
                segment.outputs = entry[1]
                segment.kernel, segment.bias = entry[2], entry[3]
                segment.trainable = entry[4]
                segment.source = current
                current = segment.product = segment.result = self.new_value(entry[1])
                segment.first_op = segment.last_op = self.n_ops
                protected = False
            elif entry[0] == "dropout" and not training:
                pass
            else:
                op = &self.ops[self.n_ops]
                op.source = current
                saves = targets.FN_SAVES_NOTHING
                if entry[0] == "activation":
                    op.kind = ACTIVATION
                    op.activation, saves = ACTIVATIONS[entry[1]][0], ACTIVATIONS[entry[1]][1]
                    op.alpha = entry[2]
                    op.rowwise = entry[1] in ROWWISE
                else:
                    op.kind = DROPOUT
                    op.rate, op.layer = entry[1], entry[2]
                op.saves = saves
                if protected or saves == targets.FN_SAVES_INPUT:
                    current = self.new_value(self.widths[current])
                op.result = segment.result = current
                op.width = self.widths[current]
                protected = saves == targets.FN_SAVES_OUTPUT
                segment.rowwise |= op.rowwise
                self.n_ops += 1
                segment.last_op = self.n_ops
            self.results.append(current)

        self.lowest_trainable = self.n_segments
        for index in range(self.n_segments - 1, 0, -1):
            if self.segments[index].trainable:
                self.lowest_trainable = index
        for index in range(self.n_values):
            self.leading[index] = padded(self.widths[index], itemsize)
            self.row_size += self.leading[index]
        for index in range(self.n_segments):
            segment = &self.segments[index]
            self.delta_leading[index] = padded(segment.outputs, itemsize)
            self.row_size += self.delta_leading[index]
            segment.kernel_sums = self.sums_size
            segment.bias_sums = segment.kernel_sums + segment.inputs * self.delta_leading[index]
            self.sums_size = segment.bias_sums + self.delta_leading[index] + targets.FN_SLACK_BYTES

    cdef int new_value(self, ptrdiff_t width):
        self.widths[self.n_values] = width
        self.n_values += 1
        return self.n_values - 1


cdef class Plan:
    """A network's operations and the parts of its parameter vector.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    inputs : int
        Width of a row of X.
    ops : list of tuple
        In order: ``("dense", units, kernel_offset, bias_offset or -1, trainable)``, ``("activation", name, alpha)``,
        ``("dropout", rate, layer_index)``.
    segments : list of tuple
        ``(offset, size, l1, l2, trainable)`` for each part of the parameter vector: the loss gets l1 sum |w| +
        l2 / 2 sum w^2, the gradient l1 sign(w) + l2 w.
    """

    def __cinit__(self, str dtype, Py_ssize_t inputs, list ops, list segments):
        self.dtype = dtype
        self.itemsize = np.dtype(dtype).itemsize
        self.inputs = inputs
        self.ops = list(ops)
        self.pool = []
        self.training = Program(inputs, ops, self.itemsize, True)
        self.inference = Program(inputs, ops, self.itemsize, False)
        self.outputs = self.inference.segments[self.inference.n_segments - 1].outputs
        self.n_tensors = len(segments)
        self.memory = zeroed((self.n_tensors + 1) * sizeof(Tensor))
        self.tensors = <Tensor *><size_t>self.memory.ctypes.data
        for index, (offset, size, l1, l2, trainable) in enumerate(segments):
            self.tensors[index].offset, self.tensors[index].size = offset, size
            self.tensors[index].l1, self.tensors[index].l2 = l1, l2
            self.tensors[index].trainable = trainable
            self.penalized |= l1 != 0 or l2 != 0
            self.n_parameters = max(self.n_parameters, offset + size)
