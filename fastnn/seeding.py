"""An estimator's random_state as NumPy's RandomState, with scikit-learn's draws. Called by perceptron.py."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from fastnn.compat import check_random_state

__all__ = ["random_source"]


class _NoEntropy(ISeedSequence):
    """Stands in for the operating system's entropy, where a seed follows."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        return np.zeros(n_words, dtype=dtype)


def random_source(random_state: Any) -> np.random.RandomState:
    """Return what check_random_state returns.

    RandomState(seed) first spreads entropy over a state that the seed overwrites: 0.1 ms, a small network's epoch.

    Examples
    --------
    >>> bool(random_source(5).randint(1000) == np.random.RandomState(5).randint(1000))
    True
    """
    if not isinstance(random_state, Integral):
        given: np.random.RandomState = check_random_state(random_state)
        return given
    nothing: Any = _NoEntropy()
    made = np.random.RandomState(np.random.MT19937(nothing))
    made.seed(int(random_state))
    return made
