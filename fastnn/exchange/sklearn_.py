"""from_sklearn, to_sklearn: scikit-learn's MLPs as fastnn's estimators and back. Both have the same arguments and
attributes, so that this is mostly copying.
"""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from fastnn.classifier import MLPClassifier
from fastnn.exchange.needs import package
from fastnn.labels import LabelCodec
from fastnn.regressor import MLPRegressor

#: What scikit-learn has for hidden layers.
_ACTIVATIONS = ("identity", "logistic", "relu", "tanh")
_NAMES = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}


def from_sklearn(estimator: Any) -> Any:
    """Return fastnn's estimator for scikit-learn's, with its arguments and, if it is fitted, its weights and books.

    Moments of the optimizer, which are no public attributes, are not taken over: `partial_fit` starts them anew.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier, MLPRegressor, or a Pipeline that ends in one
        Fitted or not.

    Returns
    -------
    MLPClassifier, MLPRegressor, or Pipeline
        Arrays are copies. A Pipeline is a new one with the same steps but for the last.

    Raises
    ------
    TypeError
        If it is something else.
    ValueError
        If an argument differs from its default that fastnn's estimator does not have.

    Examples
    --------
    >>> import fastnn
    >>> from sklearn.neural_network import MLPRegressor
    >>> fastnn.from_sklearn(MLPRegressor(hidden_layer_sizes=(8,), max_iter=50))
    MLPRegressor(hidden_layer_sizes=(8,), max_iter=50)
    """
    kinds = [kind for kind in type(estimator).__mro__ if kind.__module__.startswith("sklearn.")]
    names = [kind.__name__ for kind in kinds]
    if "Pipeline" in names:
        made = copy.copy(estimator)
        made.steps = [*estimator.steps[:-1], (estimator.steps[-1][0], from_sklearn(estimator.steps[-1][1]))]
        return made
    name = next((name for name in names if name in _NAMES), None)
    if name is None or isinstance(estimator, (MLPClassifier, MLPRegressor)):
        raise TypeError(f"expected an MLPClassifier or MLPRegressor of scikit-learn, received: {estimator!r}")
    made = _with_parameters(_NAMES[name], estimator)
    if hasattr(estimator, "coefs_"):
        _copy_state(estimator, made)
        if made.solver != "lbfgs" and not hasattr(made, "best_epoch_"):
            made.best_epoch_ = None  # scikit-learn's books do not say; without it they would be opened anew
        if name == "MLPClassifier":
            sparse = getattr(vars(estimator).get("_label_binarizer"), "sparse_input_", False)
            made._codec = LabelCodec(_every_label(made, sparse))
    return made


def to_sklearn(estimator: Any) -> Any:
    """Return scikit-learn's estimator for fastnn's, with its arguments and, if it is fitted, its weights and books.

    Moments of the optimizer are not taken over.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor, or scikit-learn's Pipeline that ends in one
        Fitted or not.

    Returns
    -------
    sklearn.neural_network.MLPClassifier, MLPRegressor, or Pipeline
        Arrays are copies.

    Raises
    ------
    ImportError
        Without scikit-learn: ``pip install "fastnn-mlp[sklearn]"``.
    TypeError
        If it is something else.
    ValueError
        If an argument differs from its default that scikit-learn's estimator does not have.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.to_sklearn(fastnn.MLPClassifier((8,), max_iter=50))
    MLPClassifier(hidden_layer_sizes=(8,), max_iter=50)
    """
    neural_network = package("sklearn.neural_network", "to_sklearn", "sklearn")
    if type(estimator).__module__ == "sklearn.pipeline":
        made = copy.copy(estimator)
        made.steps = [*estimator.steps[:-1], (estimator.steps[-1][0], to_sklearn(estimator.steps[-1][1]))]
        return made
    if not isinstance(estimator, (MLPClassifier, MLPRegressor)):
        raise TypeError(f"expected an MLPClassifier or MLPRegressor of fastnn, received: {estimator!r}")
    classifier = isinstance(estimator, MLPClassifier)
    kind = neural_network.MLPClassifier if classifier else neural_network.MLPRegressor
    if estimator.activation not in _ACTIVATIONS:
        raise ValueError(f"expected an activation of {_ACTIVATIONS}, received: activation={estimator.activation!r}")
    made = _with_parameters(kind, estimator)
    norms = vars(estimator).get("norms_", [])
    if norms:  # set_params may have switched off what they are of
        raise ValueError(
            f"expected an estimator fitted without batch_norm and layer_norm, received: norms_ of {len(norms)} arrays"
        )
    if hasattr(estimator, "coefs_"):
        _copy_state(estimator, made)
        if getattr(made, "best_validation_score_", None) is not None:
            # scikit-learn's lists of the best weights, which its warm start ends with where no epoch is better
            made._best_coefs, made._best_intercepts = made.coefs_, made.intercepts_
        if classifier:
            binarizer = package("sklearn.preprocessing", "to_sklearn", "sklearn").LabelBinarizer()
            sparse = getattr(vars(estimator).get("_codec"), "sparse", False)
            made._label_binarizer = binarizer.fit(_every_label(made, sparse))
    return made


def _with_parameters(kind: Any, estimator: Any) -> Any:
    """An unfitted estimator of `kind` with the arguments of another."""
    given = estimator.get_params(deep=False)
    known = inspect.signature(kind).parameters
    defaults = inspect.signature(type(estimator)).parameters
    for name in sorted(set(given) - set(known)):
        if not np.array_equal(given[name], defaults[name].default):
            raise ValueError(
                f"expected arguments that {kind.__module__}.{kind.__name__} has, received: {name}={given[name]!r}"
            )
    return kind(**{name: value for name, value in given.items() if name in known})


def _copy_state(source: Any, target: Any) -> None:
    """Copy what fit leaves: attributes with an underscore behind, and the count that patience looks at."""
    for name, value in vars(source).items():
        if (name.endswith("_") and not name.startswith("_")) or name == "_no_improvement_count":
            # views of a network's parameters become arrays of their own
            arrays = isinstance(value, list) and value and isinstance(value[0], np.ndarray)
            setattr(target, name, [np.array(array) for array in value] if arrays else copy.copy(value))


def _every_label(estimator: Any, sparse: bool) -> Any:
    """The classes; for several labels a row an indicator matrix in which every one occurs and is missing.

    It is a matrix of scipy.sparse if `sparse`: then so is what predict returns.
    """
    if estimator.out_activation_ != "logistic" or estimator.n_outputs_ == 1:
        return estimator.classes_
    labels = len(estimator.classes_)
    marks = np.array([np.zeros(labels, dtype=int), np.ones(labels, dtype=int)])
    return package("scipy.sparse", "sparse labels", "sklearn").csr_matrix(marks) if sparse else marks
