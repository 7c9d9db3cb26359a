"""Layers, losses, optimizers and the other declarations as JSON, and back: from a list of allowed names only.

An object is its class's name and its constructor's arguments (`arguments.Configured`), a function its name. What is
not fastnn's own (a loss or schedule of the user's) is written as a name, and has to be handed over when loading; so are
callbacks that write files or hold functions or data, lest a file of somebody else's says where to write.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from fastnn import (
    activations,
    arguments,
    callbacks,
    constraints,
    criteria,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
)
from fastnn.saving.values import ValueDecoder, ValueEncoder, field

#: The modules whose public classes and functions a file may name.
ROOMS: dict[str, ModuleType] = {
    module.__name__.split(".")[-1]: module
    for module in (
        *(activations, callbacks, constraints, criteria, initializers, layers, losses, metrics, optimizers),
        *(regularizers, schedules),
    )
}


def _allowed() -> dict[str, Any]:
    found = {}
    for room, module in ROOMS.items():
        for name, thing in vars(module).items():
            own = f"{getattr(thing, '__module__', '')}.".startswith(f"{module.__name__}.")
            configured = inspect.isclass(thing) and issubclass(thing, arguments.Configured)
            if own and not name.startswith("_") and (configured or inspect.isfunction(thing)):
                found[f"{room}.{thing.__name__}"] = thing
    return found


#: What a file may name: {"layers.Dense": class, "activations.relu": function, ...}.
ALLOWED = _allowed()
_NAMES = {thing: name for name, thing in ALLOWED.items()}


class Encoder(ValueEncoder):
    """Values and declarations as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._objects: dict[str, Any] = {}  # the user's, by their names in the file

    def foreign(self, value: Any, where: str) -> Any:
        if isinstance(value, functools.partial):
            keywords = self.encode(dict(value.keywords), where)
            return {"type": "partial", "function": self.encode(value.func, where), "keywords": keywords} | (
                {"arguments": self.encode(list(value.args), where)} if value.args else {}
            )
        if isinstance(value, callbacks.Callback) and type(value) not in _NAMES:
            return {"type": "custom", "name": self._own_name(value, type(value).__name__)}
        if isinstance(value, arguments.Configured):
            config = {name: self.encode(item, f"{where}.{name}") for name, item in configuration(value).items()}
            return self._named(type(value), "object") | {"config": config}
        if inspect.isfunction(value) or inspect.isclass(value) or inspect.isbuiltin(value):
            return self._named(value, "name")
        if callable(value):
            return {"type": "custom", "name": self._own_name(value, getattr(value, "__name__", type(value).__name__))}
        return super().foreign(value, where)

    def _own_name(self, thing: Any, base: str) -> str:
        """The name of one object of the user's: others that are called the same are handed over by themselves."""
        for name, other in self._objects.items():
            if other is thing or (inspect.ismethod(thing) and other == thing):  # a method is made anew at each look
                return name
        names = (base, *(f"{base}_{count}" for count in range(1, len(self._objects) + 1)))
        name = next(name for name in names if name not in self._objects)
        self._objects[name] = thing
        return name

    def _named(self, thing: Any, kind: str) -> dict[str, Any]:
        name = _NAMES.get(thing)
        if name is not None:
            return {"type": kind, "name": name}
        custom = "custom" if kind == "name" else "custom_object"
        return {"type": custom, "name": self._own_name(thing, thing.__name__)}


def configuration(value: arguments.Configured) -> dict[str, Any]:
    """Return the constructor's arguments of a declaration, functions and objects among them as they are."""
    found = value.get_config()
    for name, said in found.items():  # names and dicts stand for functions and objects
        if isinstance(said, (str, Mapping)) or (isinstance(said, list) and said and isinstance(said[0], Mapping)):
            found[name] = getattr(value, name, said)
    return found


def check_custom(custom_objects: Any) -> None:
    """Raise TypeError unless it is None or a mapping of names."""
    if custom_objects is not None and not (
        isinstance(custom_objects, Mapping) and all(isinstance(name, str) for name in custom_objects)
    ):
        raise TypeError(f"expected `custom_objects` to be a dict of names and objects, received: {custom_objects!r}")


class Decoder(ValueDecoder):
    """Values and declarations from JSON.

    Parameters
    ----------
    tensor : callable (name) -> ndarray
    custom_objects : mapping of str to object
        What the user hands over, by the names in the file.
    """

    def __init__(self, tensor: Callable[[str], np.ndarray], custom_objects: Mapping[str, Any] | None = None) -> None:
        super().__init__(tensor)
        self._custom = dict(custom_objects or {})
        self._kinds |= {
            "object": lambda value, where: self._made(self._known(value, where), value, where),
            "name": self._known,
            "custom": self._handed,
            "custom_object": lambda value, where: self._made(self._handed(value, where), value, where),
            "partial": self._partial,
        }

    def _known(self, value: Mapping[str, Any], where: str) -> Any:
        name = field(value, "name", str, where)
        if name not in ALLOWED:
            raise ValueError(f"expected {where} to name something of fastnn, received: {name!r}")
        return ALLOWED[name]

    def _handed(self, value: Mapping[str, Any], where: str) -> Any:
        name = field(value, "name", str, where)
        if name not in self._custom:
            raise ValueError(
                f"expected custom_objects to have {name!r}, the {where} of this model, which is Python code and not in "
                f'the file: pass custom_objects={{"{name}": ...}}, received: {sorted(self._custom) or None}'
            )
        return self._custom[name]

    def _made(self, kind: Any, value: Mapping[str, Any], where: str) -> Any:
        if not (inspect.isclass(kind) and issubclass(kind, arguments.Configured)):
            if value.get("type") == "custom_object" and isinstance(kind, arguments.Configured):
                return kind  # handed over ready-made
            raise ValueError(f"expected {where} to name a class, received: {value.get('name')!r}")
        config = field(value, "config", dict, where)
        return kind.from_config({name: self.decode(item, f"{where}.{name}") for name, item in config.items()})

    def _partial(self, value: Mapping[str, Any], where: str) -> Any:
        function = self.decode(value.get("function"), where)
        if not callable(function):
            raise ValueError(f"expected {where} to name a function, received: {value.get('function')!r}")
        keywords = self.decode(field(value, "keywords", dict, where), where)
        return functools.partial(function, *self.decode(value.get("arguments", []), where), **keywords)
