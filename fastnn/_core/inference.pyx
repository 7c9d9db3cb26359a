# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Forward passes that keep nothing: predictions, losses of rows, and every operation's output.

Rows are cut into blocks that run through all layers at once; threads take one block after the other. A row's result
has the same bits in any block. Called through the engine by forward, training, binding and layers
(the functions at the end, Predictor), and by trainer (`evaluate`).
"""
from cython.parallel cimport parallel, threadid
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t
from libc.string cimport memset

from fastnn._core cimport targets
from fastnn._core.data cimport DOUBLE, SINGLE, Rows, data_of, gather, is_sparse, rows_of, stride_of
from fastnn._core.heads cimport Batch, Memory
from fastnn._core.passes cimport NOTHING, add_activity, forward_segment
from fastnn._core.plan cimport ACTIVATION, Op, Plan, Program, Segment
from fastnn._core.targets cimport real
from fastnn._core.threads cimport (
    Queue, Share, ended_lately, grant, note_end, open_queue, take_next, team_size, wait_for_all,
)
from fastnn._core.workspace cimport Workspace

cimport numpy as cnp

import numpy as np

from time import perf_counter

from fastnn._core.checks import checked
from fastnn._core.company import allowed
from fastnn._core.data import Compressed
from fastnn._core.plan import at_inference
from fastnn._core.teams import KEPT_SECONDS, Passes
from fastnn._core.threads import default_threads
from fastnn._core.workspace import allocate

cdef enum:
    BLOCK_BYTES = 262144       # of a block's buffers: part of a second-level cache
    FEWEST_ROWS = 32
    MOST_ROWS = 512
    ROWS_UNIT = 16
    FLOP_WORTH_A_THREAD = 1500000
    FLOP_WORTH_WAKING = 500000000  # of a pass by itself: a thread that sleeps on a virtual CPU takes up to 4 ms to come

ROWS_ALONE = FEWEST_ROWS  # of a pass that gets one thread in any case


cdef ptrdiff_t rows_of_bytes(Program program, Py_ssize_t itemsize, Py_ssize_t size):
    cdef ptrdiff_t rows = size // (program.row_size * itemsize)
    return max(<ptrdiff_t>FEWEST_ROWS, min(<ptrdiff_t>MOST_ROWS, rows // ROWS_UNIT * ROWS_UNIT))


cdef ptrdiff_t block_rows(Program program, Py_ssize_t itemsize):
    return rows_of_bytes(program, itemsize, BLOCK_BYTES)


cdef ptrdiff_t most_rows(Plan plan):
    """The same, or buffers as long as the parameters where these are what does not fit: each block reads them all."""
    return rows_of_bytes(plan.inference, plan.itemsize, max(<Py_ssize_t>BLOCK_BYTES, plan.n_parameters * plan.itemsize))


cdef ptrdiff_t even_rows(ptrdiff_t total, ptrdiff_t most, ptrdiff_t threads):
    """Rows of each of as few blocks as possible, as many for every thread."""
    cdef ptrdiff_t blocks = (total + most * threads - 1) // (most * threads) * threads
    return (total + blocks * ROWS_UNIT - 1) // (blocks * ROWS_UNIT) * ROWS_UNIT


# A run over rows [0, total): everything in it is read-only but the outputs.
cdef struct Pass:
    const Segment *segments
    const Op *ops
    int n_segments, n_ops
    bint penalizes                 # an operation adds to the rows' losses
    const void *parameters
    Rows x
    ptrdiff_t total, block, inputs, outputs
    bint direct                    # x's rows serve as the input buffer as they are
    void *predictions
    ptrdiff_t predictions_stride
    const Judge *judge             # NULL: predictions only
    double *row_loss


cdef inline bint ends_in_activation(const Pass *run, const Segment *segment) noexcept nogil:
    return segment.last_op > segment.first_op and run.ops[segment.last_op - 1].kind == ACTIVATION


cdef void pass_block(const Pass *run, const real *sample, Memory *memory, ptrdiff_t first, ptrdiff_t rows) noexcept nogil:
    cdef const real *parameters = <const real *>run.parameters
    cdef const Segment *segment = &run.segments[run.n_segments - 1]
    cdef const real *result
    cdef const real *weight
    cdef real *made = <real *>NULL
    cdef const char *truth
    cdef Share all_rows, columns
    cdef Batch batch
    cdef Op copy
    cdef const Op *last
    cdef int index, last_op = 0, buffer
    cdef ptrdiff_t ld
    batch.key = batch.step = batch.first_row = 0
    batch.moves_statistics = False
    batch.size = 0
    batch.sparse = &run.x if is_sparse(&run.x) else NULL
    batch.index, batch.first_sparse = NULL, first
    all_rows.start, all_rows.stop = 0, rows
    columns.start = 0
    if run.direct:
        memory.values[0] = <void *>(<const real *>run.x.start + first * run.x.stride)
    elif batch.sparse == NULL:
        gather(&run.x, first, NULL, rows, run.inputs, <real *>memory.values[0], memory.leading[0])
    for index in range(run.n_segments):
        segment = &run.segments[index]
        columns.stop = segment.outputs
        last_op = segment.last_op
        if index == run.n_segments - 1 and (ends_in_activation(run, segment) if run.judge == NULL else run.judge.fused):
            last_op -= 1  # it writes the predictions themselves
        forward_segment(parameters, run.segments, index, run.ops, last_op, memory, &batch, all_rows, columns, NOTHING)
    buffer = segment.result
    if last_op < segment.last_op:
        buffer = run.ops[last_op].source
    result, ld = <const real *>memory.values[buffer], memory.leading[buffer]
    if run.judge == NULL:
        memset(&copy, 0, sizeof(Op))
        copy.which = targets.FN_linear
        last = &run.ops[last_op] if last_op < segment.last_op else &copy
        targets.activation_forward(last.which, rows, run.outputs, &last.shape, result, ld,
                                   <real *>run.predictions + first * run.predictions_stride, run.predictions_stride)
        return
    if run.predictions != NULL:
        made = <real *>run.predictions + first * run.predictions_stride
        if not run.judge.fused:  # the outputs as they are: of logits the loss would make probabilities
            memset(&copy, 0, sizeof(Op))
            targets.activation_forward(targets.FN_linear, rows, run.outputs, &copy.shape, result, ld, made,
                                       run.predictions_stride)
            made = <real *>NULL
    weight = <const real *>run.judge.weight
    truth = <const char *>run.judge.truth
    if run.judge.labels:
        truth += first * sizeof(int32_t)
    else:
        truth += first * run.judge.truth_stride * sizeof(real)
    targets.loss(run.judge.loss, rows, run.outputs, result, ld, <const void *>truth, run.judge.truth_stride, NULL,
                 weight + first if weight != NULL else <const real *>NULL, run.judge.value_scale, 0.0,
                 run.judge.parameter, run.row_loss + first, <real *>NULL, 0, made, run.predictions_stride)
    if run.penalizes:
        add_activity(parameters, run.ops, run.n_ops, memory, all_rows, run.judge.activity, run.row_loss + first)


cdef void pass_blocks(const Pass *run, const real *sample, Memory *memory, Queue *queue) noexcept nogil:
    """The next block that nobody has taken, until there is none; all of them without a queue."""
    cdef targets.uint64_t mode = targets.flush_denormals()
    cdef ptrdiff_t first = 0
    while True:
        if queue != NULL:
            first = take_next(queue) * run.block
        if first >= run.total:
            break
        pass_block(run, sample, memory, first, min(run.block, run.total - first))
        first += run.block
    targets.restore_denormals(mode)


cdef void pass_all(const Pass *run, const real *sample, Memory *memories, Queue *queue, int threads) noexcept nogil:
    if threads == 1:
        pass_blocks(run, sample, memories, NULL)
        return
    open_queue(queue)
    with parallel(num_threads=threads):
        pass_blocks(run, sample, &memories[threadid()], queue)
        wait_for_all(&queue.end, team_size())  # OpenMP's own wait keeps a core from a thread that has yet to wake up on it


cdef class Forward:
    """A program made ready to run over rows: the C description, and one set of buffers a thread.

    It knows no Plan, whose pool it may be in: a model's parameters go with it, not when the garbage collector comes.
    """
    cdef Pass run
    cdef readonly Workspace workspace
    cdef object parameters, queue
    cdef Py_ssize_t itemsize
    cdef Py_ssize_t threads        # of the next pass, at most as many as there are sets of buffers
    cdef bint single

    def __cinit__(self, Plan plan, parameters, Py_ssize_t rows, int threads):
        cdef Program program = plan.inference
        checked("parameters", parameters, (plan.n_parameters,), plan.dtype)
        self.parameters, self.single, self.itemsize, self.threads = parameters, plan.dtype == "float32", plan.itemsize, threads
        self.workspace = Workspace(program, plan.itemsize, rows, sets=threads, threads=threads)
        self.queue = allocate(sizeof(Queue), "uint8")
        self.run.segments, self.run.ops, self.run.n_segments = program.segments, program.ops, program.n_segments
        self.run.n_ops, self.run.penalizes = program.n_ops, program.penalizes
        self.run.parameters = <const void *><size_t>parameters.ctypes.data
        self.run.inputs, self.run.outputs = plan.inputs, plan.outputs

    cdef int start(self, X, Py_ssize_t total, predictions, const Judge *judge, double *row_loss) except -1:
        cdef Py_ssize_t set_
        self.run.x = rows_of(X)
        self.run.total = total
        self.run.direct = (self.run.x.kind == (SINGLE if self.single else DOUBLE)
                           and self.run.segments[0].last_op == 0 and self.run.n_segments > 1)
        for set_ in range(self.workspace.sets):
            # A direct pass borrows X as its input buffer, stride included.
            (<ptrdiff_t *>self.workspace.memories[set_].leading)[0] = (
                self.run.x.stride if self.run.direct else self.workspace.program.leading[0])
            self.workspace.memories[set_].values[0] = self.workspace.inputs[set_]
        self.run.predictions = NULL
        if predictions is not None:
            self.run.predictions = data_of(predictions)
            self.run.predictions_stride = stride_of(predictions, self.itemsize)
        self.run.judge, self.run.row_loss = judge, row_loss
        cdef int threads = grant(self.threads)
        cdef Queue *queue = <Queue *>data_of(self.queue)
        self.run.block = even_rows(total, self.workspace.rows, threads)
        with nogil:
            if self.single:
                pass_all(&self.run, <const float *>NULL, self.workspace.memories, queue, threads)
            else:
                pass_all(&self.run, <const double *>NULL, self.workspace.memories, queue, threads)
        return 0


cdef Py_ssize_t work_of(Plan plan, Py_ssize_t rows):
    """FLOP of a pass over so many rows."""
    return 2 * plan.n_parameters * rows


cdef Py_ssize_t most_threads(Plan plan, Py_ssize_t rows):
    """How many threads a pass is worth: at most one for the fewest rows of a block."""
    return max(1, min((rows + FEWEST_ROWS - 1) // FEWEST_ROWS, work_of(plan, rows) // FLOP_WORTH_A_THREAD))


cdef passes_of(Plan plan, int magnitude, bint is_long, double now):
    """What is known of teams for passes of such a magnitude; from one thread on where they are short."""
    passes = plan.passes.get(magnitude)
    if passes is None or now - passes.used > KEPT_SECONDS:
        most = default_threads()
        passes = plan.passes[magnitude] = Passes(most if is_long else 1, most)
    return passes


cdef Forward take(Plan plan, parameters, Py_ssize_t rows, Py_ssize_t threads):
    """A Forward from the plan's pool, or a new one: two threads may predict with one plan at once."""
    cdef Py_ssize_t block = min(most_rows(plan), (max(rows, 1) + ROWS_UNIT - 1) // ROWS_UNIT * ROWS_UNIT)
    cdef Forward forward
    try:
        forward = plan.pool.pop()
    except IndexError:
        return Forward(plan, parameters, block, threads)
    if forward.parameters is parameters and forward.workspace.rows == block and forward.workspace.sets >= threads:
        forward.threads = threads
        return forward
    return Forward(plan, parameters, block, threads)


cdef int pass_with(Plan plan, parameters, X, Py_ssize_t rows, outputs, const Judge *judge, double *row_loss,
                   Py_ssize_t threads) except -1:
    forward = take(plan, parameters, rows, threads)
    (<Forward>forward).start(X, rows, outputs, judge, row_loss)
    plan.pool.append(forward)
    return 0


cdef int pass_over(Plan plan, parameters, X, outputs, const Judge *judge, double *row_loss, limit) except -1:
    """A pass by as many threads as pay, at most `limit`, or this process's if that is None."""
    cdef Py_ssize_t rows = X.shape[0], work = work_of(plan, rows), most = most_threads(plan, rows), size = 1
    cdef int magnitude
    cdef double began, ended
    if most == 1:
        return pass_with(plan, parameters, X, rows, outputs, judge, row_loss, 1)
    passes, magnitude, began = None, work.bit_length() // 2, perf_counter()
    if work >= FLOP_WORTH_WAKING or ended_lately(began):
        passes = passes_of(plan, magnitude, work >= FLOP_WORTH_WAKING, began)
        size = passes.next(1, most)[1]
        if size > 1:  # asked for only then: the answer takes longer than a small network
            size = passes.next(1, min(most, allowed(default_threads()) if limit is None else limit))[1]
    pass_with(plan, parameters, X, rows, outputs, judge, row_loss, size)
    ended = perf_counter()
    note_end(ended)
    if passes is not None:
        passes.used = ended
        passes.took(size, 1, (ended - began) * 4.0 ** magnitude / work)  # as if all of a magnitude were alike
    return 0


def predict(Plan plan, parameters, X, out, threads=None):
    """out[B, outputs] = the network's output for X[B, inputs], in inference.

    Parameters
    ----------
    plan : Plan
    parameters : ndarray of shape (plan.n_parameters,), plan.dtype, from `allocate`
    X : ndarray of shape (B, plan.inputs), float32, float64 or uint8, contiguous rows
    out : ndarray of shape (B, plan.outputs), plan.dtype, contiguous rows
    threads : int, optional
        At most so many, `default_threads` by default; of these as many as pay, by the time that passes took before.
    """
    if X.shape[0]:
        pass_over(plan, parameters, X, out, NULL, NULL, threads)
    return out


def activations(Plan plan, parameters, X):
    """List of every operation's output for X[B, inputs], in inference: what flows through the network."""
    checked("parameters", parameters, (plan.n_parameters,), plan.dtype)
    whole, outputs = [(0, plan.n_parameters, 0.0, 0.0, False)], []  # each operation finds its own where they are
    values = X if isinstance(X, Compressed) else np.ascontiguousarray(X, dtype=plan.dtype)
    for index, op in enumerate(plan.ops):
        if at_inference(op) is not None:
            single = Plan(plan.dtype, values.shape[1], [op], whole)
            out = np.empty((values.shape[0], single.outputs), dtype=plan.dtype)
            values = predict(single, parameters, values, out)
        outputs.append(values)
    return outputs


cdef evaluate(Plan plan, parameters, X, const Judge *judge, outputs, Py_ssize_t threads):
    """Each row's loss, float64; `outputs` receives the predictions unless None."""
    losses = np.empty(X.shape[0], dtype=np.float64)
    if not X.shape[0]:
        return losses
    pass_over(plan, parameters, X, outputs, judge, <double *>data_of(losses), threads)
    return losses


cdef class Predictor:
    """A network made ready for few rows at a time: no allocation, no look-up, one thread.

    Parameters
    ----------
    plan : Plan
    parameters : ndarray of shape (plan.n_parameters,)
    max_rows : int
        Most rows of one call.
    """
    cdef Plan plan
    cdef Forward forward
    cdef Py_ssize_t max_rows
    cdef int kind                  # NumPy's number of the plan's type
    cdef bint busy

    def __cinit__(self, Plan plan, parameters, Py_ssize_t max_rows):
        self.plan = plan
        self.forward = Forward(plan, parameters, min(max_rows, most_rows(plan)), 1)
        self.max_rows = max_rows
        self.kind = cnp.NPY_FLOAT32 if plan.dtype == "float32" else cnp.NPY_FLOAT64

    cdef bint fits(self, array, Py_ssize_t least, Py_ssize_t most, Py_ssize_t columns):
        """Whether it is a C-contiguous array of the plan's type and this machine's byte order, with so many rows and columns."""
        cdef cnp.ndarray given
        if not isinstance(array, cnp.ndarray):
            return False
        given = array
        return (cnp.PyArray_NDIM(given) == 2 and cnp.PyArray_TYPE(given) == self.kind
                and least <= cnp.PyArray_DIM(given, 0) <= most and cnp.PyArray_DIM(given, 1) == columns
                and cnp.PyArray_ISCARRAY_RO(given))

    def __reduce__(self):
        raise TypeError("expected a predictor that stays with its model, received: one to copy or pickle; "
                        "model.predictor(max_rows) makes another")

    def __call__(self, x, out=None):
        """The output for x[B, inputs], B <= max_rows, plan.dtype; written to out[B, outputs] if given."""
        cdef Plan plan = self.plan
        cdef Py_ssize_t rows
        if not self.fits(x, 0, self.max_rows, plan.inputs):
            raise ValueError(f"x: expected a C-contiguous {plan.dtype} array of at most {self.max_rows} rows of {plan.inputs} "
                             f"columns, received: {described(x)}")
        rows = cnp.PyArray_DIM(<cnp.ndarray>x, 0)
        if out is None:
            out = np.empty((rows, plan.outputs), dtype=plan.dtype)
        elif not self.fits(out, rows, rows, plan.outputs) or not cnp.PyArray_ISWRITEABLE(<cnp.ndarray>out):
            raise ValueError(f"out: expected a writeable C-contiguous {plan.dtype} array of shape {(rows, plan.outputs)}, "
                             f"received: {described(out)}")
        if not rows:
            return out
        if self.busy:  # another thread is inside: it keeps this one's buffers
            return predict(plan, self.forward.parameters, x, out)
        self.busy = True
        try:
            self.forward.start(x, rows, out, NULL, NULL)
        finally:
            self.busy = False
        return out


def described(array):
    """What somebody gave instead of an array that fits."""
    if not isinstance(array, np.ndarray):
        return f"{type(array).__name__}"
    flags = array.flags
    lacks = [name for name, there in (("C-contiguous", flags.c_contiguous), ("aligned", flags.aligned),
                                      ("writeable", flags.writeable)) if not there]
    return f"{array.dtype} of shape {array.shape}" + "".join(f", not {name}" for name in lacks)
