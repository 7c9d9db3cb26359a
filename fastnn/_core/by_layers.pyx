# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A training step by layers: threads share each product, by columns or by rows of its output.

They wait between products only where one needs what another made (`Stage`). Whole rows of a kernel and of its optimizer state
stay in one core for good. Two threads divide products whose inputs are cut in halves (heads.is_cut) by these: each keeps to
its own rows of the kernel and columns of the input, and only sums and gradients cross from core to core. Where a phase is
long, threads that are ready help the others (pieces.pxd). Called by steps.
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
from fastnn._core.passes cimport HALVES, NOTHING, backward_ops, backward_segment, forward_segment, update_segment, update_sparse
from fastnn._core.pieces cimport Phase, begin_phase, owner_of, owners, take, take_share
from fastnn._core.plan cimport DENSE, Segment
from fastnn._core.step_parts cimport (
    Run, all_tensors, batch_of, denominator, judge_rows, operations, report, step_numbers, sum_penalties, update_whole,
    with_penalty,
)
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Share, share, wait_for_all

cdef enum:
    # FLOP for each thread, from which on a phase is shared in pieces; below, what crosses costs as much as a piece saves
    FLOP_OF_PRODUCT = 25000000
    FLOP_OF_UPDATES = 2500000
    FLOP_OF_A_PARAMETER = 50  # as long as Adam takes


cdef inline bint by_halves(const Run *run, int index, int threads) noexcept nogil:
    """Whether two threads divide a segment by the halves of its inputs."""
    return threads == 2 and is_cut(&run.segments[index], run.batch, is_sparse(&run.x))


cdef inline bint goes_ahead(const Run *run, int threads) noexcept nogil:
    """Whether the first product's update makes the next row's product too: a thread that has the kernel's rows needs no
    other's."""
    return run.may_go_ahead and by_halves(run, 1, threads)


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


cdef void mask_kernels(const Run *run, const real *sample, const Memory *memory, const Batch *batch, int thread,
                       int threads) noexcept nogil:
    cdef int s
    for s in range(1, run.n_segments):
        if run.segments[s].drop_rate > 0:
            mask_kernel(<const real *>run.parameters, &run.segments[s], s, memory, batch,
                        share(run.segments[s].kernel_rows, 1, thread, threads))
    wait_for_all(run.barrier, threads)


cdef inline bint shares_product(const Run *run, const Segment *segment, ptrdiff_t rows, int threads) noexcept nogil:
    """Whether a product with a segment's kernel is taken in pieces."""
    return (segment.head == DENSE and not run.may_go_ahead and not (is_sparse(&run.x) and segment.before == 0)
            and 2.0 * <double>rows * <double>(segment.inputs * segment.outputs) >= <double>FLOP_OF_PRODUCT * threads)


cdef inline bint shares_updates(const Run *run, ptrdiff_t rows, int threads) noexcept nogil:
    """Whether gradients and updates of all kernels are."""
    cdef double elements = 0
    cdef int s
    if run.may_go_ahead:
        return False
    for s in range(max(run.lowest, 1), run.n_segments):
        if run.segments[s].head == DENSE and run.segments[s].trainable and not (is_sparse(&run.x) and s == 1):
            elements += <double>(run.segments[s].inputs * run.segments[s].outputs)
    return (2.0 * <double>rows + FLOP_OF_A_PARAMETER) * elements >= <double>FLOP_OF_UPDATES * threads


cdef inline void multiply_halves(const Run *run, const real *sample, int index, ptrdiff_t rows, const Memory *memory, int turn,
                                 const Phase *phase) noexcept nogil:
    """The halves of a product, each by its owner."""
    cdef Share all_rows, columns, piece
    cdef ptrdiff_t taken
    cdef int distance, owner
    divide(sample, rows, run.segments[index].outputs, True, 0, 1, &all_rows, &columns)
    for distance in range(owners(phase)):
        owner, taken = owner_of(phase, distance), 0
        while take_share(phase, owner, &taken, columns, targets.tile_columns(sample), &piece):
            head_half(<const real *>run.parameters, run.segments, index, memory, all_rows, piece, owner, turn)


cdef inline void enter(const Run *run, Stage *stage, const Division *division, bint shared, int threads) noexcept nogil:
    """Wait for the others before a phase, where it reads what they have written, or may."""
    if shared and stage[0] != EVERYBODYS:
        wait_for_all(run.barrier, threads)
        stage[0] = EVERYBODYS
    synchronize(run.barrier, stage, division, threads)


cdef inline Stage leave(const Run *run, const Division *division, bint shared, int threads) noexcept nogil:
    """Wait after a phase in which each may have written anything."""
    if shared:
        wait_for_all(run.barrier, threads)
        return EVERYBODYS
    return after(division.by_rows)


cdef inline bint take_part(const Phase *phase, const real *sample, int owner, ptrdiff_t *taken, bint by_rows, const Share *rows,
                           const Share *columns, Share *piece) noexcept nogil:
    """The next piece of the owner's rows or columns."""
    return take_share(phase, owner, taken, rows[0] if by_rows else columns[0],
                      targets.tile_rows(sample) if by_rows else targets.tile_columns(sample), piece)


cdef inline Stage forward_by_layers(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory,
                                    const Batch *batch, bint ahead, int thread, int threads) noexcept nogil:
    """All segments' values; `ahead`: the step before made the first product. Whose values may be read without waiting."""
    cdef const real *parameters = <const real *>run.parameters
    cdef const Segment *segment
    cdef Stage stage = EVERYBODYS
    cdef Share my_rows, my_columns, piece
    cdef Division division
    cdef Phase phase
    cdef ptrdiff_t taken
    cdef int s, last = run.n_segments - 1, turn = 0, distance, owner
    cdef bint by_rows, shared
    for s in range(run.n_segments):
        segment = &run.segments[s]
        if s == 0 and segment.last_op == 0:
            continue
        shared = shares_product(run, segment, rows, threads)
        if by_halves(run, s, threads):
            if stage != EVERYBODYS and (shared or stage != OWN_HALF):
                wait_for_all(run.barrier, threads)
            if not (ahead and s == 1):
                phase = begin_phase(run.parts, shared, thread, threads)
                multiply_halves(run, sample, s, rows, memory, turn, &phase)
                wait_for_all(run.barrier, threads)
            by_rows = segment.rowwise or s == last
            divide(sample, rows, segment.outputs, True, thread, threads, &my_rows, &my_columns)
            if not by_rows:
                my_rows.start, my_rows.stop, my_columns = 0, rows, half(segment.outputs, thread)
            forward_segment(parameters, run.segments, s, run.ops, operations(run, s), memory, batch, my_rows, my_columns,
                            HALVES + turn)
            stage = OWN_ROWS if by_rows else OWN_HALF
            turn = 1 - turn
            continue
        division = forward_division(segment)
        choose(sample, rows, segment.outputs, stage, threads, &division)
        enter(run, &stage, &division, shared, threads)
        phase = begin_phase(run.parts, shared, thread, threads)
        for distance in range(owners(&phase)):
            owner, taken = owner_of(&phase, distance), 0
            divide(sample, rows, segment.outputs, division.by_rows, owner, threads, &my_rows, &my_columns)
            while take_part(&phase, sample, owner, &taken, division.by_rows, &my_rows, &my_columns, &piece):
                forward_segment(parameters, run.segments, s, run.ops, operations(run, s), memory, batch,
                                piece if division.by_rows else my_rows, my_columns if division.by_rows else piece, NOTHING)
        stage = leave(run, &division, shared, threads)
    return stage


cdef inline void backward_by_layers(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory, const Batch *batch,
                                    int thread, int threads) noexcept nogil:
    """The gradients of all segments' values, from that of the last one's, of which each thread has made its rows."""
    cdef const real *parameters = <const real *>run.parameters
    cdef const Segment *segment
    cdef Stage stage = OWN_ROWS
    cdef Share my_rows, my_columns, piece
    cdef Division division
    cdef Phase phase
    cdef ptrdiff_t taken
    cdef int s, distance, owner
    cdef bint shared, halves
    for s in range(run.n_segments - 1, run.lowest, -1):
        segment = &run.segments[s]
        if segment.before < run.lowest and segment.skip < run.lowest:
            continue
        division = backward_division(run.segments, run.lowest, s)
        shared = shares_product(run, segment, rows, threads)
        halves = by_halves(run, s, threads) and not division.rowwise
        if halves:
            division.by_rows, division.local = False, False
        else:
            choose(sample, rows, segment.inputs, stage, threads, &division)
        enter(run, &stage, &division, shared, threads)
        phase = begin_phase(run.parts, shared, thread, threads)
        for distance in range(owners(&phase)):
            owner, taken = owner_of(&phase, distance), 0
            divide(sample, rows, segment.inputs, division.by_rows, owner, threads, &my_rows, &my_columns)
            if halves:
                my_columns = half(segment.inputs, owner)
            while take_part(&phase, sample, owner, &taken, division.by_rows, &my_rows, &my_columns, &piece):
                backward_segment(parameters, run.segments, s, run.lowest, run.ops, memory, batch,
                                 piece if division.by_rows else my_rows, my_columns if division.by_rows else piece)
        stage = leave(run, &division, shared, threads)
        if halves and not shared:
            stage = OWN_HALF


cdef void share_of_kernel(const Run *run, const real *sample, int index, int owner, int threads, Share *rows,
                          Share *columns) noexcept nogil:
    """A thread's part of a kernel, of its state and its updates. Whole rows, where that is even enough: parts of rows would lie
    between the others', and a core fetches ahead."""
    cdef const Segment *segment = &run.segments[index]
    cdef bint by_rows = (segment.head == DENSE and imbalance(segment.inputs, targets.tile_rows(sample), threads)
                         <= imbalance(segment.outputs, targets.tile_columns(sample), threads) * 1.25)
    divide(sample, max(segment.kernel_rows, <ptrdiff_t>1), segment.outputs, by_rows, owner, threads, rows, columns)
    if by_halves(run, index, threads):
        rows[0] = half(segment.inputs, owner)
        columns.start, columns.stop = 0, segment.outputs


cdef inline ptrdiff_t size_of(Share rows, Share columns) noexcept nogil:
    """Of a part of a segment's parameters; at least one: a bias may have a part where its kernel has none."""
    return max((rows.stop - rows.start) * (columns.stop - columns.start), <ptrdiff_t>1)


cdef inline void update_part(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory, const Batch *batch,
                             const fn_update *numbers, double divisor, const Memory *following, const Phase *phase,
                             int owner) noexcept nogil:
    """Gradients and updates of the owner's part of all kernels and biases but a sparse one's; in `following`, unless NULL, the
    next batch's first product too."""
    cdef const Segment *segment
    cdef fn_update room[2]
    cdef Share my_rows, my_columns, my_bias, piece, block
    cdef ptrdiff_t total = 0, taken = 0, begin = 0, end, width
    cdef int s, threads = phase.threads
    for s in range(run.lowest, run.n_segments):
        if owners(phase) > 1 and is_updated(run, batch, s, False):
            share_of_kernel(run, sample, s, owner, threads, &my_rows, &my_columns)
            total += size_of(my_rows, my_columns)
    for s in range(run.lowest, run.n_segments):
        if not is_updated(run, batch, s, False):
            continue
        segment = &run.segments[s]
        share_of_kernel(run, sample, s, owner, threads, &my_rows, &my_columns)
        my_bias = share(segment.outputs, targets.tile_columns(sample), owner, threads)
        if s == 1 and goes_ahead(run, threads):  # the next product begins with the bias, in the part that has the first rows
            my_bias.start, my_bias.stop = 0, segment.outputs if my_rows.start == 0 else 0
        width = max(my_columns.stop - my_columns.start, <ptrdiff_t>1)
        end = begin + size_of(my_rows, my_columns)
        while take(phase, owner, &taken, end, total, width * targets.tile_rows(sample), &piece):
            block = my_rows
            if owners(phase) > 1:
                block.start = my_rows.start + (piece.start - begin) // width
                block.stop = min(my_rows.stop, my_rows.start + (piece.stop - begin) // width)
            if piece.start > begin:  # its first piece has the bias
                my_bias.stop = my_bias.start
            update_segment(sample, segment, s, memory, &run.sink,
                           with_penalty(run, numbers, run.kernel_tensor[s], divisor, &room[0]),
                           with_penalty(run, numbers, run.bias_tensor[s], divisor, &room[1]), batch, rows, block, my_columns,
                           my_bias, following if s == 1 else NULL, <real *>run.scratch[phase.thread])
        begin = end


cdef void update_sparse_share(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory, const Batch *batch,
                              const fn_update *numbers, double divisor, int thread, int threads) noexcept nogil:
    cdef const fn_update *kernel_numbers
    cdef fn_update room[2]
    if run.n_segments > 1 and run.lowest <= 1 and is_updated(run, batch, 1, True):
        kernel_numbers = with_penalty(run, numbers, run.kernel_tensor[1], divisor, &room[0])
        update_sparse(sample, &run.segments[1], 1, memory, &run.sink, kernel_numbers,
                      with_penalty(run, numbers, run.bias_tensor[1], divisor, &room[1]), batch, rows,
                      share(run.segments[1].inputs, 1, thread, threads), &run.links, thread,
                      run.zero_matters or kernel_numbers.l1 != 0 or kernel_numbers.l2 != 0
                      or kernel_numbers.weight_decay != 0, <real *>run.scratch[thread])


cdef void step_by_layers(const Run *run, const real *sample, ptrdiff_t step, int thread, int threads) noexcept nogil:
    cdef ptrdiff_t position = step * run.batch
    cdef ptrdiff_t rows = min(run.batch, run.total - position)
    cdef const Memory *memory = memory_of(run, step, threads)
    cdef const Memory *following = memory_of(run, step + 1, threads)
    cdef const int64_t *index = run.order + position
    cdef double divisor = denominator(run, sample, index, rows)
    cdef fn_update numbers = step_numbers(run, step)
    cdef Batch batch = batch_of(run, step, 0)
    cdef bint more = position + run.batch < run.total, ahead = goes_ahead(run, threads)
    cdef int last = run.n_segments - 1, distance
    cdef Division by_rows
    cdef Stage stage
    cdef Phase phase
    cdef Share my_rows, my_columns
    if run.drops_weights:
        mask_kernels(run, sample, memory, &batch, thread, threads)
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
    phase = begin_phase(run.parts, shares_updates(run, rows, threads), thread, threads)
    update_sparse_share(run, sample, rows, memory, &batch, &numbers, divisor, thread, threads)
    for distance in range(owners(&phase)):
        update_part(run, sample, rows, memory, &batch, &numbers, divisor, following if more and ahead else NULL, &phase,
                    owner_of(&phase, distance))
        if distance == 0 and more and not ahead:  # before it helps others
            gather_share(run, sample, following, position + run.batch, thread, threads)
    update_whole(run, sample, &numbers, step, thread, threads)
    wait_for_all(run.barrier, threads)
