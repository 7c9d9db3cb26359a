# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Forward, backward and update of one segment of a plan, for the part of it that one thread owns.

Which kernels, in which order, on which block; not who does which part nor when to wait (by_layers, steps). A block of columns is
small enough that the operations after a product find it in L2.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.dense cimport LINE_BYTES, dense_weight_gradient, padded
from fastnn._core.heads cimport (
    Batch, Memory, batch_gradient, head_ahead, head_backward, head_forward, head_gradient, head_join, is_cut, value_at,
)
from fastnn._core.plan cimport ACTIVATION, ACTIVITY, AFFINE, BATCH_NORM, DENSE, DROPOUT, INPUT, Op, Segment
from fastnn._core.sparse cimport Links, link, unlink
from fastnn._core.targets cimport fn_stream, fn_update, real
from fastnn._core.threads cimport Share

cdef enum:
    BLOCK_BYTES = 262144     # of a product's result, before the operations after it run: part of an L2
    SCRATCH_BYTES = 262144   # of a weight gradient, before the update runs over it while it is in cache
    FEWEST_ROWS = 48         # but at least so many rows: each block reads all of delta's columns
    WIDEST_TIGHT = 32        # columns
    GROUP_ROWS = 512         # see group_rows
    MOST_GROUPS = 32
    FINE_GROUP_ROWS = 64     # at least
    FINE_GROUPS = 4          # or two: a number that threads divide evenly


cdef ptrdiff_t group_rows(ptrdiff_t batch, bint fine) noexcept nogil:
    cdef ptrdiff_t groups = min(<ptrdiff_t>MOST_GROUPS, (batch + GROUP_ROWS - 1) // GROUP_ROWS)
    if fine and groups < FINE_GROUPS and batch >= 2 * FINE_GROUP_ROWS:
        groups = FINE_GROUPS if batch >= FINE_GROUPS * FINE_GROUP_ROWS else 2
    if groups <= 1:
        return max(batch, <ptrdiff_t>1)
    return (batch + groups - 1) // groups


cdef inline ptrdiff_t block_columns(const real *sample, ptrdiff_t rows, ptrdiff_t columns) noexcept nogil:
    """Columns of a block of `rows` rows: all, or as many whole tiles as stay in cache."""
    cdef ptrdiff_t tile
    if rows * columns * <ptrdiff_t>sizeof(real) <= BLOCK_BYTES:  # small steps do not wait for divisions
        return max(columns, <ptrdiff_t>1)
    tile = targets.tile_columns(sample)
    return max(tile, BLOCK_BYTES // <ptrdiff_t>sizeof(real) // rows // tile * tile)


cdef inline fn_stream stream_of(const Op *op, const Batch *batch) noexcept nogil:
    cdef fn_stream stream
    stream.key, stream.step, stream.layer = batch.key, batch.step, op.layer
    return stream


cdef inline ptrdiff_t with_padding(const Op *op, Share columns, ptrdiff_t ld, ptrdiff_t itemsize) noexcept nogil:
    """Columns for an activation of these: with what is behind whole rows these are one long row, without a tail each."""
    cdef ptrdiff_t width = columns.stop - columns.start
    return ld if width == op.width and not op.rowwise and (ld - width) * itemsize < LINE_BYTES else width


cdef void forward_op(const real *sample, const Op *op, const Memory *memory, const Batch *batch, Share rows,
                     Share columns) noexcept nogil:
    cdef ptrdiff_t ld = memory.leading[op.source]  # both buffers have the same width
    cdef ptrdiff_t height = rows.stop - rows.start, width = columns.stop - columns.start
    cdef const real *source = value_at(sample, memory, op.source, rows.start, columns.start)
    cdef real *result = value_at(sample, memory, op.result, rows.start, columns.start)
    cdef real a = <real>op.a, b = <real>op.b
    if op.kind == ACTIVATION:
        if op.which != targets.FN_linear or source != result:
            targets.activation_forward(op.which, height, with_padding(op, columns, ld, sizeof(real)), &op.shape, source, ld,
                                       result, ld)
    elif op.kind == DROPOUT:
        targets.dropout(height, width, a, stream_of(op, batch), batch.first_row + rows.start, op.width, columns.start,
                        source, ld, result, ld)
    elif op.kind == AFFINE:
        targets.affine(height, width, a, b, source, ld, result, ld)
    elif op.kind != ACTIVITY:
        targets.noise_forward(op.which, height, width, a, b, stream_of(op, batch), batch.first_row + rows.start, op.width,
                              columns.start, source, ld, result, ld)


cdef void forward_segment(const real *parameters, const Segment *segments, int index, const Op *ops, int last_op,
                          const Memory *memory, const Batch *batch, Share rows, Share columns, int made) noexcept nogil:
    cdef const Segment *segment = &segments[index]
    cdef int position
    cdef Share block
    cdef ptrdiff_t width = block_columns(parameters, rows.stop - rows.start, columns.stop - columns.start)
    if segment.rowwise:
        width = max(width, columns.stop)
    block.start = columns.start
    while block.start < columns.stop:
        block.stop = min(columns.stop, block.start + width)
        if made == HALVES or made == HALVES + 1:
            head_join(parameters, segment, memory, rows, block, made - HALVES)
        elif made == NOTHING and segment.head != INPUT:
            head_forward(<real *>parameters, segments, index, memory, batch, rows, block)
        for position in range(segment.first_op, last_op):
            forward_op(parameters, &ops[position], memory, batch, rows, block)
        block.start = block.stop


cdef void backward_op(const real *sample, const Op *op, int index, const Memory *memory, const Batch *batch, Share rows,
                      Share columns) noexcept nogil:
    cdef ptrdiff_t ld = memory.delta_leading[index], height = rows.stop - rows.start, width = columns.stop - columns.start
    cdef real *delta = <real *>memory.deltas[index] + rows.start * ld + columns.start
    cdef int buffer = op.source if op.saves == targets.FN_SAVES_INPUT else op.result
    cdef ptrdiff_t ldsaved = memory.leading[buffer]
    cdef const real *saved = value_at(sample, memory, buffer, rows.start, columns.start)
    cdef real a = <real>op.a, b = <real>op.b
    if op.kind == ACTIVATION:
        if op.which != targets.FN_linear:
            targets.activation_backward(op.which, height, with_padding(op, columns, ld, sizeof(real)), &op.shape, saved, ldsaved,
                                        delta, ld, delta, ld)
    elif op.kind == DROPOUT:
        targets.dropout(height, width, a, stream_of(op, batch), batch.first_row + rows.start, op.width, columns.start,
                        delta, ld, delta, ld)
    elif op.kind == AFFINE:
        targets.affine(height, width, a, <real>0, delta, ld, delta, ld)
    elif op.kind == ACTIVITY:
        targets.penalize(height, width, <real>(op.a * batch.activity), <real>(2.0 * op.b * batch.activity), saved, ldsaved,
                         delta, ld)
    else:
        targets.noise_backward(op.which, height, width, a, b, stream_of(op, batch), batch.first_row + rows.start, op.width,
                               columns.start, saved, ldsaved, delta, ld, delta, ld)


cdef void backward_ops(const real *sample, const Segment *segment, int index, const Op *ops, int last_op,
                       const Memory *memory, const Batch *batch, Share rows, Share columns) noexcept nogil:
    cdef int position
    for position in range(last_op - 1, segment.first_op - 1, -1):
        backward_op(sample, &ops[position], index, memory, batch, rows, columns)


cdef void backward_segment(const real *parameters, const Segment *segments, int index, int lowest, const Op *ops,
                           const Memory *memory, const Batch *batch, Share rows, Share columns) noexcept nogil:
    cdef const Segment *segment = &segments[index]
    cdef const Segment *below
    cdef Share block
    cdef ptrdiff_t width = block_columns(parameters, rows.stop - rows.start, columns.stop - columns.start)
    cdef int way, target
    cdef bint more, ends
    for way in range(2):
        target = segment.skip if way else segment.before
        if target < lowest or target < 0:
            continue
        more = segment.adds_skip if way else segment.adds_before
        ends = segment.ends_skip if way else segment.ends_before
        below = &segments[target]
        if segment.rowwise or below.rowwise_ops:
            width = max(width, columns.stop)
        block.start = columns.start
        while block.start < columns.stop:
            block.stop = min(columns.stop, block.start + width)
            head_backward(parameters, segments, index, target, more, memory, rows, block)
            if ends:
                backward_ops(parameters, below, target, ops, below.last_op, memory, batch, rows, block)
            block.start = block.stop


cdef inline ptrdiff_t block_rows(ptrdiff_t ld, ptrdiff_t itemsize) noexcept nogil:
    """Rows of a kernel whose gradient is a block; `ld`: leading dimension of the segment's deltas."""
    return max(<ptrdiff_t>FEWEST_ROWS, SCRATCH_BYTES // itemsize // ld)


cdef inline ptrdiff_t block_size(const Segment *segment, ptrdiff_t ld, ptrdiff_t itemsize) noexcept nogil:
    """Elements of a block of a segment's gradient, with its bias's behind it."""
    cdef ptrdiff_t rows = min(max(segment.kernel_rows, <ptrdiff_t>1), block_rows(ld, itemsize))
    return (rows + 1) * ld + targets.FN_SLACK_BYTES


cdef ptrdiff_t scratch_size(const Segment *segment, ptrdiff_t ld, ptrdiff_t itemsize) noexcept nogil:
    return 2 * block_size(segment, ld, itemsize)  # a group's block, and the sum of groups


cdef inline real *second_block(const Segment *segment, int index, const Memory *memory, real *scratch) noexcept nogil:
    """Room for one group's gradient beside the sum of groups."""
    return scratch + block_size(segment, memory.delta_leading[index], sizeof(real))


cdef void column_gradient(const real *parameters, const Segment *segment, int index, const Memory *memory, ptrdiff_t size,
                          ptrdiff_t group, Share columns, bint bias, real *total, real *part) noexcept nogil:
    """total[columns] = the gradient of the bias, or of a kernel of one row: over rows within each group, then over groups."""
    cdef ptrdiff_t ld = memory.delta_leading[index], width = columns.stop - columns.start, j
    cdef const real *delta = <const real *>memory.deltas[index]
    cdef real *sums = total
    cdef Share rows
    rows.start = 0
    while True:
        rows.stop = min(size, rows.start + group)
        for j in range(width):
            sums[j] = 0
        if bias:
            targets.column_sums(rows.stop - rows.start, width, delta + rows.start * ld + columns.start, ld, sums)
        else:
            head_gradient(parameters, segment, index, memory, rows, columns, sums)
        if rows.start:
            targets.accumulate(width, <const real *>part, total)
        rows.start, sums = rows.stop, part
        if rows.start >= size:
            break


cdef void update_columns(const real *sample, const Segment *segment, int index, const Memory *memory, const Sink *sink,
                         const fn_update *numbers, ptrdiff_t size, ptrdiff_t group, Share columns, bint bias,
                         real *scratch) noexcept nogil:
    """Gradient and update of the bias's columns, or of those of a kernel of one row."""
    cdef ptrdiff_t offset = (segment.bias if bias else segment.kernel) + columns.start
    cdef const real *gradient = <const real *>scratch
    if segment.head == BATCH_NORM:
        gradient = batch_gradient(sample, index, memory, bias) + columns.start
    else:
        column_gradient(<const real *>sink.parameters, segment, index, memory, size, group, columns, bias, scratch,
                        second_block(segment, index, memory, scratch))
    apply(gradient, offset, columns.stop - columns.start, sink, numbers)


cdef inline bint descends(const Sink *sink, const fn_update *numbers) noexcept nogil:
    """Whether an update is w - rate * gradient and nothing else."""
    return (sink.kind == targets.FN_OPTIMIZER_sgd and numbers.l1 == 0 and numbers.l2 == 0
            and numbers.weight_decay == 0)


cdef void update_segment(const real *sample, const Segment *segment, int index, const Memory *memory, const Sink *sink,
                         const fn_update *kernel_numbers, const fn_update *bias_numbers, const Batch *batch, ptrdiff_t size,
                         Share rows, Share columns, Share bias, const Memory *following, real *scratch) noexcept nogil:
    """Gradient of the kernel's part rows x columns, block by block, each block's update right after it; before that the bias's."""
    cdef ptrdiff_t ldx = memory.leading[segment.source], ld = memory.delta_leading[index]
    cdef const real *x = value_at(sample, memory, segment.source, 0, rows.start) - rows.start
    cdef const real *delta = <const real *>memory.deltas[index]
    cdef ptrdiff_t width = columns.stop - columns.start, group = batch.group
    cdef ptrdiff_t first, depth, tile = targets.tile_rows(sample)
    # Whole rows without padding are updated in one go. Wide ones keep the padding where they need it: the product wants room.
    cdef bint tight = width == segment.outputs and (width <= WIDEST_TIGHT or width % targets.lanes(sample) == 0)
    cdef ptrdiff_t ldblock = width if tight else padded(width, sizeof(real))
    cdef ptrdiff_t height = rows.stop - rows.start
    cdef bint one_block = height * ld * <ptrdiff_t>sizeof(real) <= SCRATCH_BYTES
    cdef real *total = scratch
    cdef real *part = second_block(segment, index, memory, scratch)
    cdef fn_stream stream
    cdef Share block
    cdef bint direct = size == 1 and segment.drop_rate == 0 and descends(sink, kernel_numbers)
    # The whole segment in one go, kernel and bias one behind the other as the parameters are: half as many updates.
    cdef bint at_once = (tight and one_block and not direct and height == segment.kernel_rows
                         and bias.stop - bias.start == width
                         and segment.bias == segment.kernel + height * width and kernel_numbers == bias_numbers
                         and segment.head == DENSE)
    if segment.bias >= 0 and bias.start < bias.stop and not at_once:
        update_columns(sample, segment, index, memory, sink, bias_numbers, size, group, bias, True, scratch)
    if width <= 0 or height <= 0:
        return
    if not one_block:
        height = min(block_rows(ld, sizeof(real)) // tile * tile, height)
    if segment.head != DENSE:
        if segment.kernel >= 0:
            update_columns(sample, segment, index, memory, sink, kernel_numbers, size, group, columns, False, scratch)
        return
    if direct:
        # One row's gradient is as large as the kernel, its two factors are not.
        targets.affine(1, width, <real>-kernel_numbers.rate, <real>0, delta + columns.start, ld, scratch, width)
        if following != NULL:
            head_ahead(<real *>sink.parameters, segment, x, <const real *>scratch, following,
                       is_cut(segment, size, batch.sparse != NULL), rows)
            return
        block.start, block.stop = 0, width
        dense_weight_gradient(rows, block, 1, x, ldx, <const real *>scratch, width, True, <real *>sink.parameters
                              + segment.kernel + rows.start * segment.outputs + columns.start, segment.outputs)
        return
    block.start = rows.start
    while block.start < rows.stop:
        block.stop = min(rows.stop, block.start + height)
        first = 0
        while True:
            depth = min(group, size - first)
            dense_weight_gradient(block, columns, depth, x + first * ldx, ldx, delta + first * ld, ld, False,
                                  part if first else total, ldblock)
            if first:
                targets.accumulate((block.stop - block.start) * ldblock, <const real *>part, total)
            first += group
            if first >= size:
                break
        if segment.drop_rate > 0:
            stream.key, stream.step, stream.layer = batch.key, batch.step, segment.layer
            targets.dropout(block.stop - block.start, width, <real>segment.drop_rate, stream, block.start, segment.outputs,
                            columns.start, total, ldblock, total, ldblock)
        if at_once:
            column_gradient(<const real *>sink.parameters, segment, index, memory, size, group, columns, True,
                            total + height * width, part)
            apply(<const real *>total, segment.kernel, (height + 1) * width, sink, kernel_numbers)
        elif tight:
            apply(<const real *>total, segment.kernel + block.start * segment.outputs, (block.stop - block.start) * width,
                  sink, kernel_numbers)
        else:
            apply_rows(<const real *>total, ldblock, segment.kernel + block.start * segment.outputs + columns.start,
                       block.stop - block.start, width, segment.outputs, sink, kernel_numbers)
        block.start = block.stop


cdef void row_gradient(const real *sample, const Segment *segment, int index, const Memory *memory, const Batch *batch,
                       ptrdiff_t column, const Links *links, real *sums) noexcept nogil:
    """Gradient of the kernel's row for a column of sparse X."""
    cdef fn_stream stream
    targets.sparse_gradient(segment.outputs, links.first[column], links.next, links.rows, <const real *>links.values,
                            <const real *>memory.deltas[index], memory.delta_leading[index], sums)
    if segment.drop_rate > 0:
        stream.key, stream.step, stream.layer = batch.key, batch.step, segment.layer
        targets.dropout(1, segment.outputs, <real>segment.drop_rate, stream, column, segment.outputs, 0, sums,
                        segment.outputs, sums, segment.outputs)


cdef void update_sparse(const real *sample, const Segment *segment, int index, const Memory *memory, const Sink *sink,
                        const fn_update *kernel_numbers, const fn_update *bias_numbers, const Batch *batch, ptrdiff_t size,
                        Share mine, const Links *links, int thread, bint zero_matters, real *scratch) noexcept nogil:
    cdef ptrdiff_t count, i, j, column, width = segment.outputs
    cdef ptrdiff_t height = min(block_rows(memory.delta_leading[index], sizeof(real)), mine.stop - mine.start)
    cdef Share columns, block
    if mine.stop <= mine.start:
        return
    if segment.bias >= 0 and mine.start == 0:
        columns.start, columns.stop = 0, width
        update_columns(sample, segment, index, memory, sink, bias_numbers, size, batch.group, columns, True, scratch)
    count = link(batch.sparse, batch.index, size, mine, thread, links, sample)
    if not zero_matters:
        for i in range(count):
            column = links.touched[thread][i]
            row_gradient(sample, segment, index, memory, batch, column, links, scratch)
            apply(<const real *>scratch, segment.kernel + column * width, width, sink, kernel_numbers)
        unlink(count, thread, links)
        return
    for i in range(height * width):
        scratch[i] = 0
    block.start = mine.start
    while block.start < mine.stop:
        block.stop = min(mine.stop, block.start + height)
        for column in range(block.start, block.stop):
            if links.first[column] >= 0:
                row_gradient(sample, segment, index, memory, batch, column, links, scratch + (column - block.start) * width)
        apply(<const real *>scratch, segment.kernel + block.start * width, (block.stop - block.start) * width, sink,
              kernel_numbers)
        for column in range(block.start, block.stop):
            if links.first[column] >= 0:
                for j in range(width):
                    scratch[(column - block.start) * width + j] = 0
        block.start = block.stop
    unlink(count, thread, links)


cdef void accumulate_segment(const real *parameters, const Segment *segment, int index, const Memory *memory,
                             ptrdiff_t rows, bint more, real *sums) noexcept nogil:
    """sums: the gradient of one segment, with padded rows, over `rows` rows; where `more`, going on from what is there."""
    cdef ptrdiff_t ld = memory.delta_leading[index], column
    cdef const real *delta = <const real *>memory.deltas[index]
    cdef Share inputs, outputs, all_rows
    inputs.start, inputs.stop = 0, segment.inputs
    outputs.start, outputs.stop = 0, segment.outputs
    all_rows.start, all_rows.stop = 0, rows
    if segment.head == DENSE:
        dense_weight_gradient(inputs, outputs, rows, <const real *>memory.values[segment.source],
                              memory.leading[segment.source], delta, ld, more, sums + segment.kernel_sums, ld)
    elif segment.kernel >= 0:
        if not more:
            for column in range(segment.outputs):
                sums[segment.kernel_sums + column] = 0
        head_gradient(parameters, segment, index, memory, all_rows, outputs, sums + segment.kernel_sums)
    if segment.bias >= 0:
        if not more:
            for column in range(segment.outputs):
                sums[segment.bias_sums + column] = 0
        targets.column_sums(rows, segment.outputs, delta, ld, sums + segment.bias_sums)


cdef void update_from_sums(const Segment *segment, const Sink *sink, const fn_update *kernel_numbers,
                           const fn_update *bias_numbers, ptrdiff_t groups, ptrdiff_t sums_size, Share rows,
                           real *sums) noexcept nogil:
    """Add the groups' sums in order, onto the first, and update: the part `rows` of the kernel, the bias with row 0."""
    cdef ptrdiff_t ld = padded(segment.outputs, sizeof(real)), row, group, end = min(rows.stop, segment.kernel_rows)
    cdef real *total
    for row in range(rows.start, end):
        total = sums + segment.kernel_sums + row * ld
        for group in range(1, groups):
            targets.accumulate(segment.outputs, <const real *>total + group * sums_size, total)
    if rows.start < end:
        apply_rows(<const real *>sums + segment.kernel_sums + rows.start * ld, ld, segment.kernel + rows.start * segment.outputs,
                   end - rows.start, segment.outputs, segment.outputs, sink, kernel_numbers)
    if segment.bias >= 0 and rows.start == 0 and rows.stop > 0:
        total = sums + segment.bias_sums
        for group in range(1, groups):
            targets.accumulate(segment.outputs, <const real *>total + group * sums_size, total)
        apply(<const real *>total, segment.bias, segment.outputs, sink, bias_numbers)


cdef void add_activity(const real *sample, const Op *ops, int n_ops, const Memory *memory, Share rows, double factor,
                       double *row_loss) noexcept nogil:
    cdef const real *x
    cdef const Op *op
    cdef ptrdiff_t row
    cdef int index
    for index in range(n_ops):
        op = &ops[index]
        if op.kind == ACTIVITY:
            for row in range(rows.start, rows.stop):
                x = <const real *>memory.values[op.result] + row * memory.leading[op.result]
                if op.a != 0:
                    row_loss[row] += factor * op.a * targets.sum_of_magnitudes(op.width, x)
                if op.b != 0:
                    row_loss[row] += factor * op.b * targets.sum_of_squares(op.width, x)
