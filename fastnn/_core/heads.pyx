# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Heads of segments: what has parameters of its own, or joins two segments. One thread's part of each.

A head reads the results of the segments named in it and writes a buffer of its own. Called by passes, which runs the operations
behind it and chooses the blocks; steps decides who owns which part.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.dense cimport dense_forward, dense_input_gradient, padded
from fastnn._core.plan cimport ADD, BATCH_NORM, DENSE, IDENTITY, INPUT, LAYER_NORM, PRELU, SCALE, Program, Segment
from fastnn._core.sparse cimport sparse_forward
from fastnn._core.targets cimport fn_stream, real
from fastnn._core.threads cimport Share


cdef inline const real *at(const real *parameters, ptrdiff_t offset, ptrdiff_t column) noexcept nogil:
    """A vector of columns in the parameters, from a column on; NULL if there is none."""
    return parameters + offset + column if offset >= 0 else <const real *>NULL


cdef inline const real *kernel_of(const real *parameters, const Segment *segment, int index,
                                  const Memory *memory) noexcept nogil:
    return <const real *>memory.statistics[index] if segment.drop_rate > 0 else parameters + segment.kernel


cdef void mask_kernel(const real *parameters, const Segment *segment, int index, const Memory *memory, const Batch *batch,
                      Share rows) noexcept nogil:
    cdef fn_stream stream
    cdef ptrdiff_t width = segment.outputs, start = rows.start * segment.outputs
    stream.key, stream.step, stream.layer = batch.key, batch.step, segment.layer
    targets.dropout(rows.stop - rows.start, width, <real>segment.drop_rate, stream, rows.start, width, 0,
                    parameters + segment.kernel + start, width, <real *>memory.statistics[index] + start, width)


cdef void batch_statistics(real *parameters, const Segment *segment, const Memory *memory, real *statistics,
                           const Batch *batch, ptrdiff_t ld, Share rows, Share columns) noexcept nogil:
    """Mean and variance of whole columns, to the first two rows of `statistics`; the stored ones move towards them."""
    cdef ptrdiff_t ldx = memory.leading[segment.source], width = columns.stop - columns.start, j
    cdef ptrdiff_t count = rows.stop - rows.start
    cdef const real *x = <const real *>memory.values[segment.source] + columns.start
    cdef real *mean = statistics + columns.start
    cdef real *variance = mean + ld
    cdef real *stored
    cdef real keep = <real>segment.momentum, move = <real>(1.0 - segment.momentum)
    for j in range(width):
        mean[j] = variance[j] = 0
    targets.column_sums(count, width, x, ldx, mean)
    for j in range(width):
        mean[j] /= <real>count
    targets.column_squares(count, width, x, ldx, <const real *>mean, variance)
    for j in range(width):
        variance[j] /= <real>count
    if batch.moves_statistics:
        stored = parameters + segment.mean + columns.start
        for j in range(width):
            stored[j] = keep * stored[j] + move * mean[j]
        stored = parameters + segment.variance + columns.start
        for j in range(width):
            stored[j] = keep * stored[j] + move * variance[j]


cdef bint is_apart(Program program, int index, ptrdiff_t batch, bint sparse) noexcept:
    cdef const Segment *segment = &program.segments[index]
    cdef const Segment *reader
    cdef int other, readers = 0
    if segment.head == INPUT:
        if segment.last_op > 0:
            return False
    # a single row's products may be made in one piece (head_ahead); penalties read whole rows of whatever flows by
    elif segment.rowwise or program.penalizes or batch == 1 or not is_cut(segment, batch, sparse):
        return False
    for other in range(index + 1, program.n_segments):
        reader = &program.segments[other]
        if reader.before == index or reader.skip == index:
            readers += 1
            if reader.skip >= 0 or not is_cut(reader, batch, sparse):
                return False
    return readers == 1


cdef inline ptrdiff_t partial_leading(const Segment *segment, const Memory *memory) noexcept nogil:
    return memory.leading[segment.product] if memory.apart[segment.product] else memory.partial_leading


cdef inline real *partial_at(const real *sample, const Segment *segment, const Memory *memory, int turn, ptrdiff_t row,
                             ptrdiff_t column) noexcept nogil:
    return (<real *>memory.partials[turn] + row * partial_leading(segment, memory) + column
            + (memory.apart[segment.product] if column >= memory.border[segment.product] else 0))


cdef void head_half(const real *parameters, const Segment *segments, int index, const Memory *memory, Share rows, Share columns,
                    int which, int turn) noexcept nogil:
    cdef const Segment *segment = &segments[index]
    cdef Share inputs = half(segment.inputs, which), part = columns
    cdef ptrdiff_t border = memory.border[segment.product], ldx = memory.leading[segment.source]
    cdef const real *x = value_at(parameters, memory, segment.source, 0, inputs.start) - inputs.start
    cdef const real *bias = <const real *>NULL if which else at(parameters, segment.bias, 0)
    cdef bint second, own
    while part.start < columns.stop:
        second = part.start >= border
        own = second == which if border else not which  # what this thread itself adds up
        part.stop = columns.stop if second else min(columns.stop, border)
        dense_forward(rows, part, inputs, segment.outputs, x, ldx, kernel_of(parameters, segment, index, memory), bias,
                      (value_at(parameters, memory, segment.product, 0, part.start) if own
                       else partial_at(parameters, segment, memory, turn, 0, part.start)) - part.start,
                      memory.leading[segment.product] if own else partial_leading(segment, memory))
        part.start = part.stop


cdef void head_ahead(real *parameters, const Segment *segment, const real *x, const real *dy, const Memory *following, bint cut,
                     Share rows) noexcept nogil:
    cdef ptrdiff_t width = segment.outputs
    cdef const real *row
    cdef const real *bias
    cdef Share part
    cdef int which
    for which in range(2 if cut else 1):
        part = rows
        if cut:
            part = half(segment.inputs, which)
            if part.start < rows.start or part.stop > rows.stop:
                continue
        bias = <const real *>NULL if which else at(<const real *>parameters, segment.bias, 0)
        row = value_at(x, following, segment.source, 0, part.start)
        targets.rank_one_product(part.stop - part.start, width, x + part.start, dy, parameters + segment.kernel + part.start * width,
                                 width, row, bias,
                                 <real *>following.partials[0] if which else <real *>following.values[segment.product])


cdef void head_transpose(const real *parameters, const Segment *segment, int index, const Memory *memory) noexcept nogil:
    targets.transposed(segment.inputs, segment.outputs, kernel_of(parameters, segment, index, memory), segment.outputs,
                       <real *>memory.transposed[index], padded(segment.inputs, sizeof(real)))


cdef void head_join(const real *sample, const Segment *segment, const Memory *memory, Share rows, Share columns,
                    int turn) noexcept nogil:
    cdef ptrdiff_t ld = memory.leading[segment.product]
    cdef real *y = value_at(sample, memory, segment.product, rows.start, columns.start)
    targets.add(rows.stop - rows.start, columns.stop - columns.start, <const real *>y, ld,
                <const real *>partial_at(sample, segment, memory, turn, rows.start, columns.start),
                partial_leading(segment, memory), y, ld)


cdef void head_forward(real *parameters, const Segment *segments, int index, const Memory *memory, const Batch *batch,
                       Share rows, Share columns) noexcept nogil:
    cdef const Segment *segment = &segments[index]
    cdef ptrdiff_t height = rows.stop - rows.start, width = columns.stop - columns.start, first = columns.start
    cdef ptrdiff_t ldx = memory.leading[segment.source], ldy = memory.leading[segment.product], ld
    cdef const real *x = <const real *>memory.values[segment.source] + rows.start * ldx + first
    cdef real *y = <real *>memory.values[segment.product] + rows.start * ldy + first
    cdef const real *read = <const real *>parameters
    cdef real *statistics
    cdef Share inputs
    if segment.head == DENSE and segment.before == 0 and batch.sparse != NULL:
        sparse_forward(batch.sparse, batch.index, batch.first_sparse, rows, columns, segment.outputs,
                       kernel_of(read, segment, index, memory), at(read, segment.bias, 0),
                       <real *>memory.values[segment.product], ldy)
    elif segment.head == DENSE and is_cut(segment, batch.size, batch.sparse != NULL):
        head_half(read, segments, index, memory, rows, columns, 0, 0)
        head_half(read, segments, index, memory, rows, columns, 1, 0)
        head_join(read, segment, memory, rows, columns, 0)
    elif segment.head == DENSE:
        inputs.start, inputs.stop = 0, segment.inputs
        dense_forward(rows, columns, inputs, segment.outputs, <const real *>memory.values[segment.source], ldx,
                      kernel_of(read, segment, index, memory), at(read, segment.bias, 0),
                      <real *>memory.values[segment.product], ldy)
    elif segment.head == IDENTITY:
        targets.add(height, width, x, ldx, <const real *>NULL, 0, y, ldy)
    elif segment.head == ADD:
        ld = memory.leading[segment.added]
        targets.add(height, width, x, ldx, <const real *>memory.values[segment.added] + rows.start * ld + first, ld, y, ldy)
    elif segment.head == SCALE:
        targets.normalize(height, width, <real>segment.epsilon, x, ldx, read + segment.mean + first,
                          read + segment.variance + first, at(read, segment.kernel, first), at(read, segment.bias, first),
                          y, ldy)
    elif segment.head == BATCH_NORM:
        statistics, ld = <real *>memory.statistics[index], memory.delta_leading[index]
        batch_statistics(parameters, segment, memory, statistics, batch, ld, rows, columns)
        targets.normalize(height, width, <real>segment.epsilon, x, ldx, <const real *>statistics + first,
                          <const real *>statistics + ld + first, at(read, segment.kernel, first),
                          at(read, segment.bias, first), y, ldy)
    elif segment.head == LAYER_NORM:
        targets.layer_norm(height, width, <real>segment.epsilon, x, ldx, at(read, segment.kernel, 0),
                           at(read, segment.bias, 0), <real *>memory.statistics[index] + 2 * rows.start, y, ldy)
    elif segment.head == PRELU:
        targets.prelu(height, width, x, ldx, read + segment.kernel + first, y, ldy)


cdef void head_backward(const real *parameters, const Segment *segments, int index, int target, bint more,
                        const Memory *memory, Share rows, Share columns) noexcept nogil:
    cdef const Segment *segment = &segments[index]
    cdef ptrdiff_t height = rows.stop - rows.start, width = columns.stop - columns.start, first = columns.start, j
    cdef ptrdiff_t ldx = memory.leading[segment.source], ld = memory.delta_leading[index]
    cdef ptrdiff_t lddx = memory.delta_leading[target]
    cdef const real *x = <const real *>memory.values[segment.source] + rows.start * ldx + first
    cdef const real *dy = <const real *>memory.deltas[index] + rows.start * ld + first
    cdef real *dx = <real *>memory.deltas[target] + rows.start * lddx + first
    cdef real *statistics = <real *>memory.statistics[index]
    cdef Share outputs
    if segment.head == DENSE and memory.transposed != NULL:
        outputs.start, outputs.stop = 0, segment.outputs
        dense_forward(rows, columns, outputs, padded(segment.inputs, sizeof(real)), <const real *>memory.deltas[index], ld,
                      <const real *>memory.transposed[index], <const real *>NULL, <real *>memory.deltas[target], lddx)
    elif segment.head == DENSE:
        dense_input_gradient(rows, columns, segment.outputs, <const real *>memory.deltas[index], ld,
                             kernel_of(parameters, segment, index, memory), more, <real *>memory.deltas[target], lddx)
    elif segment.head == IDENTITY or segment.head == ADD:
        targets.add(height, width, dy, ld, <const real *>dx if more else <const real *>NULL, lddx, dx, lddx)
    elif segment.head == SCALE:
        targets.normalize_backward(height, width, <real>segment.epsilon, <real>1, x, ldx, parameters + segment.mean + first,
                                   parameters + segment.variance + first, at(parameters, segment.kernel, first),
                                   <const real *>NULL, <const real *>NULL, dy, ld, more, dx, lddx)
    elif segment.head == BATCH_NORM:
        for j in range(first, columns.stop):
            statistics[2 * ld + j] = statistics[3 * ld + j] = 0
        targets.column_sums(height, width, dy, ld, statistics + 2 * ld + first)
        targets.column_products(height, width, <real>segment.epsilon, dy, ld, x, ldx, <const real *>statistics + first,
                                <const real *>statistics + ld + first, statistics + 3 * ld + first)
        targets.normalize_backward(height, width, <real>segment.epsilon, <real>height, x, ldx,
                                   <const real *>statistics + first, <const real *>statistics + ld + first,
                                   at(parameters, segment.kernel, first), <const real *>statistics + 2 * ld + first,
                                   <const real *>statistics + 3 * ld + first, dy, ld, more, dx, lddx)
    elif segment.head == LAYER_NORM:
        targets.layer_norm_backward(height, width, x, ldx, <const real *>statistics + 2 * rows.start,
                                    at(parameters, segment.kernel, 0), dy, ld, more, dx, lddx)
    elif segment.head == PRELU:
        targets.prelu_backward(height, width, x, ldx, parameters + segment.kernel + first, dy, ld, more, dx, lddx)


cdef void head_gradient(const real *parameters, const Segment *segment, int index, const Memory *memory, Share rows,
                        Share columns, real *sums) noexcept nogil:
    cdef ptrdiff_t height = rows.stop - rows.start, width = columns.stop - columns.start, first = columns.start
    cdef ptrdiff_t ldx = memory.leading[segment.source], ld = memory.delta_leading[index]
    cdef const real *x = <const real *>memory.values[segment.source] + rows.start * ldx + first
    cdef const real *dy = <const real *>memory.deltas[index] + rows.start * ld + first
    if segment.head == SCALE:
        targets.column_products(height, width, <real>segment.epsilon, dy, ld, x, ldx, parameters + segment.mean + first,
                                parameters + segment.variance + first, sums)
    elif segment.head == LAYER_NORM:
        targets.row_products(height, width, dy, ld, x, ldx, <const real *>memory.statistics[index] + 2 * rows.start, sums)
    elif segment.head == PRELU:
        targets.prelu_products(height, width, dy, ld, x, ldx, sums)


cdef const real *batch_gradient(const real *sample, int index, const Memory *memory, bint bias) noexcept nogil:
    return <const real *>memory.statistics[index] + (2 if bias else 3) * memory.delta_leading[index]
