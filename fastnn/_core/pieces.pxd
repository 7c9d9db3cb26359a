# cython: language_level=3, cdivision=True
"""Pieces of the threads' parts of a phase: who has finished its own takes of the others' what they have not begun.

Cores are not equally fast: a neighbour has half of one, or it is of another kind. A thread takes its own part in pieces of half
of what is left, large ones first, so that little is lost by cutting, and little is left to wait for at the end. Whoever makes a
piece, its sums are the same. Called by by_layers.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t

from fastnn._core.threads cimport Part, Share, open_part, take_piece

cdef enum:
    MOST_PIECES = 8  # of about the same size: no piece is smaller than that, or its operands cost more than it brings

# How much of a thread's part is taken: in this phase, and 0 in the next one, in turn.
cdef struct Parts:
    Part part[2]
    int64_t phase    # the owner's alone

# A phase of a step, as one thread sees it.
cdef struct Phase:
    Parts *parts     # by thread; NULL: each keeps to its own part, in one piece
    int now
    int thread, threads


cdef inline void open_parts(Parts *parts, int threads) noexcept nogil:
    """Before a team begins."""
    cdef int thread
    for thread in range(threads):
        parts[thread].phase = 0
        open_part(&parts[thread].part[0])
        open_part(&parts[thread].part[1])


cdef inline Phase begin_phase(Parts *parts, bint shared, int thread, int threads) noexcept nogil:
    """All threads begin the same phases, and where these are shared, all wait for each other before and after."""
    cdef Phase phase
    phase.parts, phase.now, phase.thread, phase.threads = NULL, 0, thread, threads
    if shared:
        phase.parts, phase.now = parts, <int>(parts[thread].phase & 1)
        parts[thread].phase += 1
        open_part(&parts[thread].part[1 - phase.now])  # of the last phase, which all have left, and the next
    return phase


cdef inline int owners(const Phase *phase) noexcept nogil:
    """Of how many parts a thread may make pieces: its own first, then those of the threads that follow."""
    return 1 if phase.parts == NULL else phase.threads


cdef inline int owner_of(const Phase *phase, int distance) noexcept nogil:
    cdef int owner = phase.thread + distance
    return owner if owner < phase.threads else owner - phase.threads


cdef inline bint take(const Phase *phase, int owner, ptrdiff_t *taken, ptrdiff_t end, ptrdiff_t total, ptrdiff_t unit,
                      Share *piece) noexcept nogil:
    """The next piece of what ends at `end` in the owner's part of `total`, whole units of that, or False if there is none left.

    `taken`: how much of the part this thread knows to be taken."""
    cdef int64_t first, stop
    if phase.parts == NULL:
        piece.start, piece.stop = taken[0], end
        taken[0] = end
        return piece.start < end
    if not take_piece(&phase.parts[owner].part[phase.now], end, total, unit, MOST_PIECES, &first, &stop):
        return False
    piece.start, piece.stop = first, stop
    return True


cdef inline bint take_share(const Phase *phase, int owner, ptrdiff_t *taken, Share whole, ptrdiff_t unit,
                            Share *piece) noexcept nogil:
    """The next piece of the rows or columns that are the owner's part."""
    cdef ptrdiff_t size = whole.stop - whole.start
    if not take(phase, owner, taken, size, size, unit, piece):
        return False
    piece.start, piece.stop = whole.start + piece.start, whole.start + piece.stop
    return True
