# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A training step in a pipeline of two threads, for networks of many layers with little work in each.

The first thread has the segments below `second`, the other one those from there on: parameters and optimizer states never
cross between cores, nor do gradients of kernels; only the rows between the two do, and their gradients. So that both
have work, the batch passes in parts of its rows. They tell each other what is done (`Progress`) and wait for nothing else:

    first   forward 1, 2, ... | transposes its kernels, gathers the next batch | backward 1, 2, ... | its updates
    second            forward and loss 1, 2, ... | backward 1, 2, ... | its updates | transposes its kernels

Rows are independent, and updates are made of the whole batch at once: the bits are those of any other division. Kernels are
transposed once a step, while a thread waits, and not in each part's product dY W^T. Called by steps and trainer.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t
from libc.string cimport memset

from fastnn._core.data cimport gather, is_sparse
from fastnn._core.heads cimport Batch, Memory, head_transpose
from fastnn._core.passes cimport NOTHING, backward_ops, backward_segment, forward_segment, update_segment
from fastnn._core.plan cimport DENSE, Program, Segment
from fastnn._core.step_parts cimport (
    Pipeline, Run, batch_of, denominator, judge_rows, operations, report, step_numbers, sum_penalties, with_penalty,
)
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Progress, Share, share, tell, wait_until

cdef enum:
    MOST_PARTS = 4
    FEWEST_ROWS = 8          # of a part
    # What things cost, in multiply-adds and additions that take as long; measured with cores near each other
    FLOP_OF_UPDATE = 20      # a parameter, by Adam
    FLOP_OF_LOSS = 100       # an output
    FLOP_OF_OPERATION = 8    # an element, for each operation and head without a product
    FLOP_OF_PASS = 5000      # of one part through one segment: calls
    FLOP_OF_TELLING = 20000  # and of handing it over
    FLOP_OF_LAYER = 350000   # waits and lines that cross, for each segment of a step that is divided by layers


cdef struct Work:
    double forward, backward, update
    int segments


cdef Work work_of(const Run *run, int first, int end) noexcept nogil:
    """Of a step's whole batch in the segments first .. end - 1."""
    cdef Work work
    cdef const Segment *segment
    cdef double elements, products, rows = <double>run.batch
    cdef int s
    work.forward = work.backward = work.update = 0
    work.segments = end - first
    for s in range(max(first, 1), end):
        segment = &run.segments[s]
        elements = rows * <double>segment.outputs
        products = 2 * elements * <double>segment.inputs if segment.head == DENSE else FLOP_OF_OPERATION * elements
        elements *= FLOP_OF_OPERATION * (segment.last_op - segment.first_op)
        work.forward += products + elements
        if s > run.lowest:
            work.backward += products + elements
        if s >= run.lowest and segment.trainable:
            work.update += products + FLOP_OF_UPDATE * <double>segment.outputs * <double>max(segment.kernel_rows, <ptrdiff_t>1)
    if end == run.n_segments:
        work.forward += FLOP_OF_LOSS * rows * <double>run.outputs
    return work


cdef double time_of(const Work *first, const Work *second, int forward, int backward) noexcept nogil:
    """How long a step takes, steps following each other, with so many parts on the way there and back."""
    cdef double pass_first = first.forward / forward + FLOP_OF_PASS * first.segments
    cdef double pass_second = second.forward / forward + FLOP_OF_PASS * second.segments
    cdef double there = 0, here, back
    cdef int part
    for part in range(forward):
        there = max(there, pass_first * (part + 1) + FLOP_OF_TELLING) + pass_second
    here, back = pass_first * forward, there
    for part in range(backward):
        back += second.backward / backward + FLOP_OF_PASS * second.segments
        here = max(here, back + FLOP_OF_TELLING) + first.backward / backward + FLOP_OF_PASS * first.segments
    return max(here + first.update, back + second.update - pass_first)


cdef Pipeline plan_pipeline(const Run *run, Program program):
    cdef Pipeline plan
    cdef Work whole = work_of(run, 0, run.n_segments), first, second
    cdef int s, forward, backward, parts = min(MOST_PARTS, run.batch // FEWEST_ROWS)
    cdef double time, best = (whole.forward + whole.backward + whole.update) / 2 + FLOP_OF_LAYER * (run.n_segments - 1)
    memset(&plan, 0, sizeof(Pipeline))
    if program.whole_batch or program.penalizes or run.flat != NULL or is_sparse(&run.x):
        return plan
    for s in range(1, run.n_segments):
        if run.segments[s].before != s - 1 or run.segments[s].skip >= 0:
            return plan
    for s in range(2, run.n_segments):
        first, second = work_of(run, 0, s), work_of(run, s, run.n_segments)
        for forward in range(1, parts + 1):
            for backward in range(1, parts + 1):
                time = time_of(&first, &second, forward, backward)
                if time < best:
                    best, plan.second, plan.forward_parts, plan.backward_parts = time, s, forward, backward
    plan.first_tensor = run.n_tensors
    for s in range(plan.second, run.n_segments):
        for tensor in (run.kernel_tensor[s], run.bias_tensor[s]):
            if tensor >= 0:
                plan.first_tensor = min(plan.first_tensor, <int>tensor)
    return plan


cdef void transpose_kernels(const Run *run, const real *parameters, const Memory *memory, int first, int end) noexcept nogil:
    cdef int s
    for s in range(max(first, run.lowest + 1), end):
        if run.segments[s].head == DENSE:
            head_transpose(parameters, &run.segments[s], s, memory)


cdef void step_in_pipeline(const Run *run, const real *sample, ptrdiff_t step, int thread) noexcept nogil:
    cdef const Pipeline *plan = &run.pipeline
    cdef ptrdiff_t position = step * run.batch, following = position + run.batch
    cdef ptrdiff_t rows = min(run.batch, run.total - position)
    cdef Memory memory = run.memories[step & 1]
    cdef const real *parameters = <const real *>run.parameters
    cdef const int64_t *index = run.order + position
    cdef double divisor = denominator(run, sample, index, rows)
    cdef fn_update numbers = step_numbers(run, step), room[2]
    cdef const fn_update *kernel_numbers
    cdef const fn_update *bias_numbers
    cdef Batch batch = batch_of(run, step, 0)
    cdef int first = plan.second if thread else 0, end = run.n_segments if thread else plan.second
    cdef int s, last = run.n_segments - 1, part
    cdef int64_t forward = step * plan.forward_parts, backward = step * plan.backward_parts
    cdef Share mine, columns, kernel, tensors
    memory.transposed = plan.transposed
    columns.start = kernel.start = 0
    tensors.start, tensors.stop = plan.first_tensor if thread else 0, run.n_tensors if thread else plan.first_tensor
    sum_penalties(run, sample, tensors, 0, 1)
    if thread:
        transpose_kernels(run, parameters, &memory, first, end)

    for part in range(plan.forward_parts):
        mine = share(rows, 1, part, plan.forward_parts)
        if thread:
            wait_until(plan.forward, forward + part + 1)
        for s in range(first, end):
            if s == 0 and run.segments[0].last_op == 0:
                continue
            if s == plan.second - 1 and part == 0:
                wait_until(plan.consumed, step)
            columns.stop = run.segments[s].outputs
            forward_segment(parameters, run.segments, s, run.ops, operations(run, s), &memory, &batch, mine, columns, NOTHING)
        if thread:
            judge_rows(run, sample, &memory, &batch, index, position, mine, 0, divisor)
            backward_ops(sample, &run.segments[last], last, run.ops, operations(run, last), &memory, &batch, mine, columns)
        else:
            tell(plan.forward, forward + part + 1)

    if thread:
        report(run, step, rows, divisor)
    else:
        transpose_kernels(run, parameters, &memory, first, end)
        if following < run.total:
            gather(&run.x, 0, run.order + following, min(run.batch, run.total - following), run.inputs,
                   <real *>run.memories[(step + 1) & 1].values[0], memory.leading[0])

    for part in range(plan.backward_parts):
        mine = share(rows, 1, part, plan.backward_parts)
        if not thread:
            wait_until(plan.backward, backward + part + 1)
        for s in range(end - 1, max(first - 1, run.lowest), -1):
            columns.stop = run.segments[s].inputs
            backward_segment(parameters, run.segments, s, run.lowest, run.ops, &memory, &batch, mine, columns)
        if thread:
            tell(plan.backward, backward + part + 1)

    for s in range(max(first, run.lowest), end):
        if s > 0 and run.segments[s].trainable:
            kernel.stop, columns.stop = max(run.segments[s].kernel_rows, <ptrdiff_t>1), run.segments[s].outputs
            kernel_numbers = with_penalty(run, &numbers, run.kernel_tensor[s], divisor, &room[0])
            bias_numbers = with_penalty(run, &numbers, run.bias_tensor[s], divisor, &room[1])
            update_segment(sample, &run.segments[s], s, &memory, &run.sink, kernel_numbers, bias_numbers, &batch, rows,
                           kernel, columns, columns, NULL, <real *>run.scratch[thread])
        if s == plan.second:
            tell(plan.consumed, step + 1)
    if thread and run.lowest > plan.second:
        tell(plan.consumed, step + 1)
