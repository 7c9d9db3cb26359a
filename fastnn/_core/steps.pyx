# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Training steps over shuffled batches: any slice of an epoch without Python.

A step: gather the batch, forward, loss and its gradient, backward, then the gradient of each kernel block by block with the
optimizer's update on each block while it is in L2. Three ways to divide it among threads, with the same bits: by layers
(by_layers.pyx), in a pipeline (pipeline.pyx), and here

- by groups: a large batch is cut into fixed groups of rows (passes.group_rows); a thread takes whole groups through the
  network in small blocks, and the groups' gradients are added in order at the end.

Every sum's order depends on shapes and batch alone: over rows within a group, then over groups. Called by trainer.
"""
from cython.parallel cimport parallel, threadid
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint64_t

from fastnn._core cimport targets
from fastnn._core.by_layers cimport gather_share, memory_of, step_by_layers
from fastnn._core.data cimport gather
from fastnn._core.heads cimport Batch, Memory
from fastnn._core.passes cimport (
    NOTHING, accumulate_segment, backward_ops, backward_segment, forward_segment, group_rows, update_from_sums,
)
from fastnn._core.pipeline cimport step_in_pipeline
from fastnn._core.step_parts cimport (
    Run, all_tensors, batch_of, denominator, judge_rows, loss_of_rows, operations, report, step_numbers, sum_penalties,
    update_whole, with_penalty,
)
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Share, share, team_size, tell, wait_for_all


cdef void block_by_groups(const Run *run, const real *sample, const Memory *memory, ptrdiff_t step, ptrdiff_t position,
                          ptrdiff_t first, ptrdiff_t rows, bint more, double divisor, real *sums) noexcept nogil:
    """One block of a group's rows, through the network and back, into the group's sums."""
    cdef const real *parameters = <const real *>run.parameters
    cdef const int64_t *index = run.order + position + first
    cdef Share all_rows, columns
    cdef Batch batch = batch_of(run, step, first)
    cdef int s, last = run.n_segments - 1
    all_rows.start, all_rows.stop = 0, rows
    columns.start = 0
    gather(&run.x, 0, index, rows, run.inputs, <real *>memory.values[0], memory.leading[0])
    for s in range(run.n_segments):
        columns.stop = run.segments[s].outputs
        forward_segment(parameters, run.segments, s, run.ops, operations(run, s), memory, &batch, all_rows, columns, NOTHING)
    judge_rows(run, sample, memory, &batch, index, position + first, all_rows, first, divisor)
    backward_ops(sample, &run.segments[last], last, run.ops, operations(run, last), memory, &batch, all_rows, columns)
    for s in range(last, run.lowest, -1):
        columns.stop = run.segments[s].inputs
        backward_segment(parameters, run.segments, s, run.lowest, run.ops, memory, &batch, all_rows, columns)
    for s in range(max(run.lowest, 1), run.n_segments):
        if run.segments[s].trainable:
            accumulate_segment(parameters, &run.segments[s], s, memory, rows, more, sums)


cdef void step_by_groups(const Run *run, const real *sample, ptrdiff_t step, int thread, int threads) noexcept nogil:
    cdef ptrdiff_t position = step * run.batch
    cdef ptrdiff_t rows = min(run.batch, run.total - position)
    cdef ptrdiff_t size = group_rows(rows, run.fine), groups, group, first, end
    cdef double divisor = denominator(run, sample, run.order + position, rows)
    cdef fn_update numbers = step_numbers(run, step), room[2]
    cdef const fn_update *kernel_numbers
    cdef const fn_update *bias_numbers
    cdef Share mine
    cdef int s
    groups = (rows + size - 1) // size
    mine = share(groups, 1, thread, threads)
    for group in range(mine.start, mine.stop):
        first, end = group * size, min(rows, (group + 1) * size)
        while first < end:
            block_by_groups(run, sample, &run.memories[thread], step, position, first, min(run.block, end - first),
                            first > group * size, divisor, <real *>run.sums + group * run.sums_size)
            first += run.block
        run.row_loss[group * size] = loss_of_rows(run, group * size, end)
    sum_penalties(run, sample, all_tensors(run), thread, threads)
    wait_for_all(run.barrier, threads)
    if thread == 0:
        report(run, step, rows, divisor)
    for s in range(max(run.lowest, 1), run.n_segments):
        if run.segments[s].trainable:
            kernel_numbers = with_penalty(run, &numbers, run.kernel_tensor[s], divisor, &room[0])
            bias_numbers = with_penalty(run, &numbers, run.bias_tensor[s], divisor, &room[1])
            update_from_sums(&run.segments[s], &run.sink, kernel_numbers, bias_numbers, groups, run.sums_size,
                             share(max(run.segments[s].kernel_rows, <ptrdiff_t>1), 1, thread, threads), <real *>run.sums)
    update_whole(run, sample, &numbers, step, thread, threads)
    wait_for_all(run.barrier, threads)


cdef void run_thread(const Run *run, const real *sample, int thread, int threads) noexcept nogil:
    cdef uint64_t mode = targets.flush_denormals()
    cdef ptrdiff_t step, steps = (run.total + run.batch - 1) // run.batch
    if run.group:
        for step in range(steps):
            step_by_groups(run, sample, step, thread, threads)
    else:
        gather_share(run, sample, memory_of(run, 0, threads), 0, thread, threads)
        wait_for_all(run.barrier, threads)
        for step in range(steps):
            if threads == 2 and run.pipeline.second > 0:
                step_in_pipeline(run, sample, step, thread)
            else:
                step_by_layers(run, sample, step, thread, threads)
    targets.restore_denormals(mode)


cdef void run_all(const Run *run, const real *sample, int threads) noexcept nogil:
    if threads == 1:
        run_thread(run, sample, 0, 1)
        return
    tell(run.pipeline.forward, 0)
    tell(run.pipeline.backward, 0)
    tell(run.pipeline.consumed, 0)
    with parallel(num_threads=threads):
        run_thread(run, sample, threadid(), team_size())
