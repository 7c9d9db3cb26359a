"""Values and gradients of activations against Keras 3's, from -30 to 30."""

import functools

import numpy as np
import pytest

from fastnn import activations
from fastnn._core import activations as kernels
from fastnn._core import targets
from tests.oracle import activations as oracle
from tests.oracle import check_stored

SAVES_INPUT = 2  # FN_SAVES_INPUT of csrc/fastnn.h
#: Where two straight lines meet f' is either slope; Keras's frameworks differ there. Elsewhere gradients are compared.
CORNERS = {
    "leaky_relu": [0],
    "leaky_relu, 0.01": [0],
    "elu, 0.5": [0],
    "selu": [0],
    "hard_tanh": [-1, 1],
    "hard_sigmoid": [-3, 3],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", oracle.CASES)
def test_values_and_gradients(case, dtype):
    with np.load(oracle.STORED) as file:
        value, gradient = file[case]
    name, arguments = oracle.CASES[case]
    chosen, *numbers = activations.kernel(functools.partial(activations.NAMES[name], **arguments))
    options = dict(zip(("alpha", "max_value", "threshold"), numbers, strict=False))
    z, dy = (array.astype(dtype) for array in oracle.inputs())
    y = kernels.forward(chosen, z, **options)
    dz = kernels.backward(chosen, z if targets.ACTIVATIONS[chosen][1] == SAVES_INPUT else y, dy, **options)
    smooth = ~np.isclose(z[..., None], [*CORNERS.get(case, []), np.inf]).any(axis=-1)
    # Keras computes tanh in float32 whatever the type
    if case == "tanh":
        dtype = "float32"
    # Keras's 1 + tanh cancels far below 0, and is multiplied by z and u' there
    tight = (1000 if case == "gelu, tanh" else 100) * np.finfo(dtype).eps
    np.testing.assert_allclose(y, value, rtol=tight, atol=tight)
    np.testing.assert_allclose(dz[smooth], gradient[smooth], rtol=tight, atol=tight)


def test_the_file_is_what_keras_gives():
    check_stored(oracle)
