"""What a network does with rows without being trained: predictions, and what flows through its layers.

Between parameters.Parametrized, which knows no data, and network.Sequential, which has the documentation.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from fastnn import arguments, data, datasets
from fastnn._core import engine
from fastnn.layers import Flatten
from fastnn.pace import FIRST_ROWS, Pace
from fastnn.parameters import Parametrized


class Forward(Parametrized):
    """A stack of layers that predicts; see `Sequential`."""

    def flat(self, x: Any) -> Any:
        """Return `x` with flat rows, as a view, where the model takes rows of several dimensions; else as it is."""
        several = self._declared is not None and len(self._declared) > 1
        if (several or (self.layers and isinstance(self.layers[0], Flatten))) and not data.is_sparse(x):
            try:
                array = np.asanyarray(x)  # masks stay: they are refused where rows are checked
            except ValueError:  # so are rows of different lengths
                return x
            if array.ndim > 2 and (self._declared is None or array.shape[1:] == self._declared):
                return array.reshape(array.shape[0], math.prod(array.shape[1:]))
        return x

    def check_sparse(self, x: Any, inputs: bool = False) -> None:
        """Raise if rows are sparse and the built model would have to make them dense, or their gradient."""
        if isinstance(x, engine.Compressed) and (inputs or not self.plan.training.takes_sparse):
            wanted = "dense rows for a gradient with respect to them" if inputs else "a Dense layer first for sparse X"
            raise ValueError(f"expected {wanted}, received: sparse X of shape {x.shape}; X.toarray() makes it dense")

    def predict(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> np.ndarray:
        """Return the outputs for rows of `x`.

        Parameters
        ----------
        x : array_like, shape (rows, features)
        batch_size : int, optional
            Checked and ignored: the engine picks blocks by itself, a row's result does not depend on them.
        verbose : {0, 1, 2, "auto"}, default 0
            Nothing is shown, whatever it is.

        Returns
        -------
        ndarray of the model's dtype, shape (rows, outputs)

        Raises
        ------
        ValueError, TypeError
            If `x` has another width, no rows, NaN or infinities, or holds no real numbers.
        """
        datasets.checked_batch_size(batch_size)
        x = data.rows(self.flat(x), self.inputs, self.dtype)
        if not self.built:
            with self.built_for(x.shape[1]):
                return self._predict(x)
        return self._predict(x)

    def _predict(self, x: Any) -> np.ndarray:
        """The outputs for checked rows, in slices that leave room for Ctrl-C."""
        self.check_sparse(x)
        rows = x.shape[0]
        plan, parameters = self.plan, self.parameters  # once: another thread may add or remove layers meanwhile
        out = np.empty((rows, plan.outputs), dtype=self.dtype)
        if rows <= FIRST_ROWS:
            return engine.predict(plan, parameters, x, out)
        for start, stop in Pace(FIRST_ROWS).slices(rows):
            engine.predict(plan, parameters, x[start:stop], out[start:stop])
        return out

    def __call__(self, x: Any) -> np.ndarray:
        """Return the outputs for rows of `x`: `predict`."""
        return self.predict(x)

    def predictor(self, max_rows: int = 1) -> Any:
        """Return a callable ``(x, out=None)`` for few rows at a time: memory ready, nothing checked but the shapes.

        Parameters
        ----------
        max_rows : int, default 1
            Most rows of one call.

        Returns
        -------
        callable
            Takes x of the model's dtype, C-contiguous, shape (rows <= max_rows, features). It reads the model's
            present parameters; after `add` or `pop` make a new one.

        Raises
        ------
        ValueError
            If the model has no layers, its input width is not known, or max_rows is not a positive integer; when it is
            called, if x is not such an array.

        Examples
        --------
        >>> import fastnn, numpy as np
        >>> layers = [fastnn.Input((2,)), fastnn.layers.Dense(1, kernel_initializer="ones")]
        >>> fastnn.Sequential(layers).predictor()(np.ones((1, 2), dtype=np.float32))
        array([[2.]], dtype=float32)
        """
        self.build()
        rows = arguments.integer("max_rows", max_rows, least=1, most=sys.maxsize)
        return engine.Predictor(self.plan, self.parameters, rows)

    def activations(self, x: Any) -> list[np.ndarray]:
        """Return every layer's output for rows of `x`, as at inference: one array [rows, width] a layer.

        Parameters
        ----------
        x : array_like, shape (rows, features)

        Returns
        -------
        list of ndarray

        Raises
        ------
        ValueError, TypeError
            As for `predict`.
        """
        x = data.rows(self.flat(x), self.inputs, self.dtype)
        with self.built_for(x.shape[1]):
            self.check_sparse(x)
            made = engine.activations(self.plan, self.parameters, x)
        made = [x if data.is_sparse(x) else x.astype(self.dtype), *made]
        return [made[index] for index in self._op_counts()]

    def _op_counts(self) -> list[int]:
        """Return how many of the plan's ops have run behind each layer."""
        counts, width = [0], self.inputs or 0
        for layer in self.layers:
            counts.append(counts[-1] + len(layer.ops(width, [0] * len(layer.weights(width)), 0)))
            width = layer.output_width(width)
        return counts[1:]
