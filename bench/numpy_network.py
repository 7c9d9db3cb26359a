"""A network in NumPy, as somebody who knows NumPy writes it: BLAS, `out=` everywhere, Adam on one flat vector."""

from itertools import pairwise

import numpy as np
import numpy_kernels
from configurations import Configuration


class NumpyNetwork:
    """Trains and predicts a configuration in `dtype`; buffers are made once, for batches of `rows` rows."""

    def __init__(self, configuration: Configuration, dtype: str, rows: int) -> None:
        self.configuration, self.iterations = configuration, 0
        layers = configuration.parameters()
        flat = np.concatenate([array.ravel() for layer in layers for array in layer])
        self.parameters = flat.astype(dtype)
        self.gradient, self.mean, self.square = np.zeros((3, flat.size), dtype)
        self.scratch = np.empty((2, flat.size), dtype)
        self.weights, self.weight_gradients = self._views(self.parameters), self._views(self.gradient)
        widths = configuration.widths
        self.values = [np.empty((rows, width), dtype) for width in widths]
        self.deltas = [np.empty((rows, width), dtype) for width in widths]

    def _views(self, flat):
        """(kernel, bias) of each layer, as parts of a flat vector."""
        views, start = [], 0
        widths = self.configuration.widths
        for inputs, outputs in pairwise(widths):
            kernel = flat[start : start + inputs * outputs].reshape(inputs, outputs)
            start += inputs * outputs
            views.append((kernel, flat[start : start + outputs]))
            start += outputs
        return views

    def forward(self, x, out=None):
        """The last layer's probabilities for x, [rows, classes]; `out` receives them if given."""
        for layer, (kernel, bias) in enumerate(self.weights):
            last = layer == len(self.weights) - 1
            z = out if last and out is not None else self.values[layer + 1]
            np.matmul(x, kernel, out=z)
            np.add(z, bias, out=z)
            (numpy_kernels.softmax if last else numpy_kernels.relu)(z, z)
            x = z
        return x

    def step(self, X, y, index):
        """One step of Adam on the rows `index`; the mean cross-entropy before it."""
        x, numbers = self.values[0], self.configuration
        np.take(X, index, axis=0, out=x, mode="clip")  # any other mode goes through a buffer
        truth = np.arange(len(index)), y[index]
        probabilities = self.forward(x)
        loss = -np.log(probabilities[truth]).mean(dtype=np.float64)
        delta = probabilities
        delta[truth] -= 1
        delta /= len(index)
        for layer in reversed(range(len(self.weights))):
            kernel_gradient, bias_gradient = self.weight_gradients[layer]
            np.matmul(self.values[layer].T, delta, out=kernel_gradient)
            delta.sum(axis=0, out=bias_gradient)
            if layer:
                before = self.deltas[layer]
                np.matmul(delta, self.weights[layer][0].T, out=before)
                numpy_kernels.relu_backward(self.values[layer], before, before)
                delta = before
        self.iterations += 1
        correction = np.sqrt(1 - numbers.beta_2**self.iterations) / (1 - numbers.beta_1**self.iterations)
        constants = {**numbers._asdict(), "rate": numbers.learning_rate * correction}
        numpy_kernels.adam(self.gradient, constants, self.scratch, self.parameters, self.mean, self.square)
        return loss

    def epoch(self, X, y, order):
        """Losses of each step over the rows in `order`, whole batches."""
        batches = order.reshape(-1, len(self.values[0]))
        return np.array([self.step(X, y, index) for index in batches])
