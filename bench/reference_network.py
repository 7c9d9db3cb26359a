"""A network of twins from fastnn.testing.reference, in float64: what an epoch's losses and a prediction should be."""

import numpy as np
from configurations import Configuration

from fastnn.testing import reference


def predict(layers, X):
    """Probabilities [rows, classes] of (kernel, bias) layers."""
    return forward(layers, X)[-1]


def forward(layers, X):
    """X and each layer's output."""
    values = [X]
    for number, (kernel, bias) in enumerate(layers):
        activation = "softmax" if number == len(layers) - 1 else "relu"
        values.append(reference.dense_forward(values[-1], kernel, bias, activation))
    return values


def epoch(configuration: Configuration, X, y, order):
    """Losses of each step of Adam over the rows in `order`, from the configuration's parameters."""
    layers = [list(layer) for layer in configuration.parameters()]
    states = [[(np.zeros(array.shape), np.zeros(array.shape)) for array in layer] for layer in layers]
    losses = []
    for step, index in enumerate(order.reshape(-1, configuration.batch), start=1):
        values = forward(layers, X[index])
        logits = reference.dense_forward(values[-2], *layers[-1])
        row_loss, delta, _ = reference.loss(
            "sparse_categorical_crossentropy_from_logits", logits, y[index], gradient_scale=1 / len(index)
        )
        losses.append(row_loss.mean())
        correction = np.sqrt(1 - configuration.beta_2**step) / (1 - configuration.beta_1**step)
        numbers = {name: getattr(configuration, name) for name in ("beta_1", "beta_2", "epsilon")}
        numbers["rate"] = configuration.learning_rate * correction
        for number in reversed(range(len(layers))):
            gradients = reference.dense_weight_gradient(values[number], delta), delta.sum(axis=0)
            if number:
                delta = reference.dense_input_gradient(delta, layers[number][0])
                delta = reference.activation_backward("relu", values[number], delta)
            for which, gradient in enumerate(gradients):
                array, *state = reference.update(
                    "adam", gradient, layers[number][which], *states[number][which], **numbers
                )
                layers[number][which], states[number][which] = array, state
    return np.array(losses)
