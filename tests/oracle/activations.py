"""Makes activations.npz: values and gradients of Keras 3 (JAX, float64) from -30 to 30. As a program it writes it."""

import os
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_suffix(".npz")
#: Name in the file: Keras's function and its arguments.
CASES = {
    name: (name, {})
    for name in (
        *("linear", "sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softsign", "relu", "relu6", "leaky_relu", "elu"),
        *("selu", "softplus", "gelu", "silu", "mish", "softmax", "exponential"),
    )
} | {
    "gelu, tanh": ("gelu", {"approximate": True}),
    "elu, 0.5": ("elu", {"alpha": 0.5}),
    "leaky_relu, 0.01": ("leaky_relu", {"negative_slope": 0.01}),
    "relu, all": ("relu", {"negative_slope": 0.1, "max_value": 5.05, "threshold": 0.55}),
    "relu, limit": ("relu", {"max_value": 5.05}),
    "relu, threshold": ("relu", {"threshold": 0.55}),
}


def inputs():
    """(z, dY): the grid as rows, and weights of the outputs for the gradient."""
    z = np.linspace(-30, 30, 601).reshape(1, -1)
    return z, np.cos(np.arange(z.size)).reshape(z.shape)


def make():
    """{case: [f(z), sum of dY f differentiated]}."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx("float64")
    z, dy = inputs()
    made = {}
    for case, (name, arguments) in CASES.items():
        function = getattr(keras.activations, name)

        def value(x, function=function, arguments=arguments):
            return (function(x, **arguments) * dy).sum()

        made[case] = np.stack([np.asarray(function(jax.numpy.asarray(z), **arguments)), np.asarray(jax.grad(value)(z))])
    return made


if __name__ == "__main__":
    np.savez_compressed(STORED, **make())
