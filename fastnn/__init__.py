"""fastnn: multilayer perceptrons on CPUs. Keras's words in `Sequential`, scikit-learn's in `MLPClassifier`.

Importing it loads NumPy and the compiled core, nothing else; the estimators are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastnn import activations, callbacks, initializers, layers, losses, metrics, optimizers, regularizers, utils
from fastnn.config import __version__, show_config
from fastnn.layers import Input
from fastnn.network import Sequential

if TYPE_CHECKING:
    from fastnn.classifier import MLPClassifier
    from fastnn.regressor import MLPRegressor

__all__ = [
    "Input",
    "MLPClassifier",
    "MLPRegressor",
    "Sequential",
    "__version__",
    "activations",
    "callbacks",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "regularizers",
    "show_config",
    "utils",
]

#: Name and module of what is loaded when first used.
_ESTIMATORS = {"MLPClassifier": "classifier", "MLPRegressor": "regressor"}


def __getattr__(name: str) -> Any:
    if name in _ESTIMATORS:
        return getattr(import_module(f"fastnn.{_ESTIMATORS[name]}"), name)
    raise AttributeError(f"module 'fastnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ESTIMATORS})
