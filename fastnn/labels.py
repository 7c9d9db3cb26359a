"""Labels of any kind to what the losses read, and outputs of the network back to labels.

Three kinds: two classes (one sigmoid unit), several classes (softmax), several labels a row (a sigmoid each). The
arithmetic of the losses does not belong here, nor does the wording of fit's checks. Called by classifier.py,
estimator_files.py and exchange/sklearn_.py.
"""

from importlib import import_module
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn import data
from fastnn.compat import get_config, type_of_target, unique_labels
from fastnn.inputs import dense_labels

__all__ = ["KINDS", "LabelCodec", "class_factors"]

Array = npt.NDArray[Any]

KINDS = ("binary", "multiclass", "multilabel-indicator")


class LabelCodec:
    """Encode labels for training and decode the outputs.

    Parameters
    ----------
    y : array of shape (n,) or (n, labels)
        Every class there is: numbers, strings or booleans, or an indicator matrix of 0 and 1.

    Attributes
    ----------
    kind : {'binary', 'multiclass', 'multilabel-indicator'}
    classes : array
        Sorted; for an indicator matrix the numbers of its columns.
    outputs : int
        Units of the last layer.

    Examples
    --------
    >>> codec = LabelCodec(["no", "yes", "no"])
    >>> codec.encode(["yes", "no"], "float32").ravel()
    array([1., 0.], dtype=float32)
    >>> codec.decode(np.array([[0.2], [0.9]])).tolist()
    ['no', 'yes']
    """

    def __init__(self, y: Any) -> None:
        self.kind = type_of_target(y)
        if "multioutput" in self.kind:
            raise ValueError("Multioutput target data is not supported with label binarization")
        if self.kind not in KINDS:
            hint = (
                "Of objects only strings are labels: y.astype(int) makes integers of numbers."
                if getattr(y, "dtype", None) == np.dtype(object)
                else "Maybe you are trying to fit a classifier, which expects discrete classes on a regression target "
                "with continuous values."
            )
            raise ValueError(f"Unknown label type: {self.kind}. {hint}")
        # unique_labels would look for the kind of y once more, which takes longer than to sort numbers
        plain = type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "biuf"
        classes = np.unique(y) if plain else unique_labels(y)
        self.classes = classes.astype(classes.dtype.newbyteorder("="), copy=False)
        self.sparse = data.is_sparse(y)  # an indicator matrix, which comes back as one
        self.outputs = 1 if self.kind == "binary" else len(self.classes)

    def encode(self, y: Any, dtype: npt.DTypeLike) -> Array:
        """Return what the loss reads.

        Parameters
        ----------
        y : array of shape (n,) or (n, labels)
            Labels that are all among `classes`.
        dtype : dtype
            The network's.

        Returns
        -------
        array
            Several classes: their numbers, int32 of shape (n,). Else 0 and 1 of `dtype`, of shape (n, outputs). Rows
            are contiguous.

        Raises
        ------
        ValueError
            If y is an indicator matrix where there is one label a row, or the reverse, or has another width.
        """
        y = dense_labels(y)
        if self.kind == "multilabel-indicator":
            if y.shape[1:] != (self.outputs,):
                raise ValueError(
                    f"expected y of shape (rows, {self.outputs}), a column for each label, received: shape={y.shape}"
                )
            marks: Array = np.not_equal(y, 0).astype(dtype, order="C")
            return marks
        if y.ndim > 1 and type_of_target(y) == "multilabel-indicator":
            raise ValueError("The object was not fitted with multilabel input.")
        numbers: Array = np.searchsorted(self.classes, y)
        return numbers.astype(np.int32) if self.kind == "multiclass" else numbers.astype(dtype).reshape(-1, 1)

    def decode(self, outputs: Array) -> Array:
        """Return the labels that outputs of shape (n, outputs) stand for: the largest, or those above one half."""
        chosen: Array = outputs.argmax(axis=1) if self.kind == "multiclass" else (outputs > 0.5).astype(int)
        if self.kind == "multilabel-indicator":
            return _compressed(chosen) if self.sparse else chosen
        # a single class has no second name to give: "clip" keeps to the first
        labels: Array = self.classes.take(chosen.ravel(), mode="clip")
        return labels


def _compressed(chosen: Array) -> Any:
    """Return an array as compressed rows, of the class of scipy.sparse that scikit-learn's settings name."""
    kind = "csr_array" if get_config().get("sparse_interface") == "sparray" else "csr_matrix"
    return getattr(import_module("scipy.sparse"), kind)(chosen)


def class_factors(class_weight: Any, codec: LabelCodec, y: Array) -> Array:
    """Return each row's factor by its class.

    Parameters
    ----------
    class_weight : mapping or 'balanced'
        Factor of each label, 1 where it says none; or n / (classes present * rows of the class).
    codec : LabelCodec
    y : array of shape (n,)
        Labels.

    Raises
    ------
    ValueError
        For several labels a row, labels that are no class, or factors that are not numbers >= 0.
    """
    if codec.kind == "multilabel-indicator":
        raise ValueError("expected class_weight=None where y has several labels a row, received: class_weight")
    numbers = codec.encode(y, np.float64).ravel().astype(np.intp)
    if isinstance(class_weight, str):
        counts = np.bincount(numbers, minlength=len(codec.classes))
        factors = len(numbers) / (np.count_nonzero(counts) * np.maximum(counts, 1.0))
        return np.asarray(factors[numbers])
    factors = np.ones(len(codec.classes))
    places = {label: place for place, label in enumerate(codec.classes.tolist())}
    for label, factor in dict[Any, Any](class_weight).items():
        if label not in places:
            raise ValueError(f"expected class_weight to name classes of y, {codec.classes}, received: {label!r}")
        if not isinstance(factor, Real) or not 0 <= float(factor) < np.inf:
            raise ValueError(f"expected class_weight to hold numbers >= 0, received: {{{label!r}: {factor!r}}}")
        factors[places[label]] = factor
    return np.asarray(factors[numbers])
