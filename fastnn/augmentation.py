"""Data augmentation: functions of a batch for ``Sequential.fit(augment=...)``, ready ones for images as flat rows.

An image is a row of height * width * channels numbers, in that order. What moves an image reads each pixel of the new
one from its place in the old one, bilinearly between pixels; what lies outside is `fill`. Angles and factors are drawn
for each row and taken about the image's middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments

__all__ = ["Compose", "Noise", "Rotate", "Scale", "Shear", "Shift"]


class _Warp(arguments.Configured):
    """Base of what moves pixels: output pixel p is read at `inverse` (p - middle - shift) + middle."""

    def __init__(self, image_shape: Sequence[int], fill: float) -> None:
        sides = arguments.sequence("image_shape", image_shape)
        if len(sides) not in (2, 3):
            raise ValueError(
                "expected `image_shape` to be (height, width) or (height, width, channels), received: "
                f"image_shape={image_shape!r}"
            )
        self.image_shape = tuple(arguments.integer("image_shape", side, least=1) for side in sides)
        self.fill = arguments.number("fill", fill)

    def _drawn(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return `inverse` [rows, 2, 2] and `shift` [rows, 2]: of (row, column) coordinates in pixels."""
        raise NotImplementedError

    def __call__(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return the images moved, each its own way.

        Parameters
        ----------
        x : ndarray of float, shape (rows, height * width * channels)
        generator : numpy.random.Generator

        Returns
        -------
        ndarray of x's shape and dtype

        Raises
        ------
        ValueError
            If the rows are not images of `image_shape`.
        """
        height, width, channels = (*self.image_shape, 1)[:3]
        if x.ndim != 2 or x.shape[1] != height * width * channels:
            raise ValueError(
                f"expected rows of {height * width * channels} values, images of {self.image_shape}, received: "
                f"shape={x.shape}"
            )
        inverse, shift = self._drawn(len(x), generator)
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        pixels = np.indices((height, width)).reshape(2, -1) - middle[:, None]
        places = inverse @ (pixels - shift[:, :, None]) + middle[:, None]
        images = x.reshape(-1, height, width, channels)
        return _between(images, places[:, 0], places[:, 1], self.fill).reshape(x.shape)


def _between(images: np.ndarray, rows: np.ndarray, columns: np.ndarray, fill: float) -> np.ndarray:
    """Return values at fractional places, [images, places, channels]: bilinear, with `fill` all around the images."""
    height, width = images.shape[1:3]
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=fill)
    rows, columns = np.clip(rows, -1, height), np.clip(columns, -1, width)
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    below, right = (rows - top)[..., None], (columns - left)[..., None]
    top, left = top + 1, left + 1  # of the framed image
    bottom, end = np.minimum(top + 1, height + 1), np.minimum(left + 1, width + 1)
    number = np.arange(len(images))[:, None]
    upper = framed[number, top, left] * (1 - right) + framed[number, top, end] * right
    lower = framed[number, bottom, left] * (1 - right) + framed[number, bottom, end] * right
    made: np.ndarray = (upper * (1 - below) + lower * below).astype(images.dtype)
    return made


def _interval(name: str, value: Any, above: float = -np.inf) -> tuple[float, float]:
    """Return (low, high) of a pair, or (-value, value) of a number."""
    if not isinstance(value, (tuple, list)):
        most = arguments.number(name, value, least=0.0)
        value = (-most, most)
    if len(value) != 2 or arguments.number(name, value[0], above=above) > arguments.number(name, value[1]):
        raise ValueError(f"expected `{name}` to be a number or a pair (low, high), received: {name}={value!r}")
    return float(value[0]), float(value[1])


def _unmoved(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tile(np.eye(2), (rows, 1, 1)), np.zeros((rows, 2))


class Shift(_Warp):
    """Move each image by a uniformly drawn number of pixels, fractions of one included.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
    down, right : float or (low, high), default 1
        Interval in pixels; a number m means (-m, m).
    fill : float, default 0
        Value outside the image.

    Raises
    ------
    ValueError
        If image_shape is not two or three positive integers, down or right is no number >= 0 or interval, or fill is
        not finite; when it is called, if rows are not images of that shape.
    TypeError
        If image_shape is no sequence.

    Notes
    -----
    Source: Szeliski, Computer Vision, 2011, section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.augmentation import Shift
    >>> Shift((2, 2), down=(1, 1), right=0)(np.array([[1.0, 2.0, 3.0, 4.0]]), np.random.default_rng(0))
    array([[0., 0., 1., 2.]])
    """

    def __init__(self, image_shape: Sequence[int], down: Any = 1.0, right: Any = 1.0, fill: float = 0.0) -> None:
        super().__init__(image_shape, fill)
        self.down, self.right = _interval("down", down), _interval("right", right)

    def _drawn(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        inverse, _ = _unmoved(rows)
        return inverse, np.stack([generator.uniform(*self.down, rows), generator.uniform(*self.right, rows)], axis=1)


class Rotate(_Warp):
    """Turn each image about its middle by a uniformly drawn angle.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
    degrees : float or (low, high), default 10
        Interval, positive against the clock; a number m means (-m, m).
    fill : float, default 0
        Value outside the image.

    Raises
    ------
    ValueError
        If image_shape is not two or three positive integers, degrees is no number >= 0 or interval, or fill is not
        finite; when it is called, if rows are not images of that shape.
    TypeError
        If image_shape is no sequence.

    Notes
    -----
    Source: Szeliski, Computer Vision, 2011, section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.augmentation import Rotate
    >>> Rotate((2, 2), (90, 90))(np.array([[1.0, 2.0, 3.0, 4.0]]), np.random.default_rng(0)).round(6)
    array([[2., 4., 1., 3.]])
    """

    def __init__(self, image_shape: Sequence[int], degrees: Any = 10.0, fill: float = 0.0) -> None:
        super().__init__(image_shape, fill)
        self.degrees = _interval("degrees", degrees)

    def _drawn(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        inverse, shift = _unmoved(rows)
        angle = np.deg2rad(generator.uniform(*self.degrees, rows))
        inverse[:, 0, 0] = inverse[:, 1, 1] = np.cos(angle)
        inverse[:, 0, 1], inverse[:, 1, 0] = np.sin(angle), -np.sin(angle)
        return inverse, shift


class Scale(_Warp):
    """Make each image larger or smaller about its middle, by a uniformly drawn factor; its shape stays.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
    factor : (low, high), default (0.9, 1.1)
        Interval of positive factors; above 1 enlarges.
    fill : float, default 0
        Value outside the image.

    Raises
    ------
    ValueError
        If image_shape is not two or three positive integers, factor is no interval of positive numbers, or fill is not
        finite; when it is called, if rows are not images of that shape.
    TypeError
        If image_shape is no sequence.

    Notes
    -----
    Source: Szeliski, Computer Vision, 2011, section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.augmentation import Scale
    >>> Scale((1, 3), (2, 2))(np.array([[1.0, 2.0, 4.0]]), np.random.default_rng(0))
    array([[1.5, 2. , 3. ]])
    """

    def __init__(self, image_shape: Sequence[int], factor: Any = (0.9, 1.1), fill: float = 0.0) -> None:
        super().__init__(image_shape, fill)
        self.factor = _interval("factor", factor, above=0.0)

    def _drawn(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        inverse, shift = _unmoved(rows)
        return inverse / generator.uniform(*self.factor, rows)[:, None, None], shift


class Shear(_Warp):
    """Slant each image: a row of pixels d rows below the middle moves right by s d pixels, s uniformly drawn.

    Parameters
    ----------
    image_shape : (height, width) or (height, width, channels)
    slant : float or (low, high), default 0.1
        Interval of s; a number m means (-m, m).
    fill : float, default 0
        Value outside the image.

    Raises
    ------
    ValueError
        If image_shape is not two or three positive integers, slant is no number >= 0 or interval, or fill is not
        finite; when it is called, if rows are not images of that shape.
    TypeError
        If image_shape is no sequence.

    Notes
    -----
    Source: Szeliski, Computer Vision, 2011, section 3.6.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.augmentation import Shear
    >>> Shear((3, 2), (1, 1))(np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), np.random.default_rng(0))
    array([[2., 0., 3., 4., 0., 5.]])
    """

    def __init__(self, image_shape: Sequence[int], slant: Any = 0.1, fill: float = 0.0) -> None:
        super().__init__(image_shape, fill)
        self.slant = _interval("slant", slant)

    def _drawn(self, rows: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        inverse, shift = _unmoved(rows)
        inverse[:, 1, 0] = -generator.uniform(*self.slant, rows)
        return inverse, shift


class Noise(arguments.Configured):
    """Add normal noise of mean 0 to every value.

    Parameters
    ----------
    stddev : float, default 0.1
        Its standard deviation, in the data's unit.

    Raises
    ------
    ValueError
        If stddev is negative or not finite.

    Notes
    -----
    Source: Goodfellow, Bengio and Courville, Deep Learning, 2016, section 7.5.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.augmentation import Noise
    >>> Noise(0.0)(np.array([[1.0, 2.0]]), np.random.default_rng(0))
    array([[1., 2.]])
    """

    def __init__(self, stddev: float = 0.1) -> None:
        self.stddev = arguments.number("stddev", stddev, least=0.0)

    def __call__(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return `x`, float [rows, features], with noise; of its shape and dtype."""
        made: np.ndarray = (x + self.stddev * generator.standard_normal(x.shape)).astype(x.dtype)
        return made


class Compose(arguments.Configured):
    """One augmentation after the other, on the same generator.

    Parameters
    ----------
    steps : list of callable (x, generator) -> x

    Raises
    ------
    TypeError
        If one is not callable.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn.augmentation import Compose, Noise, Shift
    >>> both = Compose([Shift((1, 2), 0, (1, 1)), Noise(0.0)])
    >>> both(np.array([[1.0, 2.0]]), np.random.default_rng(0))
    array([[0., 1.]])
    """

    def __init__(self, steps: Sequence[Any]) -> None:
        self.steps = arguments.sequence("steps", steps)
        for step in self.steps:
            if not callable(step):
                raise TypeError(f"expected `steps` to be functions of (x, generator), received: {step!r}")

    def __call__(self, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return `x`, float [rows, features], after all steps."""
        for step in self.steps:
            x = step(x, generator)
        return x
