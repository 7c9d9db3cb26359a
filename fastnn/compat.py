"""With or without scikit-learn: the one place that decides.

Everything the estimators need from scikit-learn is imported from here. Where scikit-learn is installed these names
are its own, so the estimators are its real subclasses with its validation; where it is not they are the NumPy
versions of standins.py and standin_scores.py. Nothing else in fastnn imports either.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastnn.blas import on_one_thread

__all__ = [
    "WITH_SKLEARN",
    "BaseEstimator",
    "CallbackSupport",
    "ClassifierMixin",
    "ConvergenceWarning",
    "DataConversionWarning",
    "InvalidParameterError",
    "RegressorMixin",
    "accuracy_score",
    "available_if",
    "check_is_fitted",
    "check_random_state",
    "check_sample_weight",
    "column_or_1d",
    "config_context",
    "get_config",
    "get_scorer",
    "minimize",
    "r2_score",
    "require",
    "train_test_split",
    "type_of_target",
    "unique_labels",
    "validate_data",
    "with_callbacks",
]

#: Whether the estimators stand on scikit-learn.
WITH_SKLEARN: bool = find_spec("sklearn") is not None

#: What brings scikit-learn, and SciPy with it.
INSTALL = 'pip install "fastnn-mlp[sklearn]"'


def require(what: str) -> None:
    """Raise ImportError, with the command that helps, where something needs scikit-learn and it is not installed."""
    if not WITH_SKLEARN:
        raise ImportError(f"{what} needs scikit-learn: {INSTALL}")


def minimize(function: Any, start: Any, *, verbose: bool, callback: Any, **options: Any) -> Any:
    """Return scipy.optimize.minimize's result for a function that returns value and gradient, by L-BFGS-B."""
    version = import_module("scipy").__version__
    if tuple(map(int, version.split(".")[:2])) < (1, 15):  # newer ones print nothing and warn of the option
        options["iprint"] = 1 if verbose else -1
    optimize = import_module("scipy.optimize")  # and its BLAS with it
    with on_one_thread():
        return optimize.minimize(function, start, method="L-BFGS-B", jac=True, callback=callback, options=options)


# scikit-learn ships no type information: a type checker reads the stand-ins, which have the same signatures.
if TYPE_CHECKING or not WITH_SKLEARN:
    from fastnn.standin_scores import ClassifierMixin, RegressorMixin, accuracy_score, r2_score
    from fastnn.standins import (
        BaseEstimator,
        CallbackSupport,
        ConvergenceWarning,
        DataConversionWarning,
        InvalidParameterError,
        available_if,
        check_is_fitted,
        check_random_state,
        check_sample_weight,
        column_or_1d,
        config_context,
        get_config,
        get_scorer,
        train_test_split,
        type_of_target,
        unique_labels,
        validate_data,
        with_callbacks,
    )
else:
    try:
        from sklearn.utils.validation import validate_data  # the newest of these names: scikit-learn 1.6
    except ImportError as error:
        from sklearn import __version__

        # Falling back silently would give estimators that the installed scikit-learn does not recognise.
        raise ImportError(
            f"fastnn's estimators need scikit-learn 1.6 or newer, or none at all; found {__version__}: "
            "pip install --upgrade scikit-learn"
        ) from error
    from sklearn import config_context, get_config
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
    from sklearn.metrics import accuracy_score, get_scorer, r2_score
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state, column_or_1d
    from sklearn.utils._param_validation import InvalidParameterError
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import type_of_target, unique_labels
    from sklearn.utils.validation import _check_sample_weight as check_sample_weight
    from sklearn.utils.validation import check_is_fitted

    try:
        from sklearn.callback import CallbackSupportMixin as CallbackSupport  # 1.9, experimental
        from sklearn.callback import with_callbacks
    except ImportError:
        from fastnn.standins import CallbackSupport, with_callbacks
