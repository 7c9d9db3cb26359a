"""The table of activations, and how a function of x becomes a kernel with its numbers.

Each function registers itself with the interval of its values and, where it has arguments, with what turns those into
the kernel's name and numbers. The arithmetic is in fastnn._core.activations.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastnn import arguments, data
from fastnn._core import activations as kernels
from fastnn._core import targets

Function = Callable[..., Any]
#: Name of a kernel and its numbers: alpha, or alpha, max_value and threshold.
Kernel = tuple[Any, ...]

_NOT_DIFFERENTIABLE = 3  # FN_NOT_DIFFERENTIABLE of csrc/fastnn.h

#: Public names and their functions.
NAMES: dict[str, Function] = {}
#: Interval that holds the values of each kernel.
RANGES: dict[str, tuple[float, float]] = {}
#: What makes a function's kernel out of its arguments.
_LOWERINGS: dict[Function, Callable[..., Kernel]] = {}


def declare(
    low: float, high: float, lowering: Callable[..., Kernel] | None = None, **ranges: tuple[float, float]
) -> Callable[[Function], Function]:
    """Register a function under its name.

    Parameters
    ----------
    low, high : float
        Interval of its values, for the kernel of its name.
    lowering : callable, optional
        Takes the function's arguments but for x, checks them, and returns the kernel's name and numbers; by default
        the kernel of the function's name.
    **ranges : tuple of float
        Intervals of other kernels that `lowering` may name.
    """

    def register(function: Function) -> Function:
        name = function.__name__
        NAMES[name] = function
        if name in targets.ACTIVATIONS:
            RANGES[name] = (low, high)
        RANGES.update(ranges)
        _LOWERINGS[function] = lowering or (lambda: (name, targets.ACTIVATIONS[name][2]))
        return function

    return register


def run(name: str, x: Any, **given: Any) -> np.ndarray:
    """f(x) of the function `name`: float32 and float64 keep their type, other numbers become float64."""
    lowered, *numbers = kernel(functools.partial(NAMES[name], **given))
    x = data.numeric(x, "x")
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float64)
    if not x.size:
        return np.array(x)
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1] if x.ndim else 1)
    options = dict(zip(("alpha", "max_value", "threshold"), numbers, strict=False))
    return kernels.forward(lowered, rows, **options).reshape(x.shape)


def get(identifier: Any) -> Function:
    """Return the activation that `identifier` means.

    Parameters
    ----------
    identifier : None, str, function of fastnn.activations, functools.partial of one, or dict
        None is linear. Arguments come in a ``functools.partial``, or as what `Layer.get_config` makes of one:
        ``{"class_name": "leaky_relu", "config": {"negative_slope": 0.1}}``.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If the name is not known, or an argument is out of range.
    TypeError
        If it is none of these (the engine runs its own kernels only), or an argument is not known.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.get("relu").__name__
    'relu'
    """
    if identifier is None:
        return NAMES["linear"]
    if isinstance(identifier, Mapping) and "class_name" in identifier:
        return get(functools.partial(_named(identifier["class_name"]), **identifier.get("config", {})))
    if isinstance(identifier, str):
        return _named(identifier)
    function = identifier.func if isinstance(identifier, functools.partial) else identifier
    if not any(function is known for known in NAMES.values()):
        raise TypeError(
            "expected activation to be a name, a function of fastnn.activations or a functools.partial of one, "
            f"received: {identifier!r}"
        )
    kernel(identifier)  # raises for arguments that are wrong
    chosen: Function = identifier
    return chosen


def _named(name: Any) -> Function:
    if name in NAMES:
        return NAMES[name]
    raise ValueError(f"expected activation to be one of {', '.join(map(repr, NAMES))}, received: {name!r}")


def kernel(activation: Function) -> Kernel:
    """Return the name and numbers of the engine's op for what `get` returned.

    Raises
    ------
    ValueError
        If an argument is out of range.
    TypeError
        If an argument of a functools.partial is not known, or given by position.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.kernel(fastnn.activations.leaky_relu)
    ('leaky_relu', 0.2)
    """
    if not isinstance(activation, functools.partial):
        return _LOWERINGS[activation]()
    lowering = _LOWERINGS[activation.func]
    known = inspect.signature(lowering).parameters
    if activation.args or not set(activation.keywords) <= set(known):
        raise TypeError(
            f"expected arguments of {activation.func.__name__} by name, {', '.join(known) or 'none'}, received: "
            f"{activation!r}"
        )
    return lowering(**activation.keywords)


def differentiable(name: str) -> bool:
    """Whether the engine can train through the activation or kernel `name`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.differentiable("relu"), fastnn.activations.differentiable("sign")
    (True, False)
    """
    if name in NAMES:
        name = kernel(NAMES[name])[0]
    return targets.ACTIVATIONS[name][1] != _NOT_DIFFERENTIABLE


def number_from_0(name: str, value: Any) -> float:
    """Return an argument that may not be negative."""
    return arguments.number(name, value, least=0.0)
