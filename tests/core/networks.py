"""Small networks as the engine takes them, and the same network trained by the reference, step by step."""

import itertools
from unittest import mock

import numpy as np

from fastnn._core import engine, targets
from fastnn._core import threads as core_threads
from fastnn.testing import reference


def network(dtype, widths, activations, dropout=0.0, l1=0.0, l2=0.0, scale=0.3, seed=0):
    """(plan, parameters): dense layers of `widths`, each with its activation, dropout after all but the last."""
    ops, segments, offset = [], [], 0
    for index, (inputs, units) in enumerate(itertools.pairwise(widths)):
        size = inputs * units
        ops.append(("dense", units, offset, offset + size, True))
        segments += [(offset, size, l1, l2, True), (offset + size, units, 0.0, 0.0, True)]
        ops.append(("activation", activations[index], 0.0))
        if dropout and index < len(widths) - 2:
            ops.append(("dropout", dropout, index))
        offset += size + units
    plan = engine.Plan(dtype, widths[0], ops, segments)
    parameters = engine.allocate(plan.n_parameters, dtype)
    parameters[:] = np.random.default_rng(seed).normal(scale=scale, size=parameters.size)
    return plan, parameters


def states(optimizer, parameters):
    slots = targets.OPTIMIZERS[optimizer][1]
    return engine.allocate(slots * parameters.size, parameters.dtype.name).reshape(slots, parameters.size)


def trainer(plan, parameters, optimizer="sgd", **options):
    return engine.Trainer(plan, parameters, states(optimizer, parameters), optimizer=optimizer, **options)


def run(trained, order, batch_size, rate=0.05, outputs=None, start=0, stop=None):
    """Train on order[start:stop]; returns each step's loss."""
    stop = len(order) if stop is None else stop
    steps = -(-(stop - start) // batch_size)
    losses = np.full(steps, np.nan)
    trained.run(order, start, stop, np.full(steps, rate), losses, outputs)
    return losses


def predict(plan, parameters, x, threads):
    """Predictions for x by so many threads, whether they pay or not; by one for less than 3 million FLOP."""

    class Fixed:
        used = np.inf

        def next(self, steps, most):
            return steps, threads

        def took(self, size, steps, seconds):
            pass

    out = np.empty((len(x), plan.outputs), plan.dtype)
    plan.pool.clear()
    plan.passes.update(dict.fromkeys(range(64), Fixed()))
    with mock.patch.object(core_threads, "LATELY_SECONDS", 1e18):
        engine.predict(plan, parameters, x, out, threads)
    plan.passes.clear()
    return out


def problem(dtype, rows, inputs, outputs, seed=1):
    """(X, one-hot y, labels, weights)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, outputs, rows).astype(np.int32)
    x = rng.normal(size=(rows, inputs)).astype(dtype)
    return x, np.eye(outputs, dtype=dtype)[labels], labels, rng.uniform(0.5, 2.0, rows).astype(dtype)


class Twin:
    """The network of `network`, trained in NumPy and float64 by the reference's functions."""

    def __init__(self, widths, activations, parameters, dropout=0.0, l1=0.0, l2=0.0):
        self.activations, self.dropout, self.l1, self.l2 = activations, dropout, l1, l2
        self.weights, offset = [], 0
        for inputs, units in itertools.pairwise(widths):
            size = inputs * units
            kernel = np.array(parameters[offset : offset + size], dtype=np.float64).reshape(inputs, units)
            bias = np.array(parameters[offset + size : offset + size + units], dtype=np.float64)
            self.weights += [kernel, bias]
            offset += size + units

    def flat(self):
        return np.concatenate([weight.ravel() for weight in self.weights])

    def forward(self, x, fused, draw=None):
        """Values before and after every layer's operations; the last activation is left out where `fused`."""
        layers = len(self.activations)
        inputs, outputs, x = [], [], np.asarray(x, dtype=np.float64)
        for index, activation in enumerate(self.activations):
            inputs.append(x)
            name = "linear" if fused and index == layers - 1 else activation
            x = reference.dense_forward(x, self.weights[2 * index], self.weights[2 * index + 1], name)
            outputs.append(x)
            if draw is not None and self.dropout and index < layers - 1:
                x = reference.dropout(x, self.dropout, *draw, index)
        return inputs, outputs

    def gradients(self, x, y, loss, weight=None, value_scale=1.0, gradient_scale=1.0, weighted_mean=False, draw=None):
        """(loss, gradients, predictions) of a batch."""
        fuses = targets.LOSSES[loss][2]
        fused = bool(fuses) and fuses == self.activations[-1]
        inputs, outputs = self.forward(x, fused, draw)
        divisor = weight.sum() if weighted_mean and weight is not None else len(x)
        values, delta, predictions = reference.loss(
            loss, outputs[-1], y, weight, value_scale=value_scale, gradient_scale=gradient_scale / divisor
        )
        total = values.sum() / divisor
        gradients = [None] * len(self.weights)
        for index in range(len(self.activations) - 1, -1, -1):
            last = index == len(self.activations) - 1
            if draw is not None and self.dropout and not last:
                delta = reference.dropout(delta, self.dropout, *draw, index)
            if not (fused and last):
                delta = reference.activation_backward(self.activations[index], outputs[index], delta)
            kernel = self.weights[2 * index]
            total += self.l1 * np.abs(kernel).sum() + 0.5 * self.l2 * (kernel**2).sum()
            gradients[2 * index] = reference.dense_weight_gradient(inputs[index], delta)
            gradients[2 * index + 1] = delta.sum(axis=0)
            delta = reference.dense_input_gradient(delta, kernel)
        self.input_gradient = delta
        return total, gradients, predictions

    def step(self, optimizer, states, gradients, **numbers):
        """Update every array; `states` is a list of lists, one list an array."""
        for index, gradient in enumerate(gradients):
            kernel = index % 2 == 0
            updated = reference.update(
                optimizer, gradient, self.weights[index], *states[index],
                l1=self.l1 if kernel else 0.0, l2=self.l2 if kernel else 0.0, **numbers,
            )  # fmt: skip
            self.weights[index], states[index] = updated[0], list(updated[1:])
