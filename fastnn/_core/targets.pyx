# cython: language_level=3
"""Which CPU target runs, and the names of what it holds.

Compiled together with csrc; every other extension reaches the kernels through this one's .pxd.
"""
import os

cdef extern from *:
    """
    #if defined(__clang__)
    #define FN_COMPILER "clang " __clang_version__
    #else
    #define FN_COMPILER "gcc " __VERSION__
    #endif
    """
    const char *FN_COMPILER

cdef const fn_target *active = NULL
COMPILER = (<bytes>FN_COMPILER).decode("ascii").strip()


cdef uint64_t flush_denormals() noexcept nogil:
    """Flush denormal numbers to zero in this thread; returns the mode to restore."""
    return fn_denormals_flush()


cdef void restore_denormals(uint64_t mode) noexcept nogil:
    fn_denormals_restore(mode)


cdef object name_of(const fn_target *target):
    return (<bytes>target.name).decode("ascii")


def built():
    """Names of the CPU targets in this build, best first, whether or not this CPU runs them."""
    names = []
    cdef int index = 0
    while fn_target_at(index) != NULL:
        names.append(name_of(fn_target_at(index)))
        index += 1
    return tuple(names)


def available():
    """Names of the CPU targets that this CPU runs, best first."""
    return tuple(name for name in built() if fn_target_named(name.encode("ascii")) != NULL)


def active_name():
    """Name of the CPU target in use: the best one, or the one that FASTNN_TARGET named at import."""
    return name_of(active)


def tile(dtype):
    """(lanes, tile_rows, tile_columns) of the active target for "float32" or "float64"."""
    cdef const float *single = NULL
    cdef const double *double_ = NULL
    if dtype == "float32":
        return lanes(single), tile_rows(single), tile_columns(single)
    if dtype == "float64":
        return lanes(double_), tile_rows(double_), tile_columns(double_)
    raise ValueError(f"expected dtype 'float32' or 'float64', received: {dtype!r}")


def multiply_add_peak(dtype, Py_ssize_t rounds):
    """Run the multiply-add yardstick; returns the number of FLOP done. Time it to get this core's peak."""
    cdef bint single = dtype == "float32"
    lanes_ = tile(dtype)[0]
    with nogil:
        if single:
            active.f32.multiply_add_peak(rounds)
        else:
            active.f64.multiply_add_peak(rounds)
    return 2 * FN_PEAK_CHAINS * lanes_ * rounds


def correction(optimizer):
    """What the step's number makes of the rate of an optimizer, one of OPTIMIZERS: FN_RATE_* of csrc/fastnn.h."""
    return fn_optimizer_infos[<int>OPTIMIZERS[optimizer][0]].correction


cdef void choose() except *:
    global active
    wanted = os.environ.get("FASTNN_TARGET", "")
    if not wanted:
        active = fn_target_best()
        return
    active = fn_target_named(wanted.encode("utf-8"))
    if active == NULL:
        reason = "this CPU does not run it" if wanted in built() else "this build has no such target"
        raise ImportError(
            f"FASTNN_TARGET: expected one of {', '.join(available())}, received: {wanted!r} ({reason})"
        )


choose()

cdef int index_
ACTIVATIONS = {}
for index_ in range(FN_ACTIVATIONS):
    ACTIVATIONS[(<bytes>fn_activation_infos[index_].name).decode("ascii")] = (
        index_, fn_activation_infos[index_].saves, fn_activation_infos[index_].alpha)
LOSSES = {}
for index_ in range(FN_LOSSES):
    LOSSES[(<bytes>fn_loss_infos[index_].name).decode("ascii")] = (
        index_, fn_loss_infos[index_].truth, (<bytes>fn_loss_infos[index_].fuses).decode("ascii"),
        fn_loss_infos[index_].parameter)
OPTIMIZERS = {}
for index_ in range(FN_OPTIMIZERS):
    OPTIMIZERS[(<bytes>fn_optimizer_infos[index_].name).decode("ascii")] = (
        index_, fn_optimizer_infos[index_].slots)
NOISES = {}
for index_ in range(FN_NOISES):
    NOISES[(<bytes>fn_noise_infos[index_].name).decode("ascii")] = (
        index_, fn_noise_infos[index_].saves, fn_noise_infos[index_].parameters)
