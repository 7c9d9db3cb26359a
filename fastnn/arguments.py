"""Checks and look-up of constructor arguments, shared by every module of declarations.

No arrays of data here (data.py) and no arithmetic. A message says what was expected and, in Keras's wording, what
was received.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self


def number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Return a finite number as float, or raise naming the bounds `least <= value <= most`, `above < value < below`."""
    if isinstance(value, Real) and not isinstance(value, bool):
        given = float(value)
        if math.isfinite(given) and least <= given <= most and above < given < below:
            return given
    bounds = [(least, ">="), (above, ">"), (most, "<="), (below, "<")]
    limits = " and ".join(f"{sign} {bound:g}" for bound, sign in bounds if math.isfinite(bound))
    raise ValueError(f"expected `{name}` to be a number{' ' + limits if limits else ''}, received: {name}={value!r}")


def integer(name: str, value: Any, *, least: int, most: float = math.inf) -> int:
    """Return an integer as int, or raise if it is none, below `least` or above `most`."""
    if isinstance(value, Integral) and not isinstance(value, bool) and least <= int(value) <= most:
        return int(value)
    kind = {0: "a non-negative integer", 1: "a positive integer"}.get(least, f"an integer >= {least}")
    limit = f" up to {most}" if math.isfinite(most) else ""
    raise ValueError(f"expected `{name}` to be {kind}{limit}, received: {name}={value!r}")


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return `value` if it is one of the names in `choices`."""
    if isinstance(value, str) and value in choices:
        return value
    raise ValueError(f"expected `{name}` to be one of {', '.join(map(repr, choices))}, received: {name}={value!r}")


def sequence(name: str, value: Any) -> list[Any]:
    """Return the items of a sequence, none for None; a string is no sequence."""
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"expected `{name}` to be a list, received: {name}={value!r}")
    return list(value)


def seed(value: Any) -> int | None:
    """Return None or a non-negative integer."""
    return None if value is None else integer("seed", value, least=0)


class Configured:
    """An object that is its constructor's arguments, kept as attributes of the same names."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; objects among them as ``{"class_name": ..., "config": ...}``.

        A function stands there as its name, a functools.partial as ``class_name`` and its keywords as ``config``.
        """
        return {name: serialize(getattr(self, name)) for name in inspect.signature(type(self)).parameters}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make an object from what `get_config` returned.

        Names of fastnn's functions mean these; a function of yours has to be put back in the place of its name before.
        """
        return cls(**config)

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self)).parameters.values()
        shown = [(p.name, getattr(self, p.name)) for p in parameters if getattr(self, p.name) is not p.default]
        text = ", ".join(f"{name}={_shown(value)}" for name, value in shown if not _is_default(type(self), name, value))
        return f"{type(self).__name__}({text})"


def _is_default(kind: type, name: str, value: Any) -> bool:
    default = inspect.signature(kind).parameters[name].default
    return isinstance(default, (str, int, float, bool)) and bool(value == default)


def _shown(value: Any) -> str:
    if isinstance(value, functools.partial):
        keywords = "".join(f", {name}={item!r}" for name, item in value.keywords.items())
        return f"functools.partial({', '.join(map(_shown, (value.func, *value.args)))}{keywords})"
    return getattr(value, "__name__", None) or repr(value)


def serialize(value: Any) -> Any:
    """Return a `Configured` object as a dict, a function as its name, anything else as it is."""
    if isinstance(value, Configured):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    if isinstance(value, functools.partial) and not value.args:
        return {"class_name": serialize(value.func), "config": dict(value.keywords)}
    return getattr(value, "__name__", value)


def look_up(what: str, identifier: Any, base: type, names: Mapping[str, Any]) -> Any:
    """Return the object that `identifier` means: an object of `base`, a class, a name, or a serialized dict.

    Parameters
    ----------
    what : str
        Kind of thing, for messages: "loss", "optimizer".
    identifier : object
        What the user gave.
    base : type
        Class of the objects.
    names : mapping of str to type
        Public names and their classes; class names count too.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if isinstance(identifier, Mapping) and "class_name" in identifier:
        return _named(what, identifier["class_name"], names).from_config(identifier.get("config", {}))
    if isinstance(identifier, str):
        return _named(what, identifier, names)()
    raise TypeError(
        f"expected {what} to be a name, a dict of class_name and config, or an object of {base.__name__}, "
        f"received: {identifier!r}"
    )


def _named(what: str, name: str, names: Mapping[str, Any]) -> Any:
    if name in names:
        return names[name]
    for kind in names.values():
        if kind.__name__.lower() == name.lower():
            return kind
    raise ValueError(f"expected {what} to be one of {', '.join(map(repr, names))}, received: {name!r}")
