# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Training steps over shuffled batches: any slice of an epoch without Python.

A step: gather the batch, forward, loss and its gradient, backward, then the gradient of each kernel block by block with the
optimizer's update on each block while it is in L2. By one thread here, by more in one of three ways, with the same bits: by
layers (by_layers.pyx), in a pipeline (pipeline.pyx), or, here too,

- by groups: a large batch is cut into fixed groups of rows (passes.group_rows); a thread takes whole groups through the
  network in small blocks, and the groups' gradients are added in order at the end.

Every sum's order depends on shapes and batch alone: over rows within a group, then over groups. Called by trainer.
"""
from cython.parallel cimport parallel, threadid
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint64_t

from fastnn._core cimport targets
from fastnn._core.by_layers cimport (
    gather_share, is_updated, mask_kernels, memory_of, step_by_layers, update_sparse_share,
)
from fastnn._core.data cimport gather
from fastnn._core.heads cimport Batch, Memory, is_cut
from fastnn._core.passes cimport (
    ALL, HALVES, NOTHING, accumulate_segment, backward_ops, backward_segment, forward_segment, group_rows, update_from_sums,
    update_segment,
)
from fastnn._core.pieces cimport open_parts
from fastnn._core.pipeline cimport step_in_pipeline
from fastnn._core.plan cimport Segment
from fastnn._core.step_parts cimport (
    Run, all_tensors, batch_of, denominator, judge_rows, loss_of_rows, operations, report, step_numbers, sum_penalties,
    update_whole, with_penalty,
)
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Share, share, team_size, tell, wait_for_all


cdef inline void pass_rows(const Run *run, const real *sample, const Memory *memory, const Batch *batch, ptrdiff_t position,
                           ptrdiff_t first, ptrdiff_t size, double divisor, int made) noexcept nogil:
    """Some of a batch's rows, from its row `first` on, through the network and back; `made`: what there is of the first product."""
    cdef const real *parameters = <const real *>run.parameters
    cdef const Segment *segment
    cdef Share rows, columns
    cdef int s, last = run.n_segments - 1
    rows.start, rows.stop, columns.start = 0, size, 0
    for s in range(run.n_segments):
        segment = &run.segments[s]
        columns.stop = segment.outputs
        if s > 0 or segment.last_op > 0:
            forward_segment(parameters, run.segments, s, run.ops, operations(run, s), memory, batch, rows, columns,
                            made if s == 1 else NOTHING)
    judge_rows(run, sample, memory, batch, run.order + position + first, position + first, rows, first, divisor)
    backward_ops(sample, &run.segments[last], last, run.ops, operations(run, last), memory, batch, rows, columns)
    for s in range(last, run.lowest, -1):
        columns.stop = run.segments[s].inputs
        backward_segment(parameters, run.segments, s, run.lowest, run.ops, memory, batch, rows, columns)


cdef void step_alone(const Run *run, const real *sample, ptrdiff_t step) noexcept nogil:
    """One thread, layer by layer."""
    cdef ptrdiff_t position = step * run.batch
    cdef ptrdiff_t rows = min(run.batch, run.total - position)
    cdef const Memory *memory = memory_of(run, step, 1)
    cdef const Memory *following = memory_of(run, step + 1, 1)
    cdef double divisor = denominator(run, sample, run.order + position, rows)
    cdef fn_update numbers = step_numbers(run, step), room[2]
    cdef Batch batch = batch_of(run, step, 0)
    cdef bint more = position + run.batch < run.total, ahead = run.may_go_ahead
    cdef const Segment *segment
    cdef Share kernel_rows, columns
    cdef int s, made = NOTHING
    if ahead and step > 0:
        made = HALVES if is_cut(&run.segments[1], run.batch, False) else ALL
    if run.drops_weights:
        mask_kernels(run, sample, memory, &batch, 0, 1)
    pass_rows(run, sample, memory, &batch, position, 0, rows, divisor, made)
    sum_penalties(run, sample, all_tensors(run), 0, 1)
    report(run, step, rows, divisor)
    if more and ahead:
        gather_share(run, sample, following, position + run.batch, 0, 1)
    update_sparse_share(run, sample, rows, memory, &batch, &numbers, divisor, 0, 1)
    kernel_rows.start = columns.start = 0
    for s in range(run.lowest, run.n_segments):
        if is_updated(run, &batch, s, False):
            segment = &run.segments[s]
            kernel_rows.stop, columns.stop = max(segment.kernel_rows, <ptrdiff_t>1), segment.outputs
            update_segment(sample, segment, s, memory, &run.sink,
                           with_penalty(run, &numbers, run.kernel_tensor[s], divisor, &room[0]),
                           with_penalty(run, &numbers, run.bias_tensor[s], divisor, &room[1]), &batch, rows, kernel_rows, columns,
                           columns, following if s == 1 and more and ahead else NULL, <real *>run.scratch[0])
    update_whole(run, sample, &numbers, step, 0, 1)
    if more and not ahead:
        gather_share(run, sample, following, position + run.batch, 0, 1)


cdef void block_by_groups(const Run *run, const real *sample, const Memory *memory, ptrdiff_t step, ptrdiff_t position,
                          ptrdiff_t first, ptrdiff_t rows, bint more, double divisor, real *sums) noexcept nogil:
    """One block of a group's rows, through the network and back, into the group's sums."""
    cdef Batch batch = batch_of(run, step, first)
    cdef int s
    gather(&run.x, 0, run.order + position + first, rows, run.inputs, <real *>memory.values[0], memory.leading[0])
    pass_rows(run, sample, memory, &batch, position, first, rows, divisor, NOTHING)
    for s in range(max(run.lowest, 1), run.n_segments):
        if run.segments[s].trainable:
            accumulate_segment(<const real *>run.parameters, &run.segments[s], s, memory, rows, more, sums)


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
            if threads == 1:
                step_alone(run, sample, step)
            elif threads == 2 and run.pipeline.second > 0:
                step_in_pipeline(run, sample, step, thread)
            else:
                step_by_layers(run, sample, step, thread, threads)
    targets.restore_denormals(mode)


cdef void run_all(const Run *run, const real *sample, int threads) noexcept nogil:
    if threads == 1:
        run_thread(run, sample, 0, 1)
        return
    open_parts(run.parts, threads)
    tell(run.pipeline.forward, 0)
    tell(run.pipeline.backward, 0)
    tell(run.pipeline.consumed, 0)
    with parallel(num_threads=threads):
        run_thread(run, sample, threadid(), team_size())
