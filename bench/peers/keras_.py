"""Keras's own fit, on the backend that KERAS_BACKEND names: compiled steps, a whole epoch for each round of callbacks.

Source: https://keras.io/api/models/model_training_apis (jit_compile, steps_per_execution)
"""

from importlib import import_module

import keras
import numpy as np

from peers.peer import Fits


class Keras(Fits):
    def __init__(self, configuration, threads):
        keras.backend.clear_session()  # of the configuration before
        keras.backend.set_floatx(configuration.dtype)
        if keras.backend.backend() == "jax":
            jax = import_module("jax")  # else it is not needed
            jax.config.update("jax_enable_x64", configuration.dtype == "float64")
        keras.utils.set_random_seed(0)
        numbers = self.configuration = configuration
        self.X, self.y = configuration.data()
        layers = [keras.Input(configuration.widths[:1])]
        for units in configuration.widths[1:-1]:
            layers.append(keras.layers.Dense(units))
            if configuration.batch_normalization:
                layers.append(keras.layers.BatchNormalization())
            layers.append(keras.layers.Activation(configuration.activation))
            if configuration.dropout:
                layers.append(keras.layers.Dropout(configuration.dropout))
        self.model = keras.Sequential([*layers, keras.layers.Dense(configuration.widths[-1])])
        if configuration.optimizer == "adam":
            optimizer = keras.optimizers.Adam(numbers.learning_rate, numbers.beta_1, numbers.beta_2, numbers.epsilon)
        else:
            optimizer = keras.optimizers.SGD(numbers.learning_rate, numbers.momentum)
        optimizer.build(self.model.trainable_variables)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(
            optimizer,
            keras.losses.MeanSquaredError() if configuration.regression else loss,
            steps_per_execution=1 if keras.backend.backend() == "torch" else configuration.steps,  # all that it knows
        )
        dense = [layer for layer in self.model.layers if isinstance(layer, keras.layers.Dense)]
        for layer, weights in zip(dense, configuration.parameters(), strict=True):
            layer.set_weights(weights)
        self.variables = [*self.model.weights, *optimizer.variables]
        self.first = [np.array(variable) for variable in self.variables]

    def version(self):
        return f"keras {keras.__version__} on {keras.backend.backend()}"

    def reset(self):
        for variable, value in zip(self.variables, self.first, strict=True):
            variable.assign(value)

    def predict(self, X):
        made = self.model.predict(X, batch_size=1024, verbose=0)
        if self.configuration.regression:
            return made
        powers = np.exp(made - made.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


PEER = Keras
