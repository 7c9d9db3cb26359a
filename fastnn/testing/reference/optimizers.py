"""Updates of an optimizer. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64


def store(g, w, s0, *, numbers):
    """s0 = the gradient."""
    return w, g


def sgd(g, w, *, numbers):
    """w -= rate g; keras.optimizers.SGD."""
    return (w - numbers["rate"] * g,)


def momentum(g, w, v, *, numbers):
    """v = momentum v - rate g; w += v; keras.optimizers.SGD(momentum)."""
    v = numbers["momentum"] * v - numbers["rate"] * g
    return w + v, v


def nesterov(g, w, v, *, numbers):
    """v = momentum v - rate g; w += momentum v - rate g; keras.optimizers.SGD(momentum, nesterov=True)."""
    v = numbers["momentum"] * v - numbers["rate"] * g
    return w + numbers["momentum"] * v - numbers["rate"] * g, v


def rmsprop(g, w, v, *, numbers):
    """v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon); keras.optimizers.RMSprop."""
    v = numbers["rho"] * v + (1 - numbers["rho"]) * g**2
    return w - numbers["rate"] * g / np.sqrt(v + numbers["epsilon"]), v


def rmsprop_momentum(g, w, v, m, *, numbers):
    """As `rmsprop`, with m = momentum m + increment; w -= m; keras.optimizers.RMSprop(momentum)."""
    v = numbers["rho"] * v + (1 - numbers["rho"]) * g**2
    m = numbers["momentum"] * m + numbers["rate"] * g / np.sqrt(v + numbers["epsilon"])
    return w - m, v, m


def adam(g, w, m, v, *, numbers):
    """m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); w -= rate m / (sqrt(v) + epsilon); keras.optimizers.Adam.

    `rate` has the bias corrections in it: rate sqrt(1 - beta_2^t) / (1 - beta_1^t).
    """
    m = m + (g - m) * (1 - numbers["beta_1"])
    v = v + (g**2 - v) * (1 - numbers["beta_2"])
    return w - numbers["rate"] * m / (np.sqrt(v) + numbers["epsilon"]), m, v


OPTIMIZERS = {f.__name__: f for f in (store, sgd, momentum, nesterov, rmsprop, rmsprop_momentum, adam)}


def update(name, g, w, *states, weight_decay=0.0, l1=0.0, l2=0.0, **numbers):
    """One step: returns the new parameters and states.

    First the penalties, g + l2 w + l1 sign(w), and the decay w -= weight_decay w (which has the learning rate in it),
    both from the w before the step; `store` does not change w.
    """
    g, w, *states = float64(g, w, *states)
    g = g + l2 * w + l1 * np.sign(w)
    if name != "store":
        w = w - weight_decay * w
    return OPTIMIZERS[name](g, w, *states, numbers=numbers)
