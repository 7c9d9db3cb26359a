# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What belongs to a step however it is divided among threads: its numbers, the loss and its gradient, penalties, the report.

Called by steps, by_layers and pipeline, which say who does which part; penalties and `Run` also by trainer.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset

from fastnn._core cimport targets
from fastnn._core.heads cimport Memory
from fastnn._core.passes cimport add_activity, group_rows
from fastnn._core.plan cimport Segment
from fastnn._core.rates cimport correct
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Share


cdef double denominator(const Run *run, const real *sample, const int64_t *index, ptrdiff_t rows) noexcept nogil:
    cdef const real *weight = <const real *>run.judge.weight
    cdef double total = 0
    cdef ptrdiff_t row
    if run.summed:
        return 1.0
    if not run.weighted_mean or weight == NULL:
        return <double>rows
    for row in range(rows):
        total += weight[index[row]]
    return total


cdef void judge_rows(const Run *run, const real *sample, const Memory *memory, const Batch *batch, const int64_t *index,
                     ptrdiff_t position, Share rows, ptrdiff_t first_row, double divisor) noexcept nogil:
    cdef int last = run.n_segments - 1
    cdef const Segment *segment = &run.segments[last]
    cdef int buffer = run.ops[segment.last_op - 1].source if run.judge.fused else segment.result
    cdef ptrdiff_t ld = memory.leading[buffer], lddelta = memory.delta_leading[last]
    cdef const real *weight = <const real *>run.judge.weight
    cdef real *made = <real *>NULL
    cdef targets.fn_shape shape
    # A batch whose weights are all zero teaches nothing: no gradient, no loss but penalties.
    cdef double factor = 1.0 / divisor if divisor != 0 else 0.0
    if run.outputs_made != NULL:
        made = <real *>run.outputs_made + (position + rows.start) * run.outputs_stride
        if not run.judge.fused:  # the outputs as they are: of logits the loss would make probabilities
            memset(&shape, 0, sizeof(targets.fn_shape))
            targets.activation_forward(targets.FN_linear, rows.stop - rows.start, run.outputs, &shape,
                                       <const real *>memory.values[buffer] + rows.start * ld, ld, made,
                                       run.outputs_stride)
            made = <real *>NULL
    targets.loss(run.judge.loss, rows.stop - rows.start, run.outputs,
                 <const real *>memory.values[buffer] + rows.start * ld, ld, run.judge.truth, run.judge.truth_stride,
                 index + rows.start, weight, run.judge.value_scale, run.judge.gradient_scale * factor,
                 run.judge.parameter, run.row_loss + first_row + rows.start, <real *>memory.deltas[last] + rows.start * lddelta, lddelta,
                 made, run.outputs_stride)
    if run.penalizes:  # of all rows, whatever the loss divides by
        add_activity(sample, run.ops, run.n_ops, memory, rows, (divisor if divisor != 0 else 1.0) * batch.activity,
                     run.row_loss + first_row)


cdef fn_update step_numbers(const Run *run, ptrdiff_t step) noexcept nogil:
    cdef fn_update numbers = run.sink.numbers
    cdef uint64_t count = (run.iteration + <uint64_t>step) // (run.flat.accumulation if run.flat != NULL else 1) + 1
    numbers.rate = run.rates[step]
    numbers.weight_decay = run.decay * numbers.rate
    if run.correction != targets.FN_RATE_GIVEN and count < run.settled:
        correct(&numbers, run.correction, count)
    return numbers


cdef void sum_penalties(const Run *run, const real *sample, Share tensors, int thread, int threads) noexcept nogil:
    cdef const real *parameters = <const real *>run.parameters
    cdef ptrdiff_t block = 0, at, size
    cdef int tensor
    if not run.penalized:
        return
    for tensor in range(run.n_tensors):
        if run.tensors[tensor].l1 == 0 and run.tensors[tensor].l2 == 0:
            continue
        at = 0
        while at < run.tensors[tensor].size:
            if block % threads == thread and tensors.start <= tensor < tensors.stop:
                size = min(<ptrdiff_t>PENALTY_BLOCK, run.tensors[tensor].size - at)
                run.penalties[block] = 0
                if run.tensors[tensor].l2 != 0:
                    run.penalties[block] += 0.5 * run.tensors[tensor].l2 * targets.sum_of_squares(
                        size, parameters + run.tensors[tensor].offset + at)
                if run.tensors[tensor].l1 != 0:
                    run.penalties[block] += run.tensors[tensor].l1 * targets.sum_of_magnitudes(
                        size, parameters + run.tensors[tensor].offset + at)
            block += 1
            at += PENALTY_BLOCK


cdef double total_penalty(const Run *run) noexcept nogil:
    cdef double total = 0
    cdef ptrdiff_t block = 0, blocks
    cdef int tensor
    if run.penalized:
        for tensor in range(run.n_tensors):
            if run.tensors[tensor].l1 != 0 or run.tensors[tensor].l2 != 0:
                for blocks in range((run.tensors[tensor].size + PENALTY_BLOCK - 1) // PENALTY_BLOCK):
                    total += run.penalties[block]
                    block += 1
    return total


cdef void report(const Run *run, ptrdiff_t step, ptrdiff_t rows, double divisor) noexcept nogil:
    """Rows of each group are added in order, then groups, whose sums are there already where steps go by groups, in place of
    each one's first row."""
    cdef double total = 0, factor = 1.0 / divisor if divisor != 0 else 1.0
    cdef ptrdiff_t size = group_rows(rows, run.fine), first = 0
    while first < rows:
        total += run.row_loss[first] if run.group else loss_of_rows(run, first, min(rows, first + size))
        first += size
    run.losses[step] = total * factor + total_penalty(run) * (factor if run.penalty_over_batch else 1.0)
