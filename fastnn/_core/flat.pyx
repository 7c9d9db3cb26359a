# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The flat path of an update: what needs the whole gradient, or the parameters after all of them changed.

Clipping, accumulation over steps, moving averages and constraints cannot be done on a block of one kernel's gradient
while it is in cache. A run that wants any of them stores the gradient (the pseudo-optimizer `store`) and then goes over
it and the parameters in blocks of FLAT_BLOCK, in Keras's order: add to the gradients of the steps before; clip; decay
and update; average; constrain. Threads share the blocks and wait where a norm needs all of them. Norms are sums over
fixed blocks in order, so the bits do not depend on the number of threads. Called by steps; made by trainer.
"""
from libc.math cimport sqrt
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from fastnn._core cimport targets
from fastnn._core.passes cimport apply
from fastnn._core.plan cimport COLUMN_NORMS, NON_NEGATIVE, ROW_NORMS, Plan, Tensor
from fastnn._core.targets cimport fn_update, real
from fastnn._core.threads cimport Barrier, Share, share, wait_for_all

import numpy as np

from fastnn._core.workspace import allocate

CLIPS = {"value": VALUES, "norm": NORMS, "global_norm": GLOBAL_NORM}

cdef double EPSILON = 1e-7  # added to a norm that divides: keras.config.epsilon()
cdef double INFINITE = float("inf")


cdef inline ptrdiff_t blocks_of(const Tensor *tensor) noexcept nogil:
    return (tensor.size + FLAT_BLOCK - 1) // FLAT_BLOCK if tensor.trainable else 0


cdef inline Share part_of(const Tensor *tensor, ptrdiff_t first, Share blocks) noexcept nogil:
    """Where the blocks that a thread owns meet a tensor whose first block is `first`: block numbers within the tensor."""
    cdef Share part
    part.start = max(<ptrdiff_t>0, blocks.start - first)
    part.stop = min(blocks_of(tensor), blocks.stop - first)
    return part


cdef void merge(const Flat *flat, const real *sample, bint updates, Share blocks) noexcept nogil:
    """Add the gradient to the sum of the steps before: into the gradient where the step updates, else into the sum.
    Then the squares of each block, where a norm is wanted."""
    cdef const Tensor *tensor
    cdef Share part
    cdef ptrdiff_t first = 0, block, at, size
    cdef real *gradient
    cdef real *total
    cdef int index
    for index in range(flat.n_tensors):
        tensor = &flat.tensors[index]
        part = part_of(tensor, first, blocks)
        for block in range(part.start, part.stop):
            at = tensor.offset + block * FLAT_BLOCK
            size = min(<ptrdiff_t>FLAT_BLOCK, tensor.size - block * FLAT_BLOCK)
            gradient = <real *>flat.gradient + at
            if flat.sum != NULL:
                total = <real *>flat.sum + at
                if updates:
                    targets.accumulate(size, <const real *>total, gradient)
                    memset(total, 0, size * sizeof(real))
                else:
                    targets.accumulate(size, <const real *>gradient, total)
            if updates and flat.clip >= NORMS:
                flat.squares[first + block] = targets.sum_of_squares(size, <const real *>gradient)
        first += blocks_of(tensor)


cdef double norm_factor(const Flat *flat, ptrdiff_t first, ptrdiff_t stop, double mean) noexcept nogil:
    """Factor of a gradient, `mean` times the stored one, that brings the norm of its blocks down to the limit."""
    cdef double total = 0
    cdef ptrdiff_t block
    for block in range(first, stop):
        total += flat.squares[block]
    total = sqrt(total) * mean
    if flat.clip == GLOBAL_NORM and not total < INFINITE:
        return total - total  # an infinite or undefined norm makes the whole step undefined, as in Keras
    return mean if total <= flat.limit else mean * (flat.limit / total)


cdef void update(const Flat *flat, const real *sample, const fn_update *numbers, uint64_t step, bint updates,
                 Share blocks) noexcept nogil:
    """Clip, decay, update, average, and the constraints that need no norms."""
    cdef const Tensor *tensor
    cdef Share part
    cdef ptrdiff_t first = 0, block, at, size
    cdef uint64_t count = step // flat.accumulation
    cdef double mean = 1.0 / <double>flat.accumulation, factor = mean
    cdef real bound = <real>(flat.limit if flat.clip == VALUES else INFINITE)
    cdef real *gradient
    cdef real *parameters
    cdef int index
    if updates and flat.clip == GLOBAL_NORM:
        factor = norm_factor(flat, 0, flat.blocks, mean)
    for index in range(flat.n_tensors):
        tensor = &flat.tensors[index]
        part = part_of(tensor, first, blocks)
        if updates and flat.clip == NORMS and part.start < part.stop:
            factor = norm_factor(flat, first, first + blocks_of(tensor), mean)
        for block in range(part.start, part.stop):
            at = tensor.offset + block * FLAT_BLOCK
            size = min(<ptrdiff_t>FLAT_BLOCK, tensor.size - block * FLAT_BLOCK)
            gradient, parameters = <real *>flat.gradient + at, <real *>flat.sink.parameters + at
            if updates:
                if factor != 1.0 or flat.clip == VALUES:
                    targets.clip(size, <real>factor, -bound, bound, gradient)
                apply(<const real *>gradient, at, size, &flat.sink, numbers)
            if flat.average != NULL:
                targets.average(size, flat.momentum if count else 0.0, <const real *>parameters,
                                <real *>flat.average + at)
                if flat.overwrite and (count + 1) % flat.overwrite == 0:
                    memcpy(parameters, <const real *>flat.average + at, size * sizeof(real))
            if tensor.constraint == NON_NEGATIVE:
                targets.clip(size, <real>1, <real>0, <real>INFINITE, parameters)
        first += blocks_of(tensor)


cdef inline double bounding(const Tensor *tensor, double square) noexcept nogil:
    """The factor that brings a norm into its bounds."""
    cdef double norm = sqrt(square)
    return max(tensor.least, min(tensor.most, norm)) / (EPSILON + norm)


cdef void bound_columns(const Flat *flat, const Tensor *tensor, real *matrix, ptrdiff_t first,
                        Share columns) noexcept nogil:
    """`first`: where the tensor's own part of squares and factors begins: another thread may be at another tensor."""
    cdef ptrdiff_t width = columns.stop - columns.start, column
    cdef double *squares = flat.squares + first + columns.start
    cdef real *factors = <real *>flat.factors + first + columns.start
    if width <= 0:
        return
    memset(squares, 0, width * sizeof(double))
    targets.squares_of_columns(tensor.rows, width, <const real *>matrix + columns.start, tensor.columns, squares)
    for column in range(width):
        factors[column] = <real>bounding(tensor, squares[column])
    targets.scale_columns(tensor.rows, width, <const real *>factors, matrix + columns.start, tensor.columns)


cdef void bound_norms(const Flat *flat, const real *sample, int thread, int threads) noexcept nogil:
    """The constraints on norms: a thread takes whole columns or rows."""
    cdef const Tensor *tensor
    cdef real *matrix
    cdef Share part
    cdef ptrdiff_t row, first = 0
    cdef double square
    cdef int index
    for index in range(flat.n_tensors):
        tensor = &flat.tensors[index]
        matrix = <real *>flat.sink.parameters + tensor.offset
        if not tensor.trainable:
            continue
        if tensor.constraint == COLUMN_NORMS:
            bound_columns(flat, tensor, matrix, first,
                          share(tensor.columns, targets.tile_columns(sample), thread, threads))
            first += tensor.columns
        elif tensor.constraint == ROW_NORMS:
            part = share(tensor.rows, 1, thread, threads)
            for row in range(part.start, part.stop):
                square = targets.sum_of_squares(tensor.columns, <const real *>matrix + row * tensor.columns)
                targets.clip(tensor.columns, <real>bounding(tensor, square), <real>-INFINITE, <real>INFINITE,
                             matrix + row * tensor.columns)


cdef void flat_step(const Flat *flat, const real *sample, const fn_update *numbers, uint64_t step, Barrier *barrier,
                    int thread, int threads) noexcept nogil:
    cdef Share blocks = share(flat.blocks, 1, thread, threads)
    cdef bint updates = (step + 1) % flat.accumulation == 0
    if flat.sum != NULL or flat.clip >= NORMS:
        merge(flat, sample, updates, blocks)
        if updates and flat.clip >= NORMS:
            wait_for_all(barrier, threads)
    if updates or flat.average != NULL or flat.bounds_norms:
        update(flat, sample, numbers, step, updates, blocks)
    if flat.bounds_norms:
        wait_for_all(barrier, threads)
        bound_norms(flat, sample, thread, threads)


cdef class FlatPath:
    """The flat passes' options and memory.

    Parameters
    ----------
    plan : Plan
    parameters : ndarray of shape (plan.n_parameters,)
    states : ndarray of shape (n, plan.n_parameters) or None
        The optimizer's, then the sum of gradients, then the average, each where it is wanted.
    slots : int
        How many are the optimizer's.
    options : dict
        ``clip``, one of CLIPS, with ``limit``; ``accumulation``, steps an update; ``average``, the moving average's
        momentum, with ``overwrite``, the updates between overwritings of the parameters, 0 for none. What is missing
        is off.
    """

    def __init__(self, Plan plan, parameters, states, int slots, options):
        cdef Flat *flat = &self.flat
        cdef Py_ssize_t columns = 0
        cdef int index
        self.plan, self.parameters = plan, parameters
        memset(flat, 0, sizeof(Flat))
        flat.tensors, flat.n_tensors = plan.tensors, plan.n_tensors
        flat.accumulation = options.get("accumulation", 1)
        flat.clip = CLIPS[options["clip"]] if "clip" in options else UNCLIPPED
        flat.limit = options.get("limit", 0.0)
        if flat.accumulation > 1:
            flat.sum = <void *><size_t>states[slots].ctypes.data
            slots += 1
        if options.get("average") is not None:
            self.averages = states[slots]
            flat.average = <void *><size_t>self.averages.ctypes.data
            flat.momentum, flat.overwrite = options["average"], options.get("overwrite", 0)
        for index in range(plan.n_tensors):
            flat.blocks += blocks_of(&plan.tensors[index])
            if plan.tensors[index].trainable and plan.tensors[index].constraint in (COLUMN_NORMS, ROW_NORMS):
                flat.bounds_norms = True
                columns += plan.tensors[index].columns
        gradient = allocate(plan.n_parameters, plan.dtype)
        squares = allocate(max(flat.blocks, columns), "float64")
        factors = allocate(columns, plan.dtype)
        self.arrays = gradient, squares, factors, states
        flat.gradient = <void *><size_t>gradient.ctypes.data
        flat.squares = <double *><size_t>squares.ctypes.data
        flat.factors = <void *><size_t>factors.ctypes.data

    def adopt_averages(self):
        """Set the trainable parameters to their moving averages, if there are any."""
        cdef int index
        if self.averages is None:
            return
        for index in range(self.plan.n_tensors):
            if self.plan.tensors[index].trainable:
                part = slice(self.plan.tensors[index].offset,
                             self.plan.tensors[index].offset + self.plan.tensors[index].size)
                self.parameters[part] = self.averages[part]
