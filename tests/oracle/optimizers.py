"""Makes optimizers.npz: weights that Keras 3 (JAX, float64) has after STEPS steps of each optimizer, and its schedules'
rates. As a program it writes it."""

import itertools
import os
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_suffix(".npz")
STEPS, BATCH, WIDTHS = 50, 8, (4, 5, 3)
#: Arguments that every optimizer takes, in the combinations that are compared for "adam" and "sgd".
SHARED = {
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.02},
    "global_clipnorm": {"global_clipnorm": 0.1},
    "average": {"use_ema": True, "ema_momentum": 0.9},
    "overwriting": {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 7},
    "accumulation": {"gradient_accumulation_steps": 4},
    "all": {
        **{"weight_decay": 0.02, "global_clipnorm": 0.1, "gradient_accumulation_steps": 3},
        **{"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
    },
}
#: Name in the file: Keras's optimizer, its arguments, the factor of an l2 penalty on kernels.
CASES = {
    "sgd": ("SGD", {"learning_rate": 0.1}, 0.0),
    "sgd, momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}, 0.0),
    "sgd, nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}, 0.0),
    "sgd, decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.02}, 0.0),
    "sgd, penalty": ("SGD", {"learning_rate": 0.1}, 0.03),
    "adagrad": ("Adagrad", {"learning_rate": 0.05}, 0.0),
    "adagrad, start": ("Adagrad", {"learning_rate": 0.05, "initial_accumulator_value": 0.01}, 0.0),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}, 0.0),
    "adadelta, rho": ("Adadelta", {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-4}, 0.0),
    "rmsprop": ("RMSprop", {"learning_rate": 0.01}, 0.0),
    "rmsprop, momentum": ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5}, 0.0),
    "rmsprop, centered": ("RMSprop", {"learning_rate": 0.01, "centered": True}, 0.0),
    "rmsprop, both": ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5, "rho": 0.8}, 0.0),
    "adam": ("Adam", {"learning_rate": 0.01}, 0.0),
    "adam, betas": ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, 0.0),
    "adam, amsgrad": ("Adam", {"learning_rate": 0.01, "amsgrad": True, "beta_2": 0.9}, 0.0),
    "adam, penalty": ("Adam", {"learning_rate": 0.01}, 0.03),
    "adamw": ("AdamW", {"learning_rate": 0.01}, 0.0),
    "adamw, decay": ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1, "amsgrad": True}, 0.0),
    "adamax": ("Adamax", {"learning_rate": 0.01}, 0.0),
    "nadam": ("Nadam", {"learning_rate": 0.01}, 0.0),
    "lion": ("Lion", {"learning_rate": 0.003}, 0.0),
    "lion, decay": ("Lion", {"learning_rate": 0.003, "beta_1": 0.8, "weight_decay": 0.05}, 0.0),
}
CASES |= {
    f"{name}, {option}": (kind, {"learning_rate": learning_rate, **arguments}, 0.0)
    for name, kind, learning_rate in (("sgd", "SGD", 0.1), ("adam", "Adam", 0.01))
    for option, arguments in SHARED.items()
}
CASES |= {
    f"{kind.lower()}, decay": (kind, {"learning_rate": learning_rate, "weight_decay": 0.1}, 0.0)
    for learning_rate, kinds in {0.01: ("Adagrad", "RMSprop", "Adam", "Adamax", "Nadam"), 1.0: ("Adadelta",)}.items()
    for kind in kinds
}
#: Name in the file: Keras's schedule and its arguments.
SCHEDULES = {
    "exponential": ("ExponentialDecay", (0.1, 20, 0.5), {}),
    "exponential, stairs": ("ExponentialDecay", (0.1, 20, 0.5), {"staircase": True}),
    "inverse time": ("InverseTimeDecay", (0.1, 20, 0.5), {}),
    "inverse time, stairs": ("InverseTimeDecay", (0.1, 20, 0.5), {"staircase": True}),
    "piecewise": ("PiecewiseConstantDecay", ([10, 30, 31], [0.1, 0.05, 0.2, 0.01]), {}),
    "polynomial": ("PolynomialDecay", (0.1, 25), {}),
    "polynomial, power": ("PolynomialDecay", (0.1, 25), {"end_learning_rate": 0.01, "power": 2.5}),
    "polynomial, cycle": ("PolynomialDecay", (0.1, 25), {"end_learning_rate": 0.01, "cycle": True}),
    "cosine": ("CosineDecay", (0.1, 40), {"alpha": 0.1}),
    "cosine, warmup": ("CosineDecay", (0.01, 40), {"warmup_target": 0.2, "warmup_steps": 10}),
    "restarts": ("CosineDecayRestarts", (0.1, 7), {}),
    "restarts, all": ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1}),
    "restarts, equal": ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.0, "m_mul": 0.5}),
}
RATES = 61


def problem():
    """(X, Y, first weights): batches one behind the other."""
    rng = np.random.default_rng(11)
    x = rng.normal(size=(STEPS * BATCH, WIDTHS[0]))
    y = np.sin(x @ rng.normal(size=(WIDTHS[0], WIDTHS[-1])))
    weights = []
    for inputs, units in itertools.pairwise(WIDTHS):
        weights += [rng.normal(size=(inputs, units)) / 2, rng.normal(size=units) / 2]
    return x, y, weights


def flat(weights):
    """All weights in one vector."""
    return np.concatenate([np.asarray(weight).ravel() for weight in weights])


def make():
    """{case: weights after STEPS steps, one behind the other}, {schedule: rates of steps 0 to RATES - 1}."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    x, y, weights = problem()
    x, y = (array.reshape(STEPS, BATCH, -1) for array in (x, y))

    @jax.jit
    def gradients(weights, x, y, l2):
        def loss(weights):
            kernel, bias, last_kernel, last_bias = weights
            outputs = jax.numpy.tanh(x @ kernel + bias) @ last_kernel + last_bias
            return ((outputs - y) ** 2).mean() + l2 * (kernel**2).sum()

        return jax.grad(loss)(weights)

    made = {}
    for case, (kind, arguments, l2) in CASES.items():
        variables = [keras.Variable(weight) for weight in weights]
        optimizer = getattr(keras.optimizers, kind)(**arguments)
        optimizer.build(variables)
        # one compiled step: Keras's own is slow uncompiled, and `fit` computes parts in float32
        step = jax.jit(optimizer.stateless_apply)
        state, values = [v.value for v in optimizer.variables], [v.value for v in variables]
        for batch in range(STEPS):
            values, state = step(state, gradients(values, x[batch], y[batch], l2), values)
        for variable, value in zip([*variables, *optimizer.variables], [*values, *state], strict=True):
            variable.assign(value)
        optimizer.finalize_variable_values(variables)
        made[case] = flat(variables)
    for case, (kind, arguments, options) in SCHEDULES.items():
        schedule = getattr(keras.optimizers.schedules, kind)(*arguments, **options)
        made[case] = np.array([float(schedule(step)) for step in range(RATES)])
    return made


if __name__ == "__main__":
    np.savez_compressed(STORED, **make())
