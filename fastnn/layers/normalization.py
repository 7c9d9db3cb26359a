"""Layers that center and scale: by the batch, by the row, by statistics of the data, by given numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments, constraints, data, initializers, regularizers
from fastnn._core import engine
from fastnn.layers.base import Layer, Op, Weight


class _Scaled(Layer):
    """Base of layers with a learned factor `gamma` and a learned offset `beta` for each column."""

    scale: bool
    center: bool
    gamma_initializer: initializers.Initializer
    beta_initializer: initializers.Initializer
    gamma_regularizer: regularizers.Regularizer | None
    beta_regularizer: regularizers.Regularizer | None
    gamma_constraint: constraints.Constraint | None
    beta_constraint: constraints.Constraint | None

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        shape = (inputs,)
        gamma = Weight("gamma", shape, self.gamma_initializer, self.gamma_regularizer, constraint=self.gamma_constraint)
        beta = Weight("beta", shape, self.beta_initializer, self.beta_regularizer, constraint=self.beta_constraint)
        return (gamma,) * self.scale + (beta,) * self.center

    def _places(self, offsets: Sequence[int]) -> tuple[int, int]:
        """Where gamma and beta are; -1 without."""
        return (offsets[0] if self.scale else -1, offsets[int(self.scale)] if self.center else -1)

    @property
    def gamma(self) -> np.ndarray | None:
        """The factors, shape (I,): a writable view of the parameters; None with ``scale=False``."""
        return self.arrays()[0] if self.scale else None

    @property
    def beta(self) -> np.ndarray | None:
        """The offsets, shape (I,): a writable view of the parameters; None with ``center=False``."""
        return self.arrays()[int(self.scale)] if self.center else None


def _last_axis(axis: Any) -> int:
    if axis not in (-1, 1) or isinstance(axis, bool):
        raise ValueError(f"expected `axis` to be -1, the columns of a row, received: axis={axis!r}")
    return int(axis)


class BatchNormalization(_Scaled):
    """``Y = gamma (X - mean) / sqrt(variance + epsilon) + beta``, by column (Ioffe and Szegedy, 2015).

    In training mean and variance (over B, not B - 1) are the batch's; the moving ones follow them,
    ``moving = momentum moving + (1 - momentum) batch``, and are used at inference. With ``trainable=False`` the moving
    ones are used in training too, as in Keras.

    Parameters
    ----------
    axis : int, default -1
        Columns; rows are flat, so there is no other.
    momentum : float in [0, 1], default 0.99
    epsilon : float > 0, default 0.001
    center, scale : bool, default True
        Whether there is a `beta`, a `gamma`.
    beta_initializer, gamma_initializer : str or Initializer, default "zeros" and "ones"
    moving_mean_initializer, moving_variance_initializer : str or Initializer, default "zeros" and "ones"
    beta_regularizer, gamma_regularizer : None, str or Regularizer
    beta_constraint, gamma_constraint : None, str or Constraint
        Followed after each update.
    name, trainable, input_shape
        See `Layer`.

    Attributes
    ----------
    gamma, beta : ndarray, shape (I,), or None
        Writable views of the parameters.
    moving_mean, moving_variance : ndarray, shape (I,)
        Writable views; no optimizer touches them.

    Raises
    ------
    ValueError
        If momentum is outside [0, 1], epsilon not positive, or axis not the last.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layers = [fastnn.Input((1,)), fastnn.layers.BatchNormalization(momentum=0.5), fastnn.layers.Dense(1)]
    >>> model = fastnn.Sequential(layers, seed=0)
    >>> model.compile("sgd", "mse")
    >>> _ = model.train_on_batch([[1.0], [3.0]], [0.0, 0.0])
    >>> model.layers[0].moving_mean, model.layers[0].moving_variance
    (array([1.], dtype=float32), array([1.], dtype=float32))
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, trainable, input_shape)
        self.axis = _last_axis(axis)
        self.momentum = arguments.number("momentum", momentum, least=0.0, most=1.0)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        mean = Weight("moving_mean", (inputs,), self.moving_mean_initializer, None, trainable=False)
        variance = Weight("moving_variance", (inputs,), self.moving_variance_initializer, None, trainable=False)
        return (*super().weights(inputs), mean, variance)

    @property
    def moving_mean(self) -> np.ndarray:
        """Mean of the columns, shape (I,): a writable view."""
        return self.arrays()[-2]

    @property
    def moving_variance(self) -> np.ndarray:
        """Variance of the columns, shape (I,): a writable view."""
        return self.arrays()[-1]

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        gamma, beta = self._places(offsets)
        return [("batch_norm", gamma, beta, offsets[-2], offsets[-1], self.epsilon, self.momentum, self.trainable)]


class LayerNormalization(_Scaled):
    """``Y = gamma (X - mean) / sqrt(variance + epsilon) + beta`` with each row's own mean and variance.

    The same in training and at inference (Ba, Kiros and Hinton, 2016).

    Parameters
    ----------
    axis : int, default -1
    epsilon : float > 0, default 0.001
    center, scale : bool, default True
        Whether there is a `beta`, a `gamma`.
    beta_initializer, gamma_initializer : str or Initializer, default "zeros" and "ones"
    beta_regularizer, gamma_regularizer : None, str or Regularizer
    beta_constraint, gamma_constraint : None, str or Constraint
        Followed after each update.
    name, trainable, input_shape
        See `Layer`.

    Attributes
    ----------
    gamma, beta : ndarray, shape (I,), or None
        Writable views of the parameters.

    Raises
    ------
    ValueError
        If epsilon is not positive, or axis not the last.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.LayerNormalization(epsilon=1e-9)([[1.0, 3.0]]).round(3)
    array([[-1.,  1.]])
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, trainable, input_shape)
        self.axis = _last_axis(axis)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("layer_norm", *self._places(offsets), self.epsilon, self.trainable)]


class Normalization(Layer):
    """``Y = (X - mean) / sqrt(variance)`` by column: standardization in the model.

    Mean and variance are learned from the data by `adapt`. A variance below 1e-14 counts as that, so that a constant
    column gives zeros.

    Parameters
    ----------
    axis : int, default -1
    mean, variance : float or array_like of shape (I,), optional
        Instead of `adapt`.
    name, input_shape
        See `Layer`.

    Attributes
    ----------
    mean, variance : ndarray, shape (I,)
        Writable views; training leaves them alone. 0 and 1 before `adapt`.

    Raises
    ------
    ValueError
        If only one of mean and variance is given, a variance is negative, or axis is not the last.

    Notes
    -----
    Source: Keras 3, ``keras.layers.Normalization``.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Normalization()
    >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> layer([[1.0, 30.0]])
    array([[-1.,  1.]])
    """

    #: What a variance is at least.
    FLOOR = 1e-14

    def __init__(
        self,
        axis: int = -1,
        mean: Any = None,
        variance: Any = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, trainable=False, input_shape=input_shape)
        self.axis = _last_axis(axis)
        if (mean is None) != (variance is None):
            raise ValueError(f"expected both mean and variance or none, received: mean={mean!r}, variance={variance!r}")
        self._mean = None if mean is None else _statistics("mean", mean)
        self._variance = None if variance is None else _statistics("variance", variance)
        if self._variance is not None and (self._variance < 0).any():
            raise ValueError(f"expected no negative variance, received: variance={variance!r}")

    def get_config(self) -> dict[str, Any]:
        given = {"mean": self._mean, "variance": self._variance}
        plain = {name: None if value is None else value.tolist() for name, value in given.items()}
        return {"axis": self.axis, **plain, "name": self.name, "input_shape": self.input_shape}

    def __repr__(self) -> str:
        return f"Normalization(name={self.name!r})"

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        for name, value in (("mean", self._mean), ("variance", self._variance)):
            if value is not None and value.size not in (1, inputs):
                raise ValueError(f"expected `{name}` to be a number or of shape ({inputs},), received: {value.shape}")
        if self.flat is not None and self.inputs != inputs:
            raise ValueError(f"expected rows of {self.inputs} columns, as `adapt` saw them, received: {inputs}")
        mean = 0.0 if self._mean is None else self._mean
        variance = 1.0 if self._variance is None else np.maximum(self._variance, self.FLOOR)
        return (
            Weight("mean", (inputs,), _Values(mean), None, trainable=False),
            Weight("variance", (inputs,), _Values(variance), None, trainable=False),
        )

    @property
    def mean(self) -> np.ndarray:
        """Mean of the columns, shape (I,): a writable view."""
        return self.arrays()[0]

    @property
    def variance(self) -> np.ndarray:
        """Variance of the columns, shape (I,): a writable view."""
        return self.arrays()[1]

    def adapt(self, x: Any) -> None:
        """Learn mean and variance from data.

        Parameters
        ----------
        x : array_like of float, shape (rows, features)

        Raises
        ------
        ValueError, TypeError
            If it is no table of finite numbers, or of another width than the layer's; nothing is changed then.
        """
        x = data.features(x, self.inputs, "float64", "x")
        if self.flat is None:
            self.bind(x.shape[1], engine.allocate(2 * x.shape[1], "float64"))
        self.mean[...] = x.mean(axis=0, dtype=np.float64)
        self.variance[...] = np.maximum(x.var(axis=0, dtype=np.float64), self.FLOOR)

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("scale", offsets[0], offsets[1], 0.0)]


class _Values(initializers.Initializer):
    """Given numbers."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def values(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(np.asarray(self.given, dtype=np.float64), shape).copy()


def _statistics(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value, dtype=np.float64).reshape(-1)
    if not np.isfinite(array).all():
        raise ValueError(f"expected `{name}` to be finite, received: {name}={value!r}")
    return array


class Rescaling(Layer):
    """``Y = scale X + offset``: grey values to [0, 1], or whatever is known before the data is.

    Parameters
    ----------
    scale : float
    offset : float, default 0
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If scale or offset is not a finite number.

    Notes
    -----
    Source: Keras 3, ``keras.layers.Rescaling``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Rescaling(1 / 127.5, offset=-1)([[0.0, 255.0]])
    array([[-1.,  1.]])
    """

    def __init__(
        self,
        scale: float,
        offset: float = 0.0,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, input_shape=input_shape)
        self.scale = arguments.number("scale", scale)
        self.offset = arguments.number("offset", offset)

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("affine", self.scale, self.offset)]
