"""Makes layers.npz: what Keras 3 (JAX, float32 inside) gives for normalization layers. As a program it writes it."""

import os
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_suffix(".npz")
ROWS, WIDTH, BATCHES = 7, 5, 3


def inputs():
    """(batches of X, dY, gamma, beta)."""
    rng = np.random.default_rng(5)
    x = rng.normal(1.0, 2.0, (BATCHES, ROWS, WIDTH))
    x[:, :, 3] = 4.0  # a constant column
    return x, rng.normal(size=(ROWS, WIDTH)), rng.uniform(0.5, 2.0, WIDTH), rng.normal(size=WIDTH)


def values(variables):
    """Keras's variables as arrays; its own get_weights warns with NumPy 2."""
    return [np.asarray(variable.value) for variable in variables]


def make():
    """{name: array}: outputs, gradients with respect to input, gamma and beta, and moving statistics."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    x, dy, gamma, beta = inputs()
    kinds = {
        "batch": lambda: keras.layers.BatchNormalization(momentum=0.9),
        "layer": keras.layers.LayerNormalization,
    }
    made = {}
    for name, kind in kinds.items():
        layer = kind()
        layer.build((None, WIDTH))
        layer.set_weights([gamma, beta, *values(layer.weights[2:])])
        options = {"training": True} if name == "batch" else {}
        for batch in x:
            made[f"{name}_y"] = np.asarray(layer(batch, **options))
        if name == "batch":
            made["batch_mean"], made["batch_variance"] = values(layer.weights[2:])
            made["batch_inference"] = np.asarray(layer(x[-1], training=False))
        trained = [variable.value for variable in layer.trainable_variables]
        fixed = [variable.value for variable in layer.non_trainable_variables]

        def total(trained, batch, layer=layer, fixed=fixed, options=options):
            y, _ = layer.stateless_call(trained, fixed, batch, **options)
            return (y * dy).sum()

        (dgamma, dbeta), dx = jax.grad(total, argnums=(0, 1))(trained, x[-1])
        made |= {f"{name}_dgamma": dgamma, f"{name}_dbeta": dbeta, f"{name}_dx": dx}
    return {name: np.asarray(array, dtype=np.float64) for name, array in made.items()}


if __name__ == "__main__":
    np.savez_compressed(STORED, **make())
