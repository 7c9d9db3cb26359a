"""fastnn: multilayer perceptrons on CPUs. Keras's words in `Sequential`, scikit-learn's in `MLPClassifier`.

Importing it loads NumPy and the compiled core, nothing else; the estimators are loaded when first used.
"""

from typing import TYPE_CHECKING, Any

from fastnn import activations, callbacks, initializers, layers, losses, metrics, optimizers, regularizers, utils
from fastnn.config import __version__, show_config
from fastnn.layers import Input
from fastnn.network import Sequential

if TYPE_CHECKING:
    from fastnn.estimators import MLPClassifier, MLPRegressor

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

_ESTIMATORS = ("MLPClassifier", "MLPRegressor")


def __getattr__(name: str) -> Any:
    if name in _ESTIMATORS:
        from fastnn import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module 'fastnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ESTIMATORS})
