# cython: language_level=3
"""Plan: a network's operations in the order in which they run, laid out in C structs.

Built once from the layers' declarations; owns no numbers of the network. A Plan holds two Programs: for training, and
for inference, where noise is absent and normalization uses stored statistics. Read by passes, steps and inference.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.dense cimport padded

import numpy as np

from fastnn._core.targets import ACTIVATIONS, NOISES

ROWWISE = ("softmax",)
# Operations that draw random numbers in training; at inference they are absent, or the activation that they are on average.
RANDOM = ("dropout", *NOISES)
CONSTRAINTS = {"non_negative": NON_NEGATIVE, "column_norms": COLUMN_NORMS, "row_norms": ROW_NORMS}


cdef object zeroed(size_t bytes):
    """Memory that lives as long as the returned object, zeroed and aligned to a line."""
    buffer = np.zeros(bytes + 64, dtype=np.uint8)
    return buffer[-buffer.ctypes.data % 64:]


def count(entries):
    """How many ops there are, those within residual ones included."""
    return sum(1 + (count(entry[1]) + count(entry[2]) if entry[0] == "residual" else 0) for entry in entries)


def at_inference(entry):
    """What an entry of Plan's ops is at inference; None if nothing."""
    if entry[0] == "rrelu":
        return "activation", "leaky_relu", (entry[1] + entry[2]) / 2
    return None if entry[0] in RANDOM else entry


cdef class Program:
    """One order of operations: `ops` as Plan takes them, without those that do not run.

    A value buffer holds a batch's numbers between operations. An elementwise operation runs in place unless that would
    destroy what a derivative needs (the previous operation's saved output, or its own saved input) or what another
    segment reads.
    """

    def __cinit__(self, Py_ssize_t inputs, list ops, Py_ssize_t itemsize, bint training):
        cdef size_t capacity = 3 * count(ops) + 2
        self.memory = [zeroed(capacity * size) for size in (sizeof(Op), sizeof(Segment), 2 * sizeof(ptrdiff_t),
                                                            2 * sizeof(ptrdiff_t), sizeof(ptrdiff_t))]
        addresses = [block.ctypes.data for block in self.memory]
        self.ops = <Op *><size_t>addresses[0]
        self.segments = <Segment *><size_t>addresses[1]
        self.widths = <ptrdiff_t *><size_t>addresses[2]
        self.leading = <ptrdiff_t *><size_t>addresses[3]
        self.delta_leading = <ptrdiff_t *><size_t>addresses[4]
        self.training = training
        self.begin(INPUT, inputs, -1)
        for entry in ops:
            self.add(entry)
        self.finish(itemsize)

    cdef Segment *begin(self, Head head, ptrdiff_t outputs, int before):
        """Start a segment that reads the result of segment `before`."""
        cdef Segment *segment = &self.segments[self.n_segments]
        segment.head, segment.before, segment.skip = head, before, -1
        segment.kernel = segment.bias = segment.mean = segment.variance = -1
        segment.inputs, segment.outputs = outputs, outputs
        if before >= 0:
            segment.inputs = self.segments[before].outputs
            segment.source = self.segments[before].result
        segment.product = segment.result = self.n_values
        self.widths[self.n_values] = outputs
        self.n_values += 1
        segment.first_op = segment.last_op = self.n_ops
        self.n_segments += 1
        self.sealed = self.protected = False
        return segment

    cdef int add(self, tuple entry) except -1:
        cdef Segment *segment
        cdef int last = self.n_segments - 1
        cdef ptrdiff_t width = self.segments[last].outputs
        kind = entry[0]
        if not self.training:
            entry = at_inference(entry)
            if entry is None:
                return 0
        if kind == "dense":
            self.add_dense(entry, last)
        elif kind == "residual":
            self.add_residual(entry)
        elif kind == "batch_norm" and self.training and entry[7]:
            if self.segments[last].rowwise_ops:
                self.begin(IDENTITY, width, last)
            segment = self.begin(BATCH_NORM, width, self.n_segments - 1)
            segment.kernel, segment.bias, segment.mean, segment.variance = entry[1], entry[2], entry[3], entry[4]
            segment.epsilon, segment.momentum = entry[5], entry[6]
            segment.trainable = True
            segment.statistics = 4
            self.whole_batch = True
        elif kind == "batch_norm":
            segment = self.begin(SCALE, width, last)
            segment.kernel, segment.bias, segment.mean, segment.variance = entry[1], entry[2], entry[3], entry[4]
            segment.epsilon, segment.trainable = entry[5], entry[7]
        elif kind == "scale":
            segment = self.begin(SCALE, width, last)
            segment.mean, segment.variance, segment.epsilon = entry[1], entry[2], entry[3]
        elif kind == "layer_norm":
            segment = self.begin(LAYER_NORM, width, last)
            segment.kernel, segment.bias, segment.epsilon, segment.trainable = entry[1], entry[2], entry[3], entry[4]
            segment.rowwise = True
            segment.row_statistics = 2
        elif kind == "prelu":
            segment = self.begin(PRELU, width, last)
            segment.kernel, segment.trainable = entry[1], entry[2]
        else:
            self.add_op(entry)
        return 0

    cdef int add_dense(self, tuple entry, int before) except -1:
        cdef Segment *segment = self.begin(DENSE, entry[1], before)
        segment.kernel, segment.bias, segment.trainable = entry[2], entry[3], entry[4]
        segment.kernel_rows = segment.inputs
        if len(entry) > 5 and self.training and entry[5]:
            segment.drop_rate, segment.layer = entry[5], entry[6]
            segment.statistics = segment.inputs
            self.whole_batch = self.drops_weights = True
        return 0

    cdef int add_residual(self, tuple entry) except -1:
        cdef int branch = self.n_segments - 1, inner, skip
        cdef Segment *segment
        self.sealed = True
        for within in entry[1]:
            self.add(within)
        if self.n_segments - 1 == branch:
            self.begin(IDENTITY, self.segments[branch].outputs, branch)
        inner = self.n_segments - 1
        skip = branch
        for projection in entry[2]:
            self.add_dense(projection, branch)
            skip = self.n_segments - 1
        segment = self.begin(ADD, self.segments[inner].outputs, inner)
        segment.skip, segment.added = skip, self.segments[skip].result
        return 0

    cdef int add_op(self, tuple entry) except -1:
        cdef Op *op = &self.ops[self.n_ops]
        cdef Segment *segment
        cdef int last = self.n_segments - 1
        op.saves = targets.FN_SAVES_NOTHING
        if entry[0] == "activation":
            op.kind, op.shape.alpha = ACTIVATION, entry[2]
            op.shape.max_value, op.shape.threshold = entry[3:] or (np.inf, 0.0)
            op.which, op.saves = ACTIVATIONS[entry[1]][0], ACTIVATIONS[entry[1]][1]
            op.rowwise = entry[1] in ROWWISE
        elif entry[0] == "dropout":
            op.kind, op.a, op.layer = DROPOUT, entry[1], entry[2]
        elif entry[0] in NOISES:
            op.kind, op.a, op.b, op.layer = NOISE, entry[1], entry[2], entry[3]
            op.which, op.saves = NOISES[entry[0]][0], NOISES[entry[0]][1]
        elif entry[0] == "affine":
            op.kind, op.a, op.b = AFFINE, entry[1], entry[2]
        elif entry[0] == "activity":
            op.kind, op.a, op.b = ACTIVITY, entry[1], entry[2]
            self.penalizes = True
        else:
            raise ValueError(f"unknown op: {entry!r}")
        if self.sealed or (op.rowwise and self.segments[last].head == BATCH_NORM):
            self.begin(IDENTITY, self.segments[last].outputs, last)
        segment = &self.segments[self.n_segments - 1]
        op.width, op.source = segment.outputs, segment.result
        if op.kind != ACTIVITY and (self.protected or op.saves == targets.FN_SAVES_INPUT):
            self.widths[self.n_values] = segment.outputs
            segment.result = self.n_values
            self.n_values += 1
        op.result = segment.result
        self.protected = op.kind == ACTIVITY or op.saves == targets.FN_SAVES_OUTPUT
        if op.rowwise:
            segment.rowwise = segment.rowwise_ops = True
        self.n_ops += 1
        segment.last_op = self.n_ops
        return 0

    cdef int finish(self, ptrdiff_t itemsize) except -1:
        """Who reads what, and where everything lies."""
        cdef Segment *segment
        cdef int index
        read = set()
        for index in range(1, self.n_segments):
            segment = &self.segments[index]
            segment.ends_before = segment.before not in read
            segment.ends_skip = segment.skip >= 0 and segment.skip not in read
            read |= {segment.before, segment.skip}
        self.takes_sparse = self.n_segments > 1 and self.segments[0].last_op == 0
        for index in range(1, self.n_segments):
            segment = &self.segments[index]
            if segment.skip == 0 or (segment.before == 0 and segment.head != DENSE):
                self.takes_sparse = False
            if segment.before == 0 and index > 1:
                self.takes_sparse = False
        read = set()
        self.lowest_trainable = self.n_segments
        for index in range(self.n_segments - 1, 0, -1):
            segment = &self.segments[index]
            segment.adds_before = segment.before in read
            segment.adds_skip = segment.skip in read
            read.add(segment.before)
            if segment.skip >= 0:
                read.add(segment.skip)
            segment.trainable = segment.trainable and (segment.kernel >= 0 or segment.bias >= 0)
            if segment.kernel >= 0 and segment.head != DENSE:
                segment.kernel_rows = 1
            if segment.trainable:  # a batch normalization's gradient is made on the way down
                self.lowest_trainable = segment.before if segment.head == BATCH_NORM else index
        for index in range(self.n_values):
            self.leading[index] = padded(self.widths[index], itemsize)
            self.row_size += self.leading[index]
        for index in range(self.n_segments):
            segment = &self.segments[index]
            self.delta_leading[index] = padded(segment.outputs, itemsize)
            self.row_size += self.delta_leading[index]
            if segment.head == DENSE:
                segment.statistics *= segment.outputs  # a masked kernel
            else:
                segment.statistics *= self.delta_leading[index]
            segment.kernel_sums = self.sums_size
            segment.bias_sums = segment.kernel_sums + segment.kernel_rows * self.delta_leading[index]
            self.sums_size = segment.bias_sums + self.delta_leading[index] + targets.FN_SLACK_BYTES
        return 0


cdef class Plan:
    """A network's operations and the parts of its parameter vector.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    inputs : int
        Width of a row of X.
    ops : list of tuple
        In order; offsets are places in the parameter vector, -1 where there is no such parameter; `stream` numbers the
        random numbers of an op.

        - ``("dense", units, kernel, bias, trainable)``, with ``(..., rate, stream)`` behind for a kernel whose elements are
          dropped;
        - ``("activation", name, alpha)``, or ``(..., max_value, threshold)`` behind; ``("affine", scale, offset)``;
          ``("activity", l1, l2)``: a penalty on rows;
        - ``("dropout", rate, stream)``; ``(noise, a, b, stream)`` for a noise of ``targets.NOISES``;
        - ``("batch_norm", gamma, beta, mean, variance, epsilon, momentum, trainable)``;
        - ``("scale", mean, variance, epsilon)``: normalized by what is stored;
        - ``("layer_norm", gamma, beta, epsilon, trainable)``; ``("prelu", slopes, trainable)``;
        - ``("residual", ops, projection)``: the sum of what `ops` make and the input, through `projection`, a list of at
          most one dense op.
    segments : list of tuple
        ``(offset, size, l1, l2, trainable)`` for each part of the parameter vector: the loss gets l1 sum |w| +
        l2 / 2 sum w^2, the gradient l1 sign(w) + l2 w. A sixth item constrains the part after each update:
        ``(name of CONSTRAINTS, least norm, most norm, rows, columns)``, or None.
    """

    def __cinit__(self, str dtype, Py_ssize_t inputs, list ops, list segments):
        self.dtype = dtype
        self.itemsize = np.dtype(dtype).itemsize
        self.inputs = inputs
        self.ops = list(ops)
        self.pool, self.passes = [], {}
        self.training = Program(inputs, ops, self.itemsize, True)
        self.inference = Program(inputs, ops, self.itemsize, False)
        self.outputs = self.inference.segments[self.inference.n_segments - 1].outputs
        self.n_tensors = len(segments)
        self.memory = zeroed((self.n_tensors + 1) * sizeof(Tensor))
        self.tensors = <Tensor *><size_t>self.memory.ctypes.data
        for index, (offset, size, l1, l2, trainable, *constraint) in enumerate(segments):
            self.tensors[index].offset, self.tensors[index].size = offset, size
            self.tensors[index].l1, self.tensors[index].l2 = l1, l2
            self.tensors[index].trainable = trainable
            self.penalized |= l1 != 0 or l2 != 0
            if constraint and constraint[0] is not None:
                name, least, most, rows, columns = constraint[0]
                self.tensors[index].constraint = CONSTRAINTS[name]
                self.tensors[index].least, self.tensors[index].most = least, most
                self.tensors[index].rows, self.tensors[index].columns = rows, columns
                self.constrained |= trainable
            self.n_parameters = max(self.n_parameters, offset + size)
