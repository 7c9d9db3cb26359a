"""First values of parameters, drawn in float64 by NumPy's Philox generator and rounded to the model's type.

To add one: a class with `values(generator, shape)`, and its name in NAMES.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn import arguments

Shape = tuple[int, ...]


class Initializer(arguments.Configured):
    """Base of initializers: called with a shape they return an array.

    Examples
    --------
    >>> import fastnn
    >>> isinstance(fastnn.initializers.get("zeros"), fastnn.initializers.Initializer)
    True
    """

    seed: int | None = None

    def __call__(
        self, shape: Shape, dtype: str = "float32", generator: np.random.Generator | None = None
    ) -> np.ndarray:
        """Return the values of an array of `shape`.

        Parameters
        ----------
        shape : tuple of int
            (inputs, outputs) of a kernel, or (outputs,) of a bias.
        dtype : {"float32", "float64"}
        generator : numpy.random.Generator, optional
            Source of randomness where the initializer has no seed of its own: the model's. An initializer with a seed
            returns the same values at every call.
        """
        if generator is None or self.seed is not None:
            generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(self.seed)))
        return self.values(generator, tuple(shape)).astype(dtype)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        """Return float64 values of `shape`."""
        raise NotImplementedError(f"{type(self).__name__} draws no values")


class Constant(Initializer):
    """One value everywhere (a small positive one suits the bias of ReLU units).

    Parameters
    ----------
    value : float, default 0

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Constant(0.1)((2,))
    array([0.1, 0.1], dtype=float32)
    """

    def __init__(self, value: float = 0.0) -> None:
        self.value = arguments.number("value", value)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.full(shape, self.value)


class Zeros(Initializer):
    """Zeros.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __init__(self) -> None:
        """Nothing to configure."""

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.zeros(shape)


class Ones(Initializer):
    """Ones.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __init__(self) -> None:
        """Nothing to configure."""

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.ones(shape)


class RandomNormal(Initializer):
    """Normal distribution.

    Parameters
    ----------
    mean : float, default 0
    stddev : float >= 0, default 0.05
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.RandomNormal(stddev=1.0, seed=0)((3, 2)).shape
    (3, 2)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = arguments.number("mean", mean)
        self.stddev = arguments.number("stddev", stddev, least=0.0)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return generator.normal(self.mean, self.stddev, shape)


class RandomUniform(Initializer):
    """Uniform distribution in [minval, maxval).

    Parameters
    ----------
    minval, maxval : float, default -0.05 and 0.05
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> bool((abs(fastnn.initializers.RandomUniform(seed=0)((3, 2))) <= 0.05).all())
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval = arguments.number("minval", minval)
        self.maxval = arguments.number("maxval", maxval, least=self.minval)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return generator.uniform(self.minval, self.maxval, shape)


class TruncatedNormal(Initializer):
    """Normal distribution, values beyond two standard deviations drawn anew.

    Parameters
    ----------
    mean : float, default 0
    stddev : float >= 0, default 0.05
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> bool((abs(fastnn.initializers.TruncatedNormal(seed=0)((30, 20))) <= 0.1).all())
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = arguments.number("mean", mean)
        self.stddev = arguments.number("stddev", stddev, least=0.0)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return self.mean + self.stddev * _truncated_normal(generator, shape)


#: Standard deviation of a unit normal truncated at two: what is drawn is divided by it, as in Keras.
_TRUNCATED_STDDEV = 0.87962566103423978


def _truncated_normal(generator: np.random.Generator, shape: Shape) -> np.ndarray:
    drawn = generator.standard_normal(math.prod(shape))
    while (outside := np.flatnonzero(np.abs(drawn) > 2.0)).size:
        drawn[outside] = generator.standard_normal(outside.size)
    return drawn.reshape(shape)


class VarianceScaling(Initializer):
    """Zero mean and a variance of ``scale / n``, n by the mode: inputs, outputs or their mean.

    Parameters
    ----------
    scale : float > 0, default 1
    mode : {"fan_in", "fan_out", "fan_avg"}, default "fan_in"
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}, default "truncated_normal"
        uniform is U(-limit, limit) with ``limit = sqrt(3 scale / n)``.
    seed : int, optional

    Notes
    -----
    Source: Keras 3, ``keras.initializers.VarianceScaling``.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.VarianceScaling(3.0, distribution="uniform", seed=0)((9, 9))).max() <= 1.0)
    True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        self.scale = arguments.number("scale", scale, above=0.0)
        self.mode = arguments.one_of("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        self.distribution = arguments.one_of(
            "distribution", distribution, ("truncated_normal", "untruncated_normal", "uniform")
        )
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        inputs, outputs = shape[0], shape[-1]
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2.0}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return generator.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return generator.normal(0.0, math.sqrt(variance), shape)
        return math.sqrt(variance) / _TRUNCATED_STDDEV * _truncated_normal(generator, shape)


class _Scaled(VarianceScaling):
    """A VarianceScaling with a name: scale, mode and distribution are the class's, the seed is the only argument."""

    scale = 1.0
    mode = "fan_in"
    distribution = "truncated_normal"

    def __init__(self, seed: int | None = None) -> None:
        self.seed = arguments.seed(seed)


class GlorotUniform(_Scaled):
    """U(-limit, limit) with ``limit = sqrt(6 / (inputs + outputs))``: suits tanh, sigmoid, softmax.

    Parameters
    ----------
    seed : int, optional

    Notes
    -----
    Source: Glorot and Bengio, 2010, equation 16.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.GlorotUniform(seed=0)((3, 3))).max() <= 1.0)
    True
    """

    mode = "fan_avg"
    distribution = "uniform"


class GlorotNormal(_Scaled):
    """Truncated normal of variance ``2 / (inputs + outputs)``.

    Parameters
    ----------
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.GlorotNormal(seed=0)((4, 2)).shape
    (4, 2)
    """

    mode = "fan_avg"


class HeUniform(_Scaled):
    """U(-limit, limit) with ``limit = sqrt(6 / inputs)``: suits ReLU.

    Parameters
    ----------
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.HeUniform(seed=0)((6, 3))).max() <= 1.0)
    True
    """

    scale = 2.0
    distribution = "uniform"


class HeNormal(_Scaled):
    """Truncated normal of variance ``2 / inputs``: suits ReLU.

    Parameters
    ----------
    seed : int, optional

    Notes
    -----
    Source: He et al., 2015, equation 10.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.HeNormal(seed=0)((4, 2)).shape
    (4, 2)
    """

    scale = 2.0


class LecunUniform(_Scaled):
    """U(-limit, limit) with ``limit = sqrt(3 / inputs)``.

    Parameters
    ----------
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.LecunUniform(seed=0)((3, 3))).max() <= 1.0)
    True
    """

    distribution = "uniform"


class LecunNormal(_Scaled):
    """Truncated normal of variance ``1 / inputs``.

    Parameters
    ----------
    seed : int, optional

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.LecunNormal(seed=0)((4, 2)).shape
    (4, 2)
    """


NAMES: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
}


def get(identifier: Any) -> Initializer:
    """Return the initializer that `identifier` means.

    Parameters
    ----------
    identifier : str, Initializer, class, or dict of class_name and config

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.get("he_normal")
    HeNormal()
    """
    initializer: Initializer = arguments.look_up("initializer", identifier, Initializer, NAMES)
    return initializer
