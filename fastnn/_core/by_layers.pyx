# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A training step by layers: threads share each product, by columns or by rows of its output.

They wait between products only where one needs what another made (`Stage`). Whole rows of a kernel and of its optimizer state
stay in one core for good. Two threads divide products whose inputs are cut in halves (heads.is_cut) by these: each keeps to
its own rows of the kernel and columns of the input, and only sums and gradients cross from core to core. Called by steps.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t

from fastnn._core cimport targets
from fastnn._core.data cimport Rows, gather, is_sparse
from fastnn._core.division cimport (
    EVERYBODYS, OWN_HALF, OWN_ROWS, Division, Stage, after, backward_division, choose, divide, forward_division,
    imbalance, synchronize,
)
from fastnn._core.heads cimport Batch, Memory, half, head_half, is_cut, mask_kernel, value_at
from fastnn._core.passes cimport (
    ALL, HALVES, NOTHING, backward_ops, backward_segment, forward_segment, update_segment, update_sparse,
)
from fastnn._core.plan cimport DENSE, Segment
from fastnn._core.step_parts cimport (
    Run, all_tensors, batch_of, denominator, judge_rows, operations, report, step_numbers, sum_penalties, update_whole,
    with_penalty,
)
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Share, share, wait_for_all


cdef inline bint by_halves(const Run *run, int index, int threads) noexcept nogil:
    """Whether two threads divide a segment by the halves of its inputs."""
    return threads == 2 and is_cut(&run.segments[index], run.batch, is_sparse(&run.x))


cdef inline bint goes_ahead(const Run *run, int threads) noexcept nogil:
    """Whether the first product's update makes the next row's product too: a thread that has the kernel's rows needs no
    other's."""
    return run.may_go_ahead and (threads == 1 or by_halves(run, 1, threads))


cdef void gather_share(const Run *run, const real *sample, const Memory *memory, ptrdiff_t position, int thread,
                       int threads) noexcept nogil:
    cdef Share rows = share(min(run.batch, run.total - position), 1, thread, threads), columns
    cdef Rows x = run.x
    if is_sparse(&run.x):
        return
    columns.start, columns.stop = 0, run.inputs
    if run.to_one_product and by_halves(run, 1, threads):
        rows.start, rows.stop, columns = 0, min(run.batch, run.total - position), half(run.inputs, thread)
        x.start = <const char *>x.start + columns.start * x.itemsize
    gather(&x, 0, run.order + position + rows.start, rows.stop - rows.start, columns.stop - columns.start,
           value_at(sample, memory, 0, rows.start, columns.start), memory.leading[0])


cdef void mask_kernels(const Run *run, const real *parameters, const Memory *memory, const Batch *batch, int thread,
                       int threads) noexcept nogil:
    """This step's part of the kernels whose elements are dropped, for all who multiply with them."""
    cdef int s
    for s in range(1, run.n_segments):
        if run.segments[s].drop_rate > 0:
            mask_kernel(parameters, &run.segments[s], s, memory, batch,
                        share(run.segments[s].kernel_rows, 1, thread, threads))
    wait_for_all(run.barrier, threads)


cdef inline Stage forward_by_layers(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory,
                                    const Batch *batch, bint ahead, int thread, int threads) noexcept nogil:
    """All segments' values; `ahead`: the step before this one made the first product. Whose values may be read without waiting."""
    cdef const real *parameters = <const real *>run.parameters
    cdef const Segment *segment
    cdef Stage stage = EVERYBODYS
    cdef Share my_rows, my_columns
    cdef Division division
    cdef int s, last = run.n_segments - 1, turn = 0, made
    cdef bint by_rows
    for s in range(run.n_segments):
        segment = &run.segments[s]
        if s == 0 and segment.last_op == 0:
            continue
        if by_halves(run, s, threads):
            if stage != EVERYBODYS and stage != OWN_HALF:
                wait_for_all(run.barrier, threads)
            divide(sample, rows, segment.outputs, True, 0, 1, &my_rows, &my_columns)
            if not (ahead and s == 1):
                head_half(parameters, run.segments, s, memory, my_rows, my_columns, thread, turn)
                wait_for_all(run.barrier, threads)
            by_rows = segment.rowwise or s == last
            if by_rows:
                divide(sample, rows, segment.outputs, True, thread, threads, &my_rows, &my_columns)
            else:
                my_columns = half(segment.outputs, thread)
            forward_segment(parameters, run.segments, s, run.ops, operations(run, s), memory, batch, my_rows, my_columns,
                            HALVES + turn)
            stage = OWN_ROWS if by_rows else OWN_HALF
            turn = 1 - turn
            continue
        division = forward_division(segment)
        choose(sample, rows, segment.outputs, stage, threads, &division)
        synchronize(run.barrier, &stage, &division, threads)
        divide(sample, rows, segment.outputs, division.by_rows, thread, threads, &my_rows, &my_columns)
        made = NOTHING
        if ahead and s == 1:
            made = HALVES if is_cut(segment, run.batch, False) else ALL
        forward_segment(parameters, run.segments, s, run.ops, operations(run, s), memory, batch, my_rows, my_columns, made)
        stage = after(division.by_rows)
    return stage


cdef inline void backward_by_layers(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory, const Batch *batch,
                                    int thread, int threads) noexcept nogil:
    """The gradients of all segments' values, from that of the last one's, of which each thread has made its rows."""
    cdef const real *parameters = <const real *>run.parameters
    cdef const Segment *segment
    cdef Stage stage = OWN_ROWS
    cdef Share my_rows, my_columns
    cdef Division division
    cdef int s
    for s in range(run.n_segments - 1, run.lowest, -1):
        segment = &run.segments[s]
        if segment.before < run.lowest and segment.skip < run.lowest:
            continue
        division = backward_division(run.segments, run.lowest, s)
        if by_halves(run, s, threads) and not division.rowwise:
            if stage != EVERYBODYS:
                wait_for_all(run.barrier, threads)
            my_rows.start, my_rows.stop, my_columns = 0, rows, half(segment.inputs, thread)
            backward_segment(parameters, run.segments, s, run.lowest, run.ops, memory, batch, my_rows, my_columns)
            stage = OWN_HALF
            continue
        choose(sample, rows, segment.inputs, stage, threads, &division)
        synchronize(run.barrier, &stage, &division, threads)
        divide(sample, rows, segment.inputs, division.by_rows, thread, threads, &my_rows, &my_columns)
        backward_segment(parameters, run.segments, s, run.lowest, run.ops, memory, batch, my_rows, my_columns)
        stage = after(division.by_rows)


cdef inline void update_by_layers(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory, const Batch *batch,
                                  const fn_update *numbers, double divisor, const Memory *following, int thread,
                                  int threads) noexcept nogil:
    """All kernels' and biases' gradients and updates; in `following`, unless NULL, the next batch's first product too."""
    cdef const Segment *segment
    cdef const fn_update *kernel_numbers
    cdef const fn_update *bias_numbers
    cdef fn_update room[2]
    cdef Share my_rows, my_columns, my_bias
    cdef bint by_rows
    cdef int s
    for s in range(run.lowest, run.n_segments):
        segment = &run.segments[s]
        if s == 0 or not segment.trainable:
            continue
        kernel_numbers = with_penalty(run, numbers, run.kernel_tensor[s], divisor, &room[0])
        bias_numbers = with_penalty(run, numbers, run.bias_tensor[s], divisor, &room[1])
        if batch.sparse != NULL and s == 1:
            update_sparse(sample, segment, s, memory, &run.sink, kernel_numbers, bias_numbers, batch, rows,
                          share(segment.inputs, 1, thread, threads), &run.links, thread,
                          run.zero_matters or kernel_numbers.l1 != 0 or kernel_numbers.l2 != 0
                          or kernel_numbers.weight_decay != 0, <real *>run.scratch[thread])
            continue
        # Whole rows of the kernel: parts of rows would lie between the others', and a core fetches ahead.
        by_rows = threads == 1 or (
            segment.head == DENSE and imbalance(segment.inputs, targets.tile_rows(sample), threads)
            <= imbalance(segment.outputs, targets.tile_columns(sample), threads) * 1.25)
        divide(sample, max(segment.kernel_rows, <ptrdiff_t>1), segment.outputs, by_rows, thread, threads, &my_rows, &my_columns)
        if by_halves(run, s, threads):
            my_rows = half(segment.inputs, thread)
            my_columns.start, my_columns.stop = 0, segment.outputs
        my_bias = share(segment.outputs, targets.tile_columns(sample), thread, threads)
        if s == 1 and goes_ahead(run, threads):  # the next product begins with the bias, in the part that has the first rows
            my_bias.start, my_bias.stop = 0, segment.outputs if my_rows.start == 0 else 0
        update_segment(sample, segment, s, memory, &run.sink, kernel_numbers, bias_numbers, batch, rows, my_rows, my_columns,
                       my_bias, following if s == 1 else NULL, <real *>run.scratch[thread])


cdef void step_by_layers(const Run *run, const real *sample, ptrdiff_t step, int thread, int threads) noexcept nogil:
    cdef ptrdiff_t position = step * run.batch
    cdef ptrdiff_t rows = min(run.batch, run.total - position)
    cdef const Memory *memory = memory_of(run, step, threads)
    cdef const Memory *following = memory_of(run, step + 1, threads)
    cdef const real *parameters = <const real *>run.parameters
    cdef const int64_t *index = run.order + position
    cdef double divisor = denominator(run, sample, index, rows)
    cdef fn_update numbers = step_numbers(run, step)
    cdef Batch batch = batch_of(run, step, 0)
    cdef bint more = position + run.batch < run.total, ahead = goes_ahead(run, threads)
    cdef int last = run.n_segments - 1
    cdef Division by_rows
    cdef Stage stage
    cdef Share my_rows, my_columns
    if run.drops_weights:
        mask_kernels(run, parameters, memory, &batch, thread, threads)
    stage = forward_by_layers(run, sample, rows, memory, &batch, ahead and step > 0, thread, threads)
    by_rows.by_rows, by_rows.local = True, False
    synchronize(run.barrier, &stage, &by_rows, threads)
    divide(sample, rows, run.outputs, True, thread, threads, &my_rows, &my_columns)
    judge_rows(run, sample, memory, &batch, index, position, my_rows, 0, divisor)
    backward_ops(sample, &run.segments[last], last, run.ops, operations(run, last), memory, &batch, my_rows, my_columns)
    sum_penalties(run, sample, all_tensors(run), thread, threads)
    backward_by_layers(run, sample, rows, memory, &batch, thread, threads)
    wait_for_all(run.barrier, threads)
    if thread == 0:
        report(run, step, rows, divisor)
    if more and ahead:
        gather_share(run, sample, following, position + run.batch, thread, threads)
    update_by_layers(run, sample, rows, memory, &batch, &numbers, divisor, following if more and ahead else NULL, thread, threads)
    update_whole(run, sample, &numbers, step, thread, threads)
    if more and not ahead:
        gather_share(run, sample, following, position + run.batch, thread, threads)
    wait_for_all(run.barrier, threads)
