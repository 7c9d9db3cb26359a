"""fastnn through its public face: Sequential.fit and predict, with all that they check, and a predictor."""

import numpy as np

import fastnn
from peers.peer import Fits


class Fastnn(Fits):
    @staticmethod
    def lacks(configuration):
        missing = configuration.batch_normalization and not hasattr(fastnn.layers, "BatchNormalization")
        return "batch normalization" if missing else ""

    def __init__(self, configuration, threads):
        self.configuration = configuration
        self.X, self.y = configuration.data()
        layers = [fastnn.Input(configuration.widths[:1])]
        for units in configuration.widths[1:-1]:
            layers += hidden(units, configuration)
        last = fastnn.layers.Dense(configuration.widths[-1], "linear" if configuration.regression else "softmax")
        self.model = fastnn.Sequential([*layers, last], dtype=configuration.dtype, seed=0)
        self.first = self.model.get_weights()
        self.reset()

    def version(self):
        return f"fastnn {fastnn.__version__}"

    def reset(self):
        numbers = self.configuration
        self.model.set_weights(self.first)
        dense = [layer for layer in self.model.layers if isinstance(layer, fastnn.layers.Dense)]
        for layer, (kernel, bias) in zip(dense, numbers.parameters(), strict=True):
            layer.kernel[...], layer.bias[...] = kernel, bias
        if numbers.optimizer == "adam":
            optimizer = fastnn.optimizers.Adam(numbers.learning_rate, numbers.beta_1, numbers.beta_2, numbers.epsilon)
        else:
            optimizer = fastnn.optimizers.SGD(numbers.learning_rate, numbers.momentum)
        self.model.compile(optimizer, "mse" if numbers.regression else "sparse_categorical_crossentropy")

    def predict(self, X):
        return self.model.predict(X)

    def ways(self, X):
        predictor = self.model.predictor(len(X))
        out = np.empty((len(X), self.configuration.widths[-1]), X.dtype)
        return {"predict": lambda: self.model.predict(X), "predictor": lambda: predictor(X, out)}


def hidden(units, configuration):
    """Layers of one hidden layer: dense, normalization, activation, dropout."""
    if configuration.batch_normalization:
        layers = [fastnn.layers.Dense(units), fastnn.layers.BatchNormalization()]
        layers.append(fastnn.layers.Activation(configuration.activation))
    else:
        layers = [fastnn.layers.Dense(units, configuration.activation)]
    return [*layers, fastnn.layers.Dropout(configuration.dropout)] if configuration.dropout else layers


PEER = Fastnn
