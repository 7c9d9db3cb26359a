# cython: language_level=3, cdivision=True
"""How two or more threads divide a segment's pass, and when one must wait for the others. Called by by_layers.

By rows of the batch, by columns, or by halves (heads.is_cut): by rows each thread reads the whole kernel, whose rows the others
have updated, by columns the whole batch; by halves each keeps to its own part of both.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.plan cimport BATCH_NORM, DENSE, LAYER_NORM, Segment
from fastnn._core.targets cimport real
from fastnn._core.threads cimport Barrier, Share, share, wait_for_all


cdef enum:
    KERNEL_TO_SHARE = 8192  # elements: half an L1 in float, and cheaper to fetch from another core than a wait is

# Whose numbers a thread may read without waiting.
cdef enum Stage:
    EVERYBODYS     # all: nobody wrote since the last wait
    OWN_ROWS       # its rows: all wrote by rows
    OWN_COLUMNS    # its columns: all wrote by columns
    OWN_HALF       # its half of the columns: two threads wrote by halves


cdef inline double imbalance(ptrdiff_t size, ptrdiff_t unit, int threads) noexcept nogil:
    """How much longer the busiest thread takes than a perfect division of range(size) in units."""
    cdef ptrdiff_t units = (size + unit - 1) // unit
    return <double>((units + threads - 1) // threads * threads * unit) / <double>max(size, <ptrdiff_t>1)


# How a segment's pass may be divided.
cdef struct Division:
    bint rowwise       # it needs whole rows
    bint columnwise    # it needs whole columns
    bint local         # it needs no more of its input than the same rows and columns
    ptrdiff_t kernel   # elements that every thread reads whole where it is by rows
    bint by_rows       # what was chosen


cdef inline void choose(const real *sample, ptrdiff_t rows, ptrdiff_t columns, Stage stage, int threads,
                        Division *division) noexcept nogil:
    cdef double by_rows, by_columns
    cdef bint near
    if division.rowwise or division.columnwise or threads == 1:
        division.by_rows = not division.columnwise
    elif division.local and stage != EVERYBODYS and stage != OWN_HALF:
        division.by_rows = stage == OWN_ROWS
    else:
        by_rows = imbalance(rows, 1, threads)
        by_columns = imbalance(columns, targets.tile_columns(sample), threads)
        # By rows all read the kernel, whose rows the others have updated, by columns all of the batch; going on by rows
        # saves a wait, too.
        near = columns <= rows or division.kernel <= KERNEL_TO_SHARE
        division.by_rows = by_rows <= by_columns * 1.1 if near else by_rows * 1.1 < by_columns


cdef inline void divide(const real *sample, ptrdiff_t rows, ptrdiff_t columns, bint by_rows, int thread, int threads,
                        Share *my_rows, Share *my_columns) noexcept nogil:
    my_rows.start, my_rows.stop = 0, rows
    my_columns.start, my_columns.stop = 0, columns
    if by_rows:
        my_rows[0] = share(rows, 1, thread, threads)
    else:
        my_columns[0] = share(columns, targets.tile_columns(sample), thread, threads)


cdef inline void synchronize(Barrier *barrier, Stage *stage, const Division *division, int threads) noexcept nogil:
    """Wait for the others before a division that reads more than this thread's own part."""
    cdef bint own = (division.by_rows if stage[0] == OWN_ROWS
                     else division.local and not division.by_rows and stage[0] == OWN_COLUMNS)
    if stage[0] != EVERYBODYS and not own:
        wait_for_all(barrier, threads)
        stage[0] = EVERYBODYS


cdef inline Division forward_division(const Segment *segment) noexcept nogil:
    cdef Division division
    division.rowwise, division.columnwise = segment.rowwise, segment.head == BATCH_NORM
    division.local, division.kernel = segment.head != DENSE, segment.kernel_rows * segment.outputs
    return division


cdef inline Division backward_division(const Segment *segments, int lowest, int index) noexcept nogil:
    """Of the pass that makes the gradients of what segment `index` reads."""
    cdef const Segment *segment = &segments[index]
    cdef Division division
    division.columnwise, division.local = segment.head == BATCH_NORM, segment.head != DENSE
    division.kernel = segment.kernel_rows * segment.outputs
    division.rowwise = segment.head == LAYER_NORM or (
        segment.before >= lowest and segment.ends_before and segments[segment.before].rowwise_ops) or (
        segment.skip >= lowest and segment.ends_skip and segments[segment.skip].rowwise_ops)
    return division


cdef inline Stage after(bint by_rows) noexcept nogil:
    return OWN_ROWS if by_rows else OWN_COLUMNS
