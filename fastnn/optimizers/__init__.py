"""Optimizers: configuration only. The updates are csrc/kernels/optimizer.inc.h, which the engine
runs (_core/passes.pyx, flat.pyx); their state belongs to the model.

To add one that the kernels know: a class in one of the modules here that checks its numbers and names its kernel, and
its name in NAMES.
"""

from typing import Any

from fastnn import arguments
from fastnn.optimizers import schedules
from fastnn.optimizers.base import Optimizer, Options, Rate
from fastnn.optimizers.descent import SGD, Lion
from fastnn.optimizers.moments import Adam, Adamax, AdamW, Nadam
from fastnn.optimizers.scaled import Adadelta, Adagrad, RMSprop

__all__ = [
    "NAMES",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Nadam",
    "Optimizer",
    "Options",
    "RMSprop",
    "Rate",
    "get",
    "schedules",
]

NAMES: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "adamax": Adamax,
    "nadam": Nadam,
    "lion": Lion,
}


def get(identifier: Any) -> Optimizer:
    """Return the optimizer that `identifier` means.

    Parameters
    ----------
    identifier : str, Optimizer, class, or dict of class_name and config

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.get("adam")
    Adam()
    """
    optimizer: Optimizer = arguments.look_up("optimizer", identifier, Optimizer, NAMES)
    return optimizer
