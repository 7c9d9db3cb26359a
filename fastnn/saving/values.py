"""Python values and arrays as JSON, and back with their exact types. Objects of fastnn are objects.py's.

JSON has no tuples, no infinities, no dtypes: such a value becomes ``{"type": ..., ...}``. Few numbers, and all strings,
stay in the JSON; larger arrays, and long lists of numbers, become tensors of the file, which the JSON names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

#: Numbers of an array up to which it is written as JSON.
HEADER_NUMBERS = 4096
#: Bytes that all fixed-width string arrays of a file may take beyond 16 a character: their width says how many, not
#: what they hold.
STRING_BYTES = 1 << 20
#: Numbers in the long lists of a file: as Python objects they take five times their bytes.
LIST_NUMBERS = 1_000_000
#: Kinds of arrays whose numbers a tensor of safetensors holds.
TENSOR_KINDS = "biuf"
_DTYPE = re.compile(r"[<>|=]?([biuf])(\d{1,2})|[<>|=]?U(\d{1,8})|\|?O")
_TWISTER_WORDS = 624


class ValueEncoder:
    """Turns values into JSON.

    Attributes
    ----------
    tensors : dict of str to ndarray
        The larger arrays, by the path of each in the values.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, np.ndarray] = {}
        self._listed = 0

    def encode(self, value: Any, where: str) -> Any:
        """Return `value` as JSON; `where` is its path, for messages and for names of tensors.

        Raises
        ------
        TypeError
            If a file cannot hold it.
        ValueError
            If there are more numbers in lists than a file may have.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"type": "float", "value": repr(value)}
        if kind is list:
            return self._numbers(value, where) or self._items(value, where)
        if kind is tuple:
            return {"type": "tuple", "items": self._items(value, where)}
        if kind is dict:
            return self._mapping(value, where)
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        if isinstance(value, np.generic) and value.dtype.kind in "biufU" and type(value.item()) is not type(value):
            return {"type": "scalar", "dtype": value.dtype.str, "value": self.encode(value.item(), where)}
        if isinstance(value, np.random.RandomState):
            return self._random_state(value, where)
        return self.foreign(value, where)

    def foreign(self, value: Any, where: str) -> Any:
        """Return the JSON of a value that is none of this module's."""
        raise TypeError(
            f"expected {where} to be a value that a file can hold (numbers, strings, arrays, lists, tuples, dicts), "
            f"received: {value!r}"
        )

    def _numbers(self, values: list[Any], where: str) -> Any:
        """Make a tensor of a long list of floats, or of integers; None of any other."""
        kinds = {type(value) for value in values} if len(values) > HEADER_NUMBERS else set()
        if kinds != {float} and not (kinds == {int} and min(values) >= -(1 << 63) and max(values) < 1 << 63):
            return None
        self._listed += len(values)
        if self._listed > LIST_NUMBERS:
            raise ValueError(f"expected at most {LIST_NUMBERS} numbers in lists, received more: in {where}")
        self._keep(where, np.array(values, dtype=np.float64 if kinds == {float} else np.int64))
        return {"type": "numbers", "name": where}

    def _keep(self, where: str, array: np.ndarray) -> None:
        if where in self.tensors:
            raise ValueError(f"expected one array at {where}, received: two, of which a file would hold the last")
        self.tensors[where] = array

    def _items(self, values: Any, where: str) -> list[Any]:
        return [self.encode(value, f"{where}.{index}") for index, value in enumerate(values)]

    def _mapping(self, value: dict[Any, Any], where: str) -> Any:
        if all(type(key) is str for key in value) and "type" not in value:
            return {key: self.encode(item, f"{where}.{key}") for key, item in value.items()}
        pairs = [[self.encode(key, where), self.encode(item, f"{where}.{key}")] for key, item in value.items()]
        return {"type": "dict", "items": pairs}

    def _array(self, value: np.ndarray, where: str) -> Any:
        kind = value.dtype.kind
        if kind in TENSOR_KINDS and value.size > HEADER_NUMBERS:
            self._keep(where, np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("=")))
            return {"type": "tensor", "name": where}
        if kind not in TENSOR_KINDS + "UO" or (value.dtype.itemsize > 8 and kind in TENSOR_KINDS):
            raise TypeError(f"expected {where} to hold numbers or strings, received: dtype={value.dtype}")
        values = self._items(value.reshape(-1).tolist(), where)
        return {"type": "array", "dtype": value.dtype.str, "shape": list(value.shape), "values": values}

    def _random_state(self, value: np.random.RandomState, where: str) -> Any:
        state: Any = value.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            raise TypeError(
                f"expected {where} to be a RandomState over MT19937, received one over {state['bit_generator']}"
            )
        words = {"key": state["state"]["key"].tolist(), "pos": int(state["state"]["pos"])}
        gauss = {"has_gauss": int(state["has_gauss"]), "gauss": self.encode(float(state["gauss"]), where)}
        return {"type": "random_state", **words, **gauss}


class ValueDecoder:
    """Turns the JSON of a `ValueEncoder` back into values; anything else raises ValueError.

    Parameters
    ----------
    tensor : callable (name) -> ndarray
        Reads a tensor of the file.
    """

    def __init__(self, tensor: Callable[[str], np.ndarray]) -> None:
        self._tensor = tensor
        self._string_bytes = self._listed = 0
        self._kinds: dict[str, Callable[[Mapping[str, Any], str], Any]] = {
            "float": self._float,
            "tuple": lambda value, where: tuple(self._items(value, where)),
            "dict": self._dict,
            "scalar": self._scalar,
            "array": self._array,
            "tensor": self._read,
            "numbers": self._list,
            "random_state": self._random_state,
        }

    def decode(self, value: Any, where: str) -> Any:
        """Return what was encoded; `where` is its path, for messages."""
        if isinstance(value, list):
            return [self.decode(item, f"{where}.{index}") for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if "type" not in value:
            return {key: self.decode(item, f"{where}.{key}") for key, item in value.items()}
        kind = self._kinds.get(value["type"]) if isinstance(value["type"], str) else None
        if kind is None:
            raise ValueError(f"expected {where} to be of a known type, received: type={value['type']!r}")
        return kind(value, where)

    def _items(self, value: Mapping[str, Any], where: str) -> list[Any]:
        return [self.decode(item, f"{where}.{index}") for index, item in enumerate(field(value, "items", list, where))]

    def _float(self, value: Mapping[str, Any], where: str) -> float:
        text = field(value, "value", str, where)
        if text not in ("nan", "inf", "-inf"):
            raise ValueError(f"expected {where} to be nan, inf or -inf, received: {text!r}")
        return float(text)

    def _dict(self, value: Mapping[str, Any], where: str) -> dict[Any, Any]:
        found = {}
        for pair in field(value, "items", list, where):
            if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[0], list):
                raise ValueError(f"expected {where} to have pairs of key and value, received: {pair!r}")
            key = self.decode(pair[0], where)
            if not isinstance(key, (str, int, float, tuple, np.generic)):
                raise ValueError(f"expected the keys of {where} to be strings or numbers, received: {key!r}")
            found[key] = self.decode(pair[1], f"{where}.{key}")
        return found

    def _scalar(self, value: Mapping[str, Any], where: str) -> Any:
        array = self._array({"dtype": value.get("dtype"), "shape": [], "values": [value.get("value")]}, where)
        return array[()]

    def _array(self, value: Mapping[str, Any], where: str) -> np.ndarray:
        name = field(value, "dtype", str, where)
        values = [self.decode(item, where) for item in field(value, "values", list, where)]
        shape = field(value, "shape", list, where)
        known = _DTYPE.fullmatch(name)
        sized = all(type(size) is int and 0 <= size <= len(values) for size in shape)
        if known is None or not sized or math.prod(shape) != len(values):
            raise ValueError(f"expected {where} to be an array, received: dtype={name!r}, shape={shape}")
        width = known.group(3)
        types: Any = {"b": bool, "i": int, "u": int, "f": (int, float)}.get(known.group(1), str if width else object)
        if not all(isinstance(item, types) for item in values):
            raise ValueError(f"expected {where} to hold values of dtype {name!r}, received others")
        if width is not None:
            characters = sum(map(len, values))
            self._string_bytes += max(4 * int(width) * max(len(values), 1) - 16 * characters, 0)
            if self._string_bytes > STRING_BYTES:
                raise ValueError(f"expected {where} to be strings of about its width, received: dtype={name!r}")
        flat = np.empty(len(values), dtype=name)
        flat[:] = values
        return flat.reshape(shape)

    def _read(self, value: Mapping[str, Any], where: str) -> np.ndarray:
        return self._tensor(field(value, "name", str, where))

    def _list(self, value: Mapping[str, Any], where: str) -> list[Any]:
        array = self._read(value, where)
        self._listed += array.size
        if array.ndim != 1 or array.dtype not in (np.float64, np.int64) or self._listed > LIST_NUMBERS:
            raise ValueError(
                f"expected {where} to be a list, and at most {LIST_NUMBERS} numbers in all lists, received: "
                f"{array.dtype} {array.shape}"
            )
        found: list[Any] = array.tolist()
        return found

    def _random_state(self, value: Mapping[str, Any], where: str) -> np.random.RandomState:
        key, pos = field(value, "key", list, where), field(value, "pos", int, where)
        gauss = self.decode(value.get("gauss"), where)
        words = all(type(word) is int and 0 <= word < 1 << 32 for word in key)
        # NumPy reads key[pos] without looking
        if len(key) != _TWISTER_WORDS or not words or not 0 <= pos <= _TWISTER_WORDS or not isinstance(gauss, float):
            raise ValueError(f"expected {where} to be the state of a Mersenne twister: {_TWISTER_WORDS} words")
        state = {"key": np.array(key, dtype=np.uint32), "pos": pos}
        made = np.random.RandomState(0)
        known = {"bit_generator": "MT19937", "state": state, "gauss": gauss}
        made.set_state({**known, "has_gauss": int(field(value, "has_gauss", int, where) != 0)})
        return made


def field(value: Any, name: str, kind: Any, where: str) -> Any:
    """Return the entry `name` of a JSON object if it is of `kind`, a type or a tuple of types; bool is no int."""
    found = value.get(name) if isinstance(value, Mapping) else None
    wrong = isinstance(found, bool) and kind is not bool and not (isinstance(kind, tuple) and bool in kind)
    if not isinstance(value, Mapping) or name not in value or wrong or not isinstance(found, kind):
        names = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise ValueError(f"expected {where}.{name} to be of type {names}, received: {_short(found)}")
    return found


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
