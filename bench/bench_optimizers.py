"""Optimizer updates of a flat vector beside NumPy's ufuncs: the parameters of 784-128-10 and of 784-512-512-10.

Ours include some 10 us of checked arguments that the engine does not spend.
"""

import numpy as np
import numpy_kernels
import pytest

from fastnn._core import optimizers, targets
from fastnn.testing import reference

SHAPES = {"101770": 101770, "669706": 669706}
NUMBERS = {
    "sgd": {"rate": 1e-3},
    "momentum": {"rate": 1e-3, "momentum": 0.9},
    "nesterov": {"rate": 1e-3, "momentum": 0.9},
    "rmsprop": {"rate": 1e-3, "rho": 0.9, "epsilon": 1e-7},
    "adam": {"rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
}
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NUMBERS)
def bench_update(timed, name, shape, dtype, engine):
    rng, size, numbers = np.random.default_rng(7), SHAPES[shape], NUMBERS[name]
    g, w = rng.standard_normal((2, size)).astype(dtype)
    states = list(rng.uniform(0.1, 1.0, (targets.OPTIMIZERS[name][1], size)).astype(dtype))
    expected = reference.update(name, g, w, *states, **numbers)
    scratch = np.empty((2, size), dtype)
    run = {
        "fastnn": lambda: optimizers.update(name, g, w, *states, **numbers),
        "numpy": lambda: numpy_kernels.OPTIMIZERS[name](g, numbers, scratch, w, *states),
    }[engine]
    run()
    for made, wanted in zip([w, *states], expected, strict=True):
        np.testing.assert_allclose(made, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    timed(run, elements=size)
