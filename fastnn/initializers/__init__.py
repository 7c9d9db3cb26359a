"""First values of parameters, drawn in float64 by NumPy's Philox generator and rounded to the model's type.

To add one: a class with `values(generator, shape)`, and its name in NAMES.
"""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.initializers.base import Initializer
from fastnn.initializers.constants import Constant, Identity, Ones, Zeros
from fastnn.initializers.distributions import RandomNormal, RandomUniform, TruncatedNormal
from fastnn.initializers.functions import FunctionInitializer
from fastnn.initializers.scaled import (
    FanInUniform,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)
from fastnn.initializers.structured import Orthogonal, Sparse

__all__ = [
    "NAMES",
    "Constant",
    "FanInUniform",
    "FunctionInitializer",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "Sparse",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "get",
]

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
    "fan_in_uniform": FanInUniform,
    "orthogonal": Orthogonal,
    "sparse": Sparse,
    "identity": Identity,
}


def get(identifier: Any) -> Initializer:
    """Return the initializer that `identifier` means.

    Parameters
    ----------
    identifier : str, Initializer, class, dict of class_name and config, or function of the shape

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
    if callable(identifier) and not isinstance(identifier, (Initializer, type)):
        return FunctionInitializer(identifier)
    initializer: Initializer = arguments.look_up("initializer", identifier, Initializer, NAMES)
    return initializer
