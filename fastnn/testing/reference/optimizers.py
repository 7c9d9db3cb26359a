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


def adagrad(g, w, a, *, numbers):
    """a += g^2; w -= rate g / sqrt(a + epsilon); keras.optimizers.Adagrad."""
    a = a + g**2
    return w - numbers["rate"] * g / np.sqrt(a + numbers["epsilon"]), a


def mean_square(x, v, numbers):
    """v = rho v + (1 - rho) x^2."""
    return numbers["rho"] * v + (1 - numbers["rho"]) * x**2


def adadelta(g, w, v, d, *, numbers):
    """v, d: mean squares of g and of the steps; step = sqrt(d + epsilon) / sqrt(v + epsilon) g; w -= rate step;
    keras.optimizers.Adadelta."""
    v = mean_square(g, v, numbers)
    step = np.sqrt(d + numbers["epsilon"]) * g / np.sqrt(v + numbers["epsilon"])
    return w - numbers["rate"] * step, v, mean_square(step, d, numbers)


def rmsprop(g, w, v, *, numbers):
    """v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon); keras.optimizers.RMSprop."""
    v = mean_square(g, v, numbers)
    return w - numbers["rate"] * g / np.sqrt(v + numbers["epsilon"]), v


def rmsprop_momentum(g, w, v, m, *, numbers):
    """As `rmsprop`, with m = momentum m + increment; w -= m; keras.optimizers.RMSprop(momentum)."""
    v = mean_square(g, v, numbers)
    m = numbers["momentum"] * m + numbers["rate"] * g / np.sqrt(v + numbers["epsilon"])
    return w - m, v, m


def centered_increment(g, v, a, numbers):
    """rate g / sqrt(v - a^2 + epsilon), v and a running means of g^2 and g; returns it with the new v and a.

    v - a^2 is a variance: where rounding makes it negative it is 0 (Keras's root is NaN where it is below -epsilon).
    Where both squares overflow it is infinite, as v is.
    """
    v, a = mean_square(g, v, numbers), numbers["rho"] * a + (1 - numbers["rho"]) * g
    variance = np.maximum(np.fmin(v - a**2, v), 0)
    return numbers["rate"] * g / np.sqrt(variance + numbers["epsilon"]), v, a


def rmsprop_centered(g, w, v, a, *, numbers):
    """w -= increment, see `centered_increment`; keras.optimizers.RMSprop(centered=True)."""
    increment, v, a = centered_increment(g, v, a, numbers)
    return w - increment, v, a


def rmsprop_centered_momentum(g, w, v, m, a, *, numbers):
    """m = momentum m + increment; w -= m; keras.optimizers.RMSprop(momentum, centered=True)."""
    increment, v, a = centered_increment(g, v, a, numbers)
    m = numbers["momentum"] * m + increment
    return w - m, v, m, a


def moments(g, m, v, numbers):
    """m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2: an infinite v stays that."""
    beta_1, beta_2 = numbers["beta_1"], numbers["beta_2"]
    return beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g**2


def adam(g, w, m, v, *, numbers):
    """w -= rate m / (sqrt(v) + epsilon), with `moments`; keras.optimizers.Adam. See `corrected` for the rate."""
    m, v = moments(g, m, v, numbers)
    return w - numbers["rate"] * m / (np.sqrt(v) + numbers["epsilon"]), m, v


def amsgrad(g, w, m, v, largest, *, numbers):
    """As `adam` with the largest v so far in the root; keras.optimizers.Adam(amsgrad=True)."""
    m, v = moments(g, m, v, numbers)
    largest = np.maximum(largest, v)
    return w - numbers["rate"] * m / (np.sqrt(largest) + numbers["epsilon"]), m, v, largest


def adamax(g, w, m, u, *, numbers):
    """u = max(beta_2 u, |g|); w -= rate m / (u + epsilon); keras.optimizers.Adamax. See `corrected` for the rate."""
    m = m + (g - m) * (1 - numbers["beta_1"])
    u = np.maximum(numbers["beta_2"] * u, np.abs(g))
    return w - numbers["rate"] * m / (u + numbers["epsilon"]), m, u


def nadam(g, w, m, v, *, numbers):
    """w -= (rate m + gradient_rate g) / (sqrt(v) + epsilon); keras.optimizers.Nadam. See `corrected` for the rates."""
    m, v = moments(g, m, v, numbers)
    step = numbers["rate"] * m + numbers["gradient_rate"] * g
    return w - step / (np.sqrt(v) + numbers["epsilon"]), m, v


def lion(g, w, m, *, numbers):
    """w -= rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g; keras.optimizers.Lion."""
    w = w - numbers["rate"] * np.sign(numbers["beta_1"] * m + (1 - numbers["beta_1"]) * g)
    return w, numbers["beta_2"] * m + (1 - numbers["beta_2"]) * g


OPTIMIZERS = {
    f.__name__: f
    for f in (
        store, sgd, momentum, nesterov, adagrad, adadelta, rmsprop, rmsprop_momentum, rmsprop_centered,
        rmsprop_centered_momentum, adam, amsgrad, adamax, nadam, lion,
    )
}  # fmt: skip


def corrected(name, step, **numbers):
    """The numbers of step 1, 2, ...: `rate` (and Nadam's `gradient_rate` and `epsilon`) with what depends on the step.

    Adam: rate sqrt(1 - beta_2^t) / (1 - beta_1^t). Adamax: rate / (1 - beta_1^t). Nadam, with u_t = beta_1 (1 - 0.96^t
    / 2), P_t = u_1 ... u_t and c = sqrt(1 - beta_2^t): Keras's rate (u_{t+1} m / (1 - P_{t+1}) + (1 - u_t) g / (1 -
    P_t)) / (sqrt(v) / c + epsilon), numerator and denominator multiplied by c.
    """
    if name in ("adam", "amsgrad"):
        factor = np.sqrt(1 - numbers["beta_2"] ** step) / (1 - numbers["beta_1"] ** step)
        return {**numbers, "rate": numbers["rate"] * factor}
    if name == "adamax":
        return {**numbers, "rate": numbers["rate"] / (1 - numbers["beta_1"] ** step)}
    if name == "nadam":
        momenta = [numbers["beta_1"] * (1 - 0.5 * 0.96**t) for t in range(1, step + 2)]
        root = np.sqrt(1 - numbers["beta_2"] ** step)
        return {
            **numbers,
            "rate": numbers["rate"] * root * momenta[-1] / (1 - np.prod(momenta)),
            "gradient_rate": numbers["rate"] * root * (1 - momenta[-2]) / (1 - np.prod(momenta[:-1])),
            "epsilon": numbers["epsilon"] * root,
        }
    return numbers


def update(name, g, w, *states, weight_decay=0.0, l1=0.0, l2=0.0, **numbers):
    """One step: returns the new parameters and states.

    First the penalties, g + l2 w + l1 sign(w), and the decay w -= weight_decay w (which has the learning rate in it),
    both from the w before the step; `store` does not change w.
    """
    g, w, *states = float64(g, w, *states)
    if l1 or l2:
        g = g + l2 * w + l1 * np.sign(w)
    if weight_decay and name != "store":
        w = w - weight_decay * w
    return OPTIMIZERS[name](g, w, *states, numbers=numbers)
