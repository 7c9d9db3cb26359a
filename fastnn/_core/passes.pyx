# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Forward, backward and update of one segment of a plan, for the part of it that one thread owns.

Which kernels, in which order, on which block; not who does which part nor when to wait (steps). A block of columns is
small enough that the operations after a product find it in L1.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint64_t

from fastnn._core cimport targets
from fastnn._core.dense cimport dense_forward, dense_input_gradient, dense_weight_gradient, padded
from fastnn._core.plan cimport ACTIVATION, Op, Segment
from fastnn._core.targets cimport fn_stream, fn_update, real
from fastnn._core.threads cimport Share

cdef enum:
    BLOCK_BYTES = 16384      # of a product's result, before the operations after it run: half an L1
    SCRATCH_ELEMENTS = 8192  # of a weight gradient, before the update runs over it while it is in cache
    FEWEST_ROWS = 48         # but at least so many rows: each block reads all of delta's columns
    WIDEST_TIGHT = 32        # columns
    GROUP_ROWS = 512         # see group_rows
    MOST_GROUPS = 32


cdef ptrdiff_t group_rows(ptrdiff_t batch) noexcept nogil:
    cdef ptrdiff_t groups = min(<ptrdiff_t>MOST_GROUPS, (batch + GROUP_ROWS - 1) // GROUP_ROWS)
    if groups <= 1:
        return max(batch, <ptrdiff_t>1)
    return (batch + groups - 1) // groups


cdef ptrdiff_t block_columns(const real *sample, ptrdiff_t rows) noexcept nogil:
    """Columns of a block of `rows` rows, in whole tiles."""
    cdef ptrdiff_t tile = targets.tile_columns(sample)
    return max(tile, BLOCK_BYTES // <ptrdiff_t>sizeof(real) // max(rows, <ptrdiff_t>1) // tile * tile)


cdef void forward_op(const real *sample, const Op *op, const Memory *memory, const Draw *draw, Share rows,
                     Share columns) noexcept nogil:
    cdef ptrdiff_t ld = memory.leading[op.source]
    cdef ptrdiff_t at = rows.start * ld + columns.start  # both buffers have the same width
    cdef const real *source = <const real *>memory.values[op.source] + at
    cdef real *result = <real *>memory.values[op.result] + at
    cdef fn_stream stream
    if op.kind == ACTIVATION:
        if op.activation != targets.FN_linear or source != result:
            targets.activation_forward(op.activation, rows.stop - rows.start, columns.stop - columns.start,
                                       <real>op.alpha, source, ld, result, ld)
    else:
        stream.key, stream.step, stream.layer = draw.key, draw.step, op.layer
        targets.dropout(rows.stop - rows.start, columns.stop - columns.start, <real>op.rate, stream,
                        draw.first_row + rows.start, op.width, columns.start, source, ld, result, ld)


cdef void forward_segment(const real *parameters, const Segment *segment, const Op *ops, int last_op,
                          const Memory *memory, const Draw *draw, Share rows, Share columns) noexcept nogil:
    """values[product][rows, columns] = product + bias, then the operations first_op .. last_op - 1 on the same part."""
    cdef int index
    cdef Share block
    cdef ptrdiff_t width
    cdef const real *bias = <const real *>NULL
    if segment.bias >= 0:
        bias = parameters + segment.bias
    width = block_columns(parameters, rows.stop - rows.start)
    if segment.rowwise:
        width = max(width, columns.stop)
    block.start = columns.start
    while block.start < columns.stop:
        block.stop = min(columns.stop, block.start + width)
        if segment.kernel >= 0:
            dense_forward(rows, block, segment.inputs, segment.outputs,
                          <const real *>memory.values[segment.source], memory.leading[segment.source],
                          parameters + segment.kernel, bias,
                          <real *>memory.values[segment.product], memory.leading[segment.product])
        for index in range(segment.first_op, last_op):
            forward_op(parameters, &ops[index], memory, draw, rows, block)
        block.start = block.stop


cdef void backward_ops(const real *sample, const Segment *segment, int index, const Op *ops, int last_op,
                       const Memory *memory, const Draw *draw, Share rows, Share columns) noexcept nogil:
    """deltas[index][rows, columns]: from the gradient with respect to the output of operation last_op - 1 to the gradient
    with respect to the product, in place."""
    cdef ptrdiff_t ld = memory.delta_leading[index], ldsaved
    cdef real *delta = <real *>memory.deltas[index] + rows.start * ld + columns.start
    cdef const real *saved
    cdef const Op *op
    cdef fn_stream stream
    cdef int position, buffer
    for position in range(last_op - 1, segment.first_op - 1, -1):
        op = &ops[position]
        if op.kind == ACTIVATION:
            if op.activation == targets.FN_linear:
                continue
            buffer = op.source if op.saves == targets.FN_SAVES_INPUT else op.result
            ldsaved = memory.leading[buffer]
            saved = <const real *>memory.values[buffer] + rows.start * ldsaved + columns.start
            targets.activation_backward(op.activation, rows.stop - rows.start, columns.stop - columns.start,
                                        <real>op.alpha, saved, ldsaved, delta, ld, delta, ld)
        else:
            stream.key, stream.step, stream.layer = draw.key, draw.step, op.layer
            targets.dropout(rows.stop - rows.start, columns.stop - columns.start, <real>op.rate, stream,
                            draw.first_row + rows.start, op.width, columns.start, delta, ld, delta, ld)


cdef void backward_segment(const real *parameters, const Segment *segments, int index, const Op *ops,
                           const Memory *memory, const Draw *draw, Share rows, Share columns) noexcept nogil:
    """deltas[index - 1][rows, columns] = deltas[index] kernel^T, then back through the operations of segment index - 1."""
    cdef const Segment *segment = &segments[index]
    cdef const Segment *below = &segments[index - 1]
    cdef Share block
    cdef ptrdiff_t width = block_columns(parameters, rows.stop - rows.start)
    if below.rowwise:
        width = max(width, columns.stop)
    block.start = columns.start
    while block.start < columns.stop:
        block.stop = min(columns.stop, block.start + width)
        dense_input_gradient(rows, block, segment.outputs, <const real *>memory.deltas[index],
                             memory.delta_leading[index], parameters + segment.kernel,
                             <real *>memory.deltas[index - 1], memory.delta_leading[index - 1])
        backward_ops(parameters, below, index - 1, ops, below.last_op, memory, draw, rows, block)
        block.start = block.stop


cdef inline void apply(const real *gradient, ptrdiff_t offset, ptrdiff_t n, const Sink *sink,
                       const fn_update *numbers) noexcept nogil:
    targets.optimizer(sink.kind, n, numbers, gradient, <real *>sink.parameters + offset,
                      <real *>sink.slot0 + offset if sink.slot0 != NULL else <real *>NULL,
                      <real *>sink.slot1 + offset if sink.slot1 != NULL else <real *>NULL,
                      <real *>sink.slot2 + offset if sink.slot2 != NULL else <real *>NULL)


cdef inline ptrdiff_t block_size(const Segment *segment) noexcept nogil:
    """Elements of a block of the gradient: the largest that update_segment takes, for any element type and target."""
    return (max(<ptrdiff_t>SCRATCH_ELEMENTS, FEWEST_ROWS * padded(segment.outputs, 4))
            + targets.FN_SLACK_BYTES)


cdef ptrdiff_t scratch_size(const Segment *segment) noexcept nogil:
    return 2 * block_size(segment)  # a group's block, and the sum of groups


cdef void update_segment(const real *sample, const Segment *segment, int index, const Memory *memory, const Sink *sink,
                         const fn_update *kernel_numbers, const fn_update *bias_numbers, ptrdiff_t batch,
                         Share rows, Share columns, real *scratch) noexcept nogil:
    """Gradient of the kernel's part rows x columns (and of the bias's columns, for the thread whose rows begin at 0),
    block by block, each block's update right after it."""
    cdef ptrdiff_t ldx = memory.leading[segment.source], ld = memory.delta_leading[index]
    cdef const real *x = <const real *>memory.values[segment.source]
    cdef const real *delta = <const real *>memory.deltas[index]
    cdef ptrdiff_t width = columns.stop - columns.start, group = group_rows(batch)
    cdef ptrdiff_t first, depth, r, tile = targets.tile_rows(sample)
    # Whole rows without padding are updated in one go. Wide ones keep the padding where they need it: the product wants room.
    cdef bint tight = width == segment.outputs and (width <= WIDEST_TIGHT or width % targets.lanes(sample) == 0)
    cdef ptrdiff_t ldblock = width if tight else padded(width, sizeof(real))
    cdef ptrdiff_t height = min(max(<ptrdiff_t>FEWEST_ROWS, SCRATCH_ELEMENTS // ldblock) // tile * tile,
                                rows.stop - rows.start)
    cdef real *total = scratch
    cdef real *part = scratch + block_size(segment)
    cdef Share block
    if width <= 0 or rows.stop <= rows.start:
        return
    block.start = rows.start
    while block.start < rows.stop:
        block.stop = min(rows.stop, block.start + height)
        first = 0
        while True:
            depth = min(group, batch - first)
            dense_weight_gradient(block, columns, depth, x + first * ldx, ldx, delta + first * ld, ld, False,
                                  part if first else total, ldblock)
            if first:
                targets.accumulate((block.stop - block.start) * ldblock, <const real *>part, total)
            first += group
            if first >= batch:
                break
        if tight:
            apply(<const real *>total, segment.kernel + block.start * segment.outputs, (block.stop - block.start) * width,
                  sink, kernel_numbers)
        else:
            for r in range(block.stop - block.start):
                apply(<const real *>total + r * ldblock,
                      segment.kernel + (block.start + r) * segment.outputs + columns.start, width, sink, kernel_numbers)
        block.start = block.stop
    if segment.bias >= 0 and rows.start == 0:  # one thread alone has a part that begins there
        first = 0
        while True:
            depth = min(group, batch - first)
            for r in range(width):
                (part if first else total)[r] = 0
            targets.column_sums(depth, width, delta + first * ld + columns.start, ld, part if first else total)
            if first:
                targets.accumulate(width, <const real *>part, total)
            first += group
            if first >= batch:
                break
        apply(<const real *>total, segment.bias + columns.start, width, sink, bias_numbers)


cdef void accumulate_segment(const Segment *segment, int index, const Memory *memory, ptrdiff_t rows, bint more,
                             real *sums) noexcept nogil:
    """sums: the gradient of one segment, with padded rows, over `rows` rows; where `more`, going on from what is there."""
    cdef ptrdiff_t ld = memory.delta_leading[index], column
    cdef const real *delta = <const real *>memory.deltas[index]
    cdef Share inputs, outputs
    inputs.start, inputs.stop = 0, segment.inputs
    outputs.start, outputs.stop = 0, segment.outputs
    dense_weight_gradient(inputs, outputs, rows, <const real *>memory.values[segment.source],
                          memory.leading[segment.source], delta, ld, more, sums + segment.kernel_sums, ld)
    if segment.bias >= 0:
        if not more:
            for column in range(segment.outputs):
                sums[segment.bias_sums + column] = 0
        targets.column_sums(rows, segment.outputs, delta, ld, sums + segment.bias_sums)


cdef void update_from_sums(const Segment *segment, const Sink *sink, const fn_update *kernel_numbers,
                           const fn_update *bias_numbers, ptrdiff_t groups, ptrdiff_t sums_size, Share rows,
                           real *sums) noexcept nogil:
    """Add the groups' sums in order, onto the first, and update: the part `rows` of the kernel, the bias with row 0."""
    cdef ptrdiff_t ld = padded(segment.outputs, sizeof(real)), row, group
    cdef real *total
    for row in range(rows.start, rows.stop):
        total = sums + segment.kernel_sums + row * ld
        for group in range(1, groups):
            targets.accumulate(segment.outputs, <const real *>total + group * sums_size, total)
        apply(<const real *>total, segment.kernel + row * segment.outputs, segment.outputs, sink, kernel_numbers)
    if segment.bias >= 0 and rows.start == 0 and rows.stop > 0:
        total = sums + segment.bias_sums
        for group in range(1, groups):
            targets.accumulate(segment.outputs, <const real *>total + group * sums_size, total)
        apply(<const real *>total, segment.bias, segment.outputs, sink, bias_numbers)
