"""Twins of every kernel in NumPy and float64: slow, obvious, the ground truth of tests and benchmarks.

Formulas are Keras 3's (keras/src/activations, losses, optimizers), or scikit-learn's where a docstring says so. Each
function takes arrays of any float type, computes in float64 and returns float64; nothing is done in place.
Integers of the random numbers: see `philox`.
"""

from fastnn.testing.reference.activations import *
from fastnn.testing.reference.arrays import *
from fastnn.testing.reference.common import *
from fastnn.testing.reference.dense import *
from fastnn.testing.reference.flat import *
from fastnn.testing.reference.losses import *
from fastnn.testing.reference.normalize import *
from fastnn.testing.reference.optimizers import *
from fastnn.testing.reference.random import *
from fastnn.testing.reference.sparse import *
from fastnn.testing.reference.vmath import *
