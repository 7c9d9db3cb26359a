"""Makes weights.npz: what Keras 3 (JAX, float64) draws with its initializers, as means, variances and quantiles, and
what its regularizers and constraints make of weights. As a program it writes it."""

import os
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_suffix(".npz")
SHAPE = (400, 100)
#: Shares of the weights that lie below each of the quantiles; the first and the last are the bounds.
SHARES = np.linspace(0.0, 1.0, 11)
#: Name in the file: initializer (a class of Keras and of fastnn) and its arguments.
INITIALIZERS = {
    **{
        name: (name, {})
        for name in (
            *("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"),
            *("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal"),
        )
    },
    "RandomNormal, moved": ("RandomNormal", {"mean": 1.0, "stddev": 0.5}),
    "RandomUniform, moved": ("RandomUniform", {"minval": 1.0, "maxval": 3.0}),
    "TruncatedNormal, moved": ("TruncatedNormal", {"mean": 1.0, "stddev": 0.5}),
    **{
        f"VarianceScaling, {mode}, {distribution}": (
            "VarianceScaling",
            {"scale": 3.0, "mode": mode, "distribution": distribution},
        )
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "untruncated_normal", "uniform")
    },
}
#: Initializers that draw nothing: theirs are the weights themselves, of FIXED_SHAPE.
FIXED_SHAPE = (4, 3)
FIXED = {
    "Zeros": ("Zeros", {}),
    "Ones": ("Ones", {}),
    "Constant": ("Constant", {"value": 0.1}),
    "Identity": ("Identity", {"gain": 2.0}),
}
REGULARIZERS = {
    "L1": ("L1", {"l1": 0.3}),
    "L2": ("L2", {"l2": 0.2}),
    "L1L2": ("L1L2", {"l1": 0.3, "l2": 0.2}),
    **{f"{name}, default": (name, {}) for name in ("L1", "L2", "L1L2")},
}
CONSTRAINTS = {
    "NonNeg": ("NonNeg", {}),
    "MaxNorm": ("MaxNorm", {"max_value": 1.5}),
    "MaxNorm, default": ("MaxNorm", {}),
    "MaxNorm of rows": ("MaxNorm", {"max_value": 1.5, "axis": 1}),
}


def weights():
    """What is penalized and constrained: columns and rows of small and large norm."""
    return np.random.default_rng(4).normal(size=(5, 4)) * [0.1, 0.5, 1.0, 2.0]


def described(drawn):
    """[mean, variance, quantiles] of drawn weights."""
    return np.array([drawn.mean(), drawn.var(), *np.quantile(drawn, SHARES)])


def make():
    """{case: described weights, or weights}, {regularizer: [penalty, gradient ...]}, {constraint: weights}."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx("float64")
    made = {}
    for case, (kind, arguments) in INITIALIZERS.items():
        drawn = getattr(keras.initializers, kind)(**arguments, seed=2)(SHAPE, dtype="float64")
        made[case] = described(np.asarray(drawn))
    for case, (kind, arguments) in FIXED.items():
        made[case] = np.asarray(getattr(keras.initializers, kind)(**arguments)(FIXED_SHAPE, dtype="float64"))
    for case, (kind, arguments) in REGULARIZERS.items():
        penalty, slope = jax.value_and_grad(getattr(keras.regularizers, kind)(**arguments))(weights())
        made[case] = np.append(slope, penalty)
    for case, (kind, arguments) in CONSTRAINTS.items():
        made[case] = np.asarray(getattr(keras.constraints, kind)(**arguments)(weights()))
    return made


if __name__ == "__main__":
    np.savez_compressed(STORED, **make())
