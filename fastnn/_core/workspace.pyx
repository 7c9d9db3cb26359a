# cython: language_level=3, cdivision=True
"""Workspace: one arena of 64-byte-aligned buffers, laid out for a Program and a number of rows."""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.dense cimport padded
from fastnn._core.heads cimport Memory, half, is_apart, is_cut
from fastnn._core.passes cimport scratch_size
from fastnn._core.plan cimport DENSE, Program
from fastnn._core.threads cimport Share

import numpy as np


def allocate(size, dtype):
    """A vector of `size` zeros, aligned to 64 bytes, with readable slack after it (the kernels over-read).

    Raises
    ------
    MemoryError
        With the number of bytes that were asked for.
    """
    itemsize = np.dtype(dtype).itemsize
    total = size * itemsize + targets.FN_SLACK_BYTES + 64
    try:
        buffer = np.zeros(total, dtype=np.uint8)
    except (MemoryError, ValueError) as error:  # ValueError: more than an array may have
        raise MemoryError(f"cannot allocate {total:,} bytes ({size:,} numbers of {dtype})") from error
    start = -buffer.ctypes.data % 64
    return buffer[start : start + size * itemsize].view(dtype)


cdef object leading_apart(Program program, Py_ssize_t itemsize, Py_ssize_t batch, bint sparse):
    """Of each value buffer whose halves are kept by themselves (heads.is_apart), the leading dimension of a half."""
    cdef int index, buffer, position
    cdef Share first
    leading = {}
    for index in range(program.n_segments):
        if is_apart(program, index, batch, sparse):
            first = half(program.segments[index].outputs, 0)
            buffers = {0} if not index else {program.segments[index].product}
            for position in range(program.segments[index].first_op, program.segments[index].last_op):
                buffers.add(program.ops[position].result)
            for buffer in buffers:
                leading[buffer] = padded(max(first.stop, program.segments[index].outputs - first.stop), itemsize)
    return leading


cdef class Workspace:
    """Buffers for `rows` rows: `sets` sets of value buffers (with gradients, if `deltas`), scratch for `threads` threads,
    and `groups` gradients with padded rows.

    `alternate`: the two sets share everything but their input buffer, so that a batch can be gathered while the one
    before is still in use, and the first product of a single row (steps.goes_ahead). `sparse`: there is no input
    buffer. `transposed`: room for each kernel transposed. `lowest`: gradients of segments below it are not needed.
    `batch`: of which the rows are a part, in training.
    """

    def __cinit__(self, Program program, Py_ssize_t itemsize, Py_ssize_t rows, *, Py_ssize_t sets=1,
                  Py_ssize_t threads=1, Py_ssize_t groups=0, bint deltas=False, bint alternate=False, bint sparse=False, bint transposed=False, int lowest=0,
                  Py_ssize_t batch=0):
        cdef Py_ssize_t index, which, views
        cdef Memory *memory
        cdef char *base
        cdef bint two = alternate and threads > 1 and not transposed
        cdef object apart = leading_apart(program, itemsize, batch, sparse) if two else {}
        self.program, self.rows, self.sets, self.threads, self.groups = program, rows, sets, threads, groups
        offset = 0

        def reserve(elements):
            nonlocal offset
            at = offset
            offset += (elements * itemsize + targets.FN_SLACK_BYTES + 63) // 64 * 64
            return at

        values, gradients, kept, halves, widest = [], [], [], [], 0
        for index in range(1, program.n_segments):
            if is_cut(&program.segments[index], batch, sparse):
                widest = max(widest, program.leading[program.segments[index].product], 2 * apart.get(program.segments[index].product, 0))
        views = sets * 2 if two and widest else sets
        for which in range(sets):
            shared = which > 0 and alternate
            own = {0, program.segments[1].product} if rows == 1 and program.n_segments > 1 else {0}
            values.append([values[0][index] if shared and index not in own else
                           reserve(0 if sparse and not index else rows * max(program.leading[index], 2 * apart.get(index, 0)))
                           for index in range(program.n_values)])
            gradients.append(gradients[0] if shared else
                             [reserve(rows * program.delta_leading[index]) if deltas and index >= min(lowest, program.n_segments - 1) else 0
                              for index in range(program.n_segments)])
            kept.append(kept[0] if shared else
                        [reserve(program.segments[index].statistics + rows * program.segments[index].row_statistics)
                         for index in range(program.n_segments)])
            halves.append(halves[0] if shared else [reserve(rows * widest) for _ in range(2 if alternate and threads > 1 else 1)])
        largest = 0
        for index in range(1, program.n_segments):
            largest = max(largest, scratch_size(&program.segments[index], program.delta_leading[index], itemsize))
        scratch = [reserve(largest) if deltas else 0 for _ in range(threads)]
        sums = reserve(groups * program.sums_size)
        turned = []
        if transposed:
            turned = [reserve(program.segments[index].outputs * padded(program.segments[index].inputs, itemsize)
                              if program.segments[index].head == DENSE and index > lowest else 0)
                      for index in range(program.n_segments)]
        pointers = offset
        count = sets * (program.n_values + 2 * program.n_segments + 1) + threads + len(turned)
        tables = pointers + count * sizeof(void *)
        total = tables + views * (sizeof(Memory) + 3 * program.n_values * sizeof(ptrdiff_t))

        self.arena = allocate(total, "uint8")
        self.nbytes = total
        base = <char *><size_t>self.arena.ctypes.data
        cdef void **table = <void **>(base + <size_t>pointers)
        cdef ptrdiff_t *leading = <ptrdiff_t *>(base + <size_t>tables + views * sizeof(Memory))
        self.memories = <Memory *>(base + <size_t>tables)
        for which in range(sets):
            memory = &self.memories[which]
            memory.values, memory.deltas = table, table + program.n_values
            memory.statistics = memory.deltas + program.n_segments
            memory.delta_leading = program.delta_leading
            memory.partials[0], memory.partials[1] = base + <size_t>halves[which][0], base + <size_t>halves[which][-1]
            memory.partial_leading, memory.transposed = widest, NULL
            for index in range(program.n_values):
                table[index] = base + <size_t>values[which][index]
            for index in range(program.n_segments):
                memory.deltas[index] = base + <size_t>gradients[which][index]
                memory.statistics[index] = base + <size_t>kept[which][index]
            table += program.n_values + 2 * program.n_segments
        for which in range(views):
            memory = &self.memories[which]
            if which >= sets:
                memory[0] = self.memories[which - sets]
            memory.leading, memory.border, memory.apart = leading, leading + program.n_values, leading + 2 * program.n_values
            for index in range(program.n_values):
                leading[index] = program.leading[index]
                if which >= sets and index in apart:
                    leading[index] = apart[index]
                    leading[2 * program.n_values + index] = rows * leading[index] - half(program.widths[index], 0).stop
                if which >= sets:
                    leading[program.n_values + index] = half(program.widths[index], 0).stop
            leading += 3 * program.n_values
        self.by_halves = self.memories + sets if views > sets else NULL
        self.inputs, self.scratch, self.transposed = table, table + sets, table + sets + threads
        for which in range(sets):
            self.inputs[which] = self.memories[which].values[0]
        for index in range(threads):
            self.scratch[index] = base + <size_t>scratch[index]
        for index in range(len(turned)):
            self.transposed[index] = base + <size_t>turned[index]
        self.sums = base + <size_t>sums
