"""A step where the whole gradient is needed. Twin of fastnn._core.flat: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64
from fastnn.testing.reference.optimizers import OPTIMIZERS, corrected, update


def norm(*arrays):
    """Root of the sum of all squares."""
    return np.sqrt(sum((array**2).sum() for array in arrays))


def clipped(gradients, clip=None, limit=None):
    """The gradients of all tensors, clipped: `clip` is None, "value", "norm" (of each) or "global_norm"."""
    if clip == "value":
        return [np.clip(g, -limit, limit) for g in gradients]
    if clip == "norm":
        return [g * min(1.0, limit / norm(g)) if norm(g) else g for g in gradients]
    if clip == "global_norm":
        return [g * min(1.0, limit / norm(*gradients)) for g in gradients]
    return list(gradients)


def bounded(w, axis, least, most, epsilon=1e-7):
    """w with its norms along `axis` (None: of all of it) brought into [least, most]; keras.constraints."""
    w = float64(w)
    norms = np.sqrt((w**2).sum(axis=axis, keepdims=True))
    return w * np.clip(norms, least, most) / (epsilon + norms)


class FlatPath:
    """Parameters, states, sums and averages of all tensors, and `step`.

    Parameters
    ----------
    name : str
        The optimizer.
    weights : list of ndarray
    first_state : float
        What the first state starts with.
    clip, limit
        See `clipped`.
    accumulation : int
        Steps an update.
    average, overwrite : float or None, int
        The moving average's momentum, and the updates from one overwriting of the weights to the next, 0 for none.
    constraints : list of callables or None
        One for each tensor.
    numbers : float
        The optimizer's constants and ``weight_decay``.
    """

    def __init__(
        self, name, weights, *, first_state=0.0, clip=None, limit=None, accumulation=1, average=None, overwrite=0,
        constraints=None, weight_decay=0.0, **numbers,
    ):  # fmt: skip
        self.name, self.weights = name, [float64(w) for w in weights]
        slots = OPTIMIZERS[name].__code__.co_argcount - 2
        self.states = [[np.full_like(w, 0.0 if slot else first_state) for slot in range(slots)] for w in self.weights]
        self.sums = [np.zeros_like(w) for w in self.weights]
        self.averages = [np.zeros_like(w) for w in self.weights]
        self.clip, self.limit, self.accumulation = clip, limit, accumulation
        self.average, self.overwrite = average, overwrite
        self.constraints = constraints or [None] * len(self.weights)
        self.weight_decay, self.numbers = weight_decay, numbers
        self.steps = 0

    def step(self, gradients, rate):
        """One step with these gradients, penalties included."""
        updates, count = self.steps // self.accumulation, self.steps // self.accumulation + 1
        self.sums = [total + float64(g) for total, g in zip(self.sums, gradients, strict=True)]
        self.steps += 1
        if self.steps % self.accumulation == 0:
            gradients = clipped([total / self.accumulation for total in self.sums], self.clip, self.limit)
            self.sums = [np.zeros_like(total) for total in self.sums]
            numbers = corrected(self.name, count, **self.numbers, rate=rate)
            for i, g in enumerate(gradients):
                self.weights[i], *self.states[i] = update(
                    self.name, g, self.weights[i], *self.states[i], weight_decay=self.weight_decay * rate, **numbers
                )
        if self.average is not None:
            momentum = self.average if updates else 0.0
            pairs = zip(self.weights, self.averages, strict=True)
            self.averages = [momentum * mean + (1 - momentum) * w for w, mean in pairs]
            if self.overwrite and (updates + 1) % self.overwrite == 0:
                self.weights = [mean.copy() for mean in self.averages]
        pairs = zip(self.weights, self.constraints, strict=True)
        self.weights = [w if constraint is None else constraint(w) for w, constraint in pairs]
