"""Activations forward and backward beside NumPy's ufuncs, on a batch that stays in cache and one that does not.

Ours are called as tests call them, checks of the arguments included: some 10 us that the engine does not spend, which
show at 128x128.
"""

import numpy as np
import numpy_kernels
import pytest

from fastnn._core import activations
from fastnn.testing import reference

SHAPES = {"128x128": (128, 128), "1024x1024": (1024, 1024)}
NAMES = list(numpy_kernels.FORWARD)
# Ours are within 2 ulp, NumPy's functions and compositions of them within tens.
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def bench_activation_forward(timed, name, shape, dtype, engine):
    z = np.random.default_rng(7).standard_normal(SHAPES[shape]).astype(dtype)
    y = np.full_like(z, np.nan)
    run = {
        "fastnn": lambda: activations.forward(name, z, y),
        "numpy": lambda: numpy_kernels.FORWARD[name](z, y),
    }[engine]
    run()
    np.testing.assert_allclose(y, reference.activation_forward(name, z), rtol=TOLERANCE[dtype])
    timed(run, elements=z.size)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def bench_activation_backward(timed, name, shape, dtype, engine):
    rng = np.random.default_rng(7)
    y = reference.activation_forward(name, rng.standard_normal(SHAPES[shape])).astype(dtype)
    dy = rng.standard_normal(SHAPES[shape]).astype(dtype)
    dz = np.full_like(y, np.nan)
    run = {
        "fastnn": lambda: activations.backward(name, y, dy, dz),
        "numpy": lambda: numpy_kernels.BACKWARD[name](y, dy, dz),
    }[engine]
    run()
    # dy - sum dy y cancels: its rounding is relative to dy's magnitude
    np.testing.assert_allclose(dz, reference.activation_backward(name, y, dy), rtol=0, atol=8 * TOLERANCE[dtype])
    timed(run, elements=y.size)
