"""Docstrings of public classes and functions: the defaults that they name are those of the signatures."""

import ast
import inspect
import re

import pytest

import fastnn
from tests.test_argument_ranges import RESULTS, ROOMS

PUBLIC = {
    f"{thing.__module__.removeprefix('fastnn.')}.{name}": thing
    for room in (fastnn, *ROOMS)
    for name, thing in {key: getattr(room, key) for key in dir(room)}.items()
    if callable(thing) and thing.__module__.startswith("fastnn.") and name not in RESULTS and name[0] != "_"
}


def documented(text):
    """{argument: default} of the section "Parameters", where it says "default 1", "default=1" or "default 1 and 2"."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?:\n\n\w+\n-+\n|\Z)", inspect.cleandoc(text), re.DOTALL | re.MULTILINE)
    found = {}
    for names, said in re.findall(r"^(\S.*?) : .*default[ =](.+)$", section[1] if section else "", re.MULTILINE):
        names, values = names.split(", "), re.split(", | and ", said)
        values = [said] if len(values) != len(names) else values
        found |= zip(names, values * (len(names) // len(values)), strict=True)
    return found


def value(said):
    """A default as Python has it; names of functions and fractions too."""
    numerator, _, denominator = said.partition("/")
    return int(numerator) / int(denominator) if denominator else ast.literal_eval(said)


def test_defaults_are_found():
    text = "Parameters\n----------\na, b : float, default 1/8 and 0.5\n    Text.\nc : bool, default=True"
    assert documented(text) == {"a": "1/8", "b": "0.5", "c": "True"}
    assert sum(len(documented(thing.__doc__ or "")) for thing in PUBLIC.values()) > 200


@pytest.mark.parametrize("name", PUBLIC)
def test_documented_defaults(name):
    said = documented(PUBLIC[name].__doc__ or "")
    defaults = {key: inspect.signature(PUBLIC[name]).parameters[key].default for key in said}
    told = {key for key, default in defaults.items() if default is not None}  # None stands for what the docstring says
    assert {key: value(said[key]) for key in told} == {key: defaults[key] for key in told}
