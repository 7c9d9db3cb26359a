"""Input, Dense, Activation, Flatten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import activations, arguments, constraints, initializers, regularizers
from fastnn.layers.base import Layer, Op, Weight, feature_shape


class Input(Layer):
    """Shape of a model's input rows; first in the list of layers, and no layer of `Sequential.layers`.

    Parameters
    ----------
    shape : tuple of int
        (features,); or several dimensions, with `Flatten` before the first layer that mixes columns.
    name : str, optional

    Raises
    ------
    ValueError
        If shape is not made of positive integers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.Sequential([fastnn.Input(shape=(3,)), fastnn.layers.Dense(2)]).count_params()
    8
    """

    def __init__(self, shape: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.shape = feature_shape("shape", shape)


class Dense(Layer):
    """Fully connected layer: ``Y = activation(X W + b)``.

    Parameters
    ----------
    units : int
        Width of the output, O.
    activation : None, str or function of fastnn.activations
    use_bias : bool, default True
    kernel_initializer, bias_initializer : str or Initializer, default "glorot_uniform" and "zeros"
    kernel_regularizer, bias_regularizer : None, str or Regularizer
    activity_regularizer : None, str or Regularizer
        A penalty on the outputs, the mean over the batch's rows as in Keras.
    kernel_constraint, bias_constraint : None, str or Constraint
        What holds for them after each update.
    name, trainable, input_shape
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray, shape (I, O)
        W, a writable view of the model's parameters.
    bias : ndarray, shape (O,), or None
        b, a writable view of the model's parameters.

    Raises
    ------
    ValueError
        If units is not a positive integer, or a name is not known.

    Notes
    -----
    Source: Keras 3, ``keras.layers.Dense``.

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Dense(1, activation="relu", kernel_initializer="ones")
    >>> layer([[1.0, 2.0], [-1.0, -2.0]])
    array([[3.],
           [0.]])
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, trainable, input_shape)
        self.units = arguments.integer("units", units, least=1)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    @property
    def kernel(self) -> np.ndarray:
        """W, shape (I, O): a writable view of the parameters."""
        return self.arrays()[0]

    @property
    def bias(self) -> np.ndarray | None:
        """b, shape (O,): a writable view of the parameters; None without bias."""
        return self.arrays()[1] if self.use_bias else None

    def output_width(self, inputs: int) -> int:
        return self.units

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        shape = inputs, self.units
        kernel = Weight("kernel", shape, self.kernel_initializer, self.kernel_regularizer, True, self.kernel_constraint)
        if not self.use_bias:
            return (kernel,)
        bias = Weight("bias", shape[1:], self.bias_initializer, self.bias_regularizer, True, self.bias_constraint)
        return kernel, bias

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        dense: Op = ("dense", self.units, offsets[0], offsets[1] if self.use_bias else -1, self.trainable)
        kernel = activations.kernel(self.activation)
        behind: list[Op] = [] if kernel[0] == "linear" else [("activation", *kernel)]
        penalty = self.activity_regularizer
        if penalty is not None and (penalty.l1 or penalty.l2):
            behind.append(("activity", penalty.l1, penalty.l2))
        return [dense, *behind]

    def last_activation(self, before: str) -> str:
        name: str = activations.kernel(self.activation)[0]
        return name


class Activation(Layer):
    """An activation by itself: ``Y = activation(X)``.

    Parameters
    ----------
    activation : str or function of fastnn.activations
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If the name of the activation is not known, or an argument of it is out of range.
    TypeError
        If activation is neither a name nor a function of fastnn.activations, or has no such argument.

    Notes
    -----
    Source: Keras 3, ``keras.layers.Activation``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Activation("relu")([[-1.0, 2.0]])
    array([[0., 2.]])
    """

    def __init__(self, activation: Any, name: str | None = None, input_shape: tuple[int, ...] | None = None) -> None:
        super().__init__(name, input_shape=input_shape)
        self.activation = activations.get(activation)

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("activation", *activations.kernel(self.activation))]

    def last_activation(self, before: str) -> str:
        name = activations.kernel(self.activation)[0]
        return before if name == "linear" else name


class Flatten(Layer):
    """Rows of any shape as flat ones: X [B, ...] becomes [B, features].

    A model's rows are flat from its input on; after an `Input` of several dimensions, or as first layer, this says
    that X of that shape is welcome.

    Parameters
    ----------
    name : str, optional
    input_shape : tuple of int, optional
        Shape of a row of X, of any number of dimensions.

    Raises
    ------
    ValueError
        If name is not a non-empty string, or input_shape is not made of positive integers.

    Notes
    -----
    Source: Keras 3, ``keras.layers.Flatten``.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layers = [fastnn.Input((28, 28)), fastnn.layers.Flatten(), fastnn.layers.Dense(10)]
    >>> model = fastnn.Sequential(layers)
    >>> model.predict(np.zeros((5, 28, 28)), verbose=0).shape
    (5, 10)
    """

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return []

    def last_activation(self, before: str) -> str:
        return before
