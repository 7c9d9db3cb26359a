# cython: language_level=3, cdivision=True
"""What of an optimizer's numbers depends on the step alone: bias corrections, Nadam's momenta. Called by step_parts
at each step, and by trainer, which asks from which step on nothing changes any more.
"""
from libc.math cimport log, pow, sqrt
from libc.stdint cimport uint64_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_update

cdef enum:
    MOMENTA = 1024  # from here on 1 - 0.96^t / 2 is 1 in double

# Product of 1 - 0.96^i / 2 over i = 1 .. t, for Nadam.
cdef double momenta[MOMENTA + 1]
cdef int i_
momenta[0] = 1.0
for i_ in range(1, MOMENTA + 1):
    momenta[i_] = momenta[i_ - 1] * (1.0 - 0.5 * pow(0.96, i_))


cdef void correct(fn_update *numbers, int correction, uint64_t count) noexcept nogil:
    """Put what depends on the step's number, 1 for the first, into the rate (and Nadam's epsilon)."""
    cdef double mean = 1.0 - pow(numbers.beta_1, <double>count), square = sqrt(1.0 - pow(numbers.beta_2, <double>count))
    cdef double momentum, next_momentum, product
    if correction == targets.FN_RATE_ADAM:
        numbers.rate *= square / mean
    elif correction == targets.FN_RATE_ADAMAX:
        numbers.rate /= mean
    else:
        # momentum of step t: beta_1 (1 - 0.96^t / 2); sqrt(v / square^2) + epsilon = (sqrt(v) + epsilon square) / square
        momentum = numbers.beta_1 * (1.0 - 0.5 * pow(0.96, <double>count))
        next_momentum = numbers.beta_1 * (1.0 - 0.5 * pow(0.96, <double>(count + 1)))
        product = pow(numbers.beta_1, <double>count) * momenta[min(count, <uint64_t>MOMENTA)]
        numbers.gradient_rate = numbers.rate * square * (1.0 - momentum) / (1.0 - product)
        numbers.rate *= square * next_momentum / (1.0 - product * next_momentum)
        numbers.epsilon *= square


cdef uint64_t settled(const fn_update *numbers, int correction) noexcept nogil:
    """The first count from which on `correct` changes nothing: powers below 2^-54, which 1 does not feel."""
    cdef double slowest = max(numbers.beta_1, numbers.beta_2 if correction == targets.FN_RATE_ADAM else 0.0)
    if correction == targets.FN_RATE_NADAM or not slowest < 1.0:
        return <uint64_t>-1
    return <uint64_t>(54.0 * log(2.0) / -log(max(slowest, 0.5))) + 2
