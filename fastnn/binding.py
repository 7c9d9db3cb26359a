"""The network behind an estimator, tied to the lists of arrays that its user sees.

scikit-learn's fitted state is two lists, coefs_ and intercepts_; with the recipe they say everything about the network,
so the Sequential is made from them whenever it is missing (after fit's draws, unpickling, copying, or when somebody put
other arrays into the lists), and the lists then hold views of its parameters. Made by fitted.py; trained by
descent.py, epoch.py and lbfgs.py.
"""

from itertools import chain
from operator import is_
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastnn import layers
from fastnn._core import engine
from fastnn.network import Sequential
from fastnn.pace import FIRST_ROWS, Pace
from fastnn.regularizers import L1L2

__all__ = ["KERAS_NAMES", "NORMS", "Binding", "Recipe"]

Array = npt.NDArray[Any]

_GRADIENT_ROWS = 512  # of one backward pass: its buffers stay small

#: scikit-learn's names of activations, in Keras's words; others have the same name in both.
KERAS_NAMES = {"identity": "linear", "logistic": "sigmoid", "exp": "exponential"}


#: What normalizes hidden layers before their activation.
NORMS: dict[str, type[layers.Layer]] = {"batch": layers.BatchNormalization, "layer": layers.LayerNormalization}


class Recipe(NamedTuple):
    """Everything that makes a network but its parameters; equal recipes may share one."""

    shapes: tuple[tuple[int, int], ...]  # of each layer's kernel: inputs, units
    dtype: str
    activations: tuple[str, ...]  # of each layer, the last one's included
    alpha: float = 0.0
    l1: float = 0.0
    dropout: tuple[float, ...] = ()  # of the input and of each hidden layer; empty for none
    seed: int | None = None  # of dropout
    norm: str = ""  # what normalizes hidden layers: a key of NORMS, or nothing

    def at_inference(self) -> "Recipe":
        """Return the recipe without what only training knows."""
        return self._replace(alpha=0.0, l1=0.0, dropout=(), seed=None)


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
        penalty = L1L2(recipe.l1, recipe.alpha / 2) if recipe.alpha or recipe.l1 else None
        self.dense: list[layers.Dense] = []
        norms: list[layers.Layer] = []
        stack: list[layers.Layer] = [layers.Input((recipe.shapes[0][0],))]
        rates = recipe.dropout or (0.0,) * len(recipe.shapes)
        for (_, units), activation, rate in zip(recipe.shapes, recipe.activations, rates, strict=True):
            if rate:  # of what enters this layer
                stack.append(layers.Dropout(rate))
            name = KERAS_NAMES.get(activation, activation)
            normed = bool(recipe.norm) and len(self.dense) < len(recipe.shapes) - 1
            self.dense.append(
                layers.Dense(
                    units, "linear" if normed else name, kernel_initializer="zeros", kernel_regularizer=penalty
                )
            )
            stack.append(self.dense[-1])
            if normed:
                norms.append(NORMS[recipe.norm]())
                stack += [norms[-1], layers.Activation(name)]
        self.model = Sequential(stack, dtype=recipe.dtype, seed=recipe.seed)
        self._kernels, self._biases = zip(*(layer.arrays() for layer in self.dense), strict=True)
        self._norms = [layer.arrays() for layer in norms]
        self._arrays = [*self._kernels, *self._biases, *chain(*self._norms)]

    @property
    def packing(self) -> Array:
        """Places of the parameters in scikit-learn's order: kernels first, then biases."""
        start = self.model.parameters.ctypes.data
        places = [
            (view.ctypes.data - start) // view.itemsize + np.arange(view.size)
            for view in (*self._kernels, *self._biases)
        ]
        return np.concatenate(places)

    def like_parameters(self) -> Array:
        """Return zeros in the engine's memory, as many as there are parameters."""
        made: Array = engine.allocate(self.model.parameters.size, self.recipe.dtype)
        return made

    def predict(self, X: Any, threads: int) -> Array:
        """Return the outputs for rows that the engine reads."""
        out = np.empty((X.shape[0], self.model.plan.outputs), dtype=self.recipe.dtype)
        if X.shape[0] <= FIRST_ROWS:
            return engine.predict(self.model.plan, self.model.parameters, X, out, threads)
        for start, stop in Pace(FIRST_ROWS).slices(X.shape[0]):
            engine.predict(self.model.plan, self.model.parameters, X[start:stop], out[start:stop], threads)
        return out

    def input_gradient(self, X: Array, threads: int) -> Array:
        """Return the derivative of each output with respect to each input, of shape (rows, outputs, inputs)."""
        outputs = self.predict(X, threads)
        gradient = np.empty((*outputs.shape, X.shape[1]), dtype=outputs.dtype)
        trainer = engine.Trainer(
            self.model.plan, self.model.parameters, None, loss="squared_error", optimizer="sgd", gradient_scale=0.5
        )
        for start in range(0, len(X), _GRADIENT_ROWS):
            rows = slice(start, start + _GRADIENT_ROWS)
            part = outputs[rows]
            for output in range(part.shape[1]):
                # Half the squared error has the error as its gradient: weigh it to 1. It is as large as the output
                # where that is large, since one less may be the same number there.
                truth = part.copy()
                truth[:, output] -= np.maximum(1, np.abs(part[:, output]))
                weight = len(part) / (part[:, output] - truth[:, output])
                *_, gradient[rows, output] = trainer.gradients(X[rows], truth, weight, inputs=True)
        return gradient

    def holds(self, coefs: Any, intercepts: Any, norms: Any) -> bool:
        """Return whether these are the network's own arrays."""
        given = [*coefs, *intercepts, *norms]
        return len(given) == len(self._arrays) and all(map(is_, given, self._arrays))

    def adopt(self, coefs: list[Any], intercepts: list[Any], norms: list[Any]) -> None:
        """Copy in every array that is not yet a view of the network, and put the view in its place.

        Empty `norms` are those of a new network, and get its first values.
        """
        normalizers = [view for arrays in self._norms for view in arrays]
        norms += [] if norms else normalizers
        given = (self._kernels, coefs), (self._biases, intercepts), (normalizers, norms)
        others = [
            (view, shown, place)
            for views, shown in given
            for place, view in enumerate(views)
            if shown[place] is not view
        ]
        for _, shown, place in others:  # views of the same network would be read half overwritten
            if np.may_share_memory(shown[place], self.model.parameters):
                shown[place] = np.array(shown[place])
        for view, shown, place in others:
            view[...] = shown[place]
            shown[place] = view

    def layer_not_finite(self) -> int | None:
        """Return the number of the first layer, from 1, with a parameter that is not finite."""
        norms = [*self._norms, *([[]] * (len(self.dense) - len(self._norms)))]
        for number, (*dense, more) in enumerate(zip(self._kernels, self._biases, norms, strict=True), 1):
            arrays = [*dense, *more]
            if not all(np.isfinite(array).all() for array in arrays):
                return number
        return None
