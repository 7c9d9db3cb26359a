"""fastnn: multilayer perceptrons on CPUs. Keras's words in `Sequential`, scikit-learn's in `MLPClassifier`.

Importing it loads NumPy and the compiled core, nothing else; the estimators are loaded when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastnn import (
    activations,
    augmentation,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    schedules,
    utils,
)
from fastnn.config import __version__, show_config
from fastnn.layers import Input
from fastnn.network import Sequential

if TYPE_CHECKING:
    from fastnn import plotting
    from fastnn.classifier import MLPClassifier
    from fastnn.exchange.c_source import to_c
    from fastnn.exchange.keras_ import from_keras
    from fastnn.exchange.onnx_reader import from_onnx
    from fastnn.exchange.onnx_writer import to_onnx
    from fastnn.exchange.sklearn_ import from_sklearn, to_sklearn
    from fastnn.exchange.torch_ import from_torch
    from fastnn.loading import load
    from fastnn.many import fit_many
    from fastnn.rate_search import find_learning_rate
    from fastnn.regressor import MLPRegressor
    from fastnn.setup_checks import check_setup

__all__ = [
    "Input",
    "MLPClassifier",
    "MLPRegressor",
    "Sequential",
    "__version__",
    "activations",
    "augmentation",
    "callbacks",
    "check_setup",
    "constraints",
    "find_learning_rate",
    "fit_many",
    "from_keras",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "initializers",
    "layers",
    "load",
    "losses",
    "metrics",
    "optimizers",
    "plotting",
    "regularizers",
    "schedules",
    "show_config",
    "to_c",
    "to_onnx",
    "to_sklearn",
    "utils",
]

#: What is loaded when first used, and from where.
_LATER = {
    "MLPClassifier": "classifier",
    "MLPRegressor": "regressor",
    "check_setup": "setup_checks",
    "find_learning_rate": "rate_search",
    "fit_many": "many",
    "from_keras": "exchange.keras_",
    "from_onnx": "exchange.onnx_reader",
    "from_sklearn": "exchange.sklearn_",
    "from_torch": "exchange.torch_",
    "load": "loading",
    "to_c": "exchange.c_source",
    "to_onnx": "exchange.onnx_writer",
    "to_sklearn": "exchange.sklearn_",
}


def __getattr__(name: str) -> Any:
    if name == "plotting":
        return import_module("fastnn.plotting")
    if name in _LATER:
        return getattr(import_module(f"fastnn.{_LATER[name]}"), name)
    raise AttributeError(f"module 'fastnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, "plotting"})
