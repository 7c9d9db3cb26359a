"""The network behind an estimator, tied to the lists of arrays that its user sees.

scikit-learn's fitted state is two lists, coefs_ and intercepts_; they say everything about the network, so the
Sequential is made from them whenever it is missing (after fit's draws, unpickling, copying, or when somebody put other
arrays into the lists), and the lists then hold views of its parameters. Called by perceptron.py.
"""

from typing import Any, NamedTuple

import numpy.typing as npt

from fastnn.layers import Dense, Input
from fastnn.network import Sequential
from fastnn.regularizers import L2

__all__ = ["KERAS_NAMES", "Binding", "Recipe"]

Array = npt.NDArray[Any]

#: scikit-learn's names of activations, in Keras's words.
KERAS_NAMES = {
    "identity": "linear",
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "exp": "exponential",
    "softmax": "softmax",
}


class Recipe(NamedTuple):
    """Everything that makes a network but its parameters; equal recipes may share one."""

    shapes: tuple[tuple[int, int], ...]  # of each layer's kernel: inputs, units
    dtype: str
    activation: str
    out_activation: str
    alpha: float


class Binding:
    """A Sequential made by a recipe.

    Attributes
    ----------
    recipe : Recipe
    model : Sequential
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        # Keras's L2(l2) adds l2 * sum w^2, scikit-learn's alpha alpha / 2 * sum w^2
        penalty = L2(recipe.alpha / 2) if recipe.alpha else None
        activations = [recipe.activation] * (len(recipe.shapes) - 1) + [recipe.out_activation]
        layers = [
            Dense(units, KERAS_NAMES[activation], kernel_initializer="zeros", kernel_regularizer=penalty)
            for (_, units), activation in zip(recipe.shapes, activations, strict=True)
        ]
        self.model = Sequential([Input((recipe.shapes[0][0],)), *layers], dtype=recipe.dtype)
        self._kernels, self._biases = zip(*(layer.arrays() for layer in layers), strict=True)

    def adopt(self, coefs: list[Any], intercepts: list[Any]) -> None:
        """Copy in every array that is not yet a view of the network, and put the view in its place."""
        for views, shown in ((self._kernels, coefs), (self._biases, intercepts)):
            for place, view in enumerate(views):
                if shown[place] is not view:
                    view[...] = shown[place]
                    shown[place] = view
