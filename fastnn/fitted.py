"""The network of an estimator: its first draws, coefs_ and intercepts_ as its parameters, copies, outputs.

Training does not belong here. Called by perceptron.py, whose base it is.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn import data, team
from fastnn._core import engine
from fastnn.best import open_books
from fastnn.binding import Binding, Recipe
from fastnn.compat import BaseEstimator, check_is_fitted, get_config
from fastnn.hyperparameters import layer_values
from fastnn.inputs import SPARSE, rows_of, validated
from fastnn.turns import making

__all__ = ["FittedNetwork"]

Array = npt.NDArray[Any]


class FittedNetwork(BaseEstimator):  # type: ignore[misc, unused-ignore]
    """What an estimator has once it is fitted."""

    hidden_layer_sizes: Any
    activation: Any
    alpha: float
    l1: float
    dropout: Any
    batch_norm: bool
    layer_norm: bool
    solver: str
    n_jobs: int | None
    early_stopping: bool
    n_features_in_: int
    _random_state: np.random.RandomState

    # hidden_layer_sizes may have been changed after fit: these are told how many layers a network has

    def _activations(self, out_activation: str, layers: int) -> tuple[str, ...]:
        """Return the activation of each layer."""
        hidden = layer_values("activation", self.activation, layers - 1)
        return (*hidden, out_activation)

    def _dropout_rates(self, layers: int) -> tuple[float, ...]:
        """Return what part of the input and of each hidden layer is dropped; empty for nothing."""
        given = self.dropout
        if not isinstance(given, (list, tuple)):
            given = [0.0] + [given] * (layers - 1)
        elif len(given) == layers - 1:
            given = [0.0, *given]
        rates = tuple(map(float, layer_values("dropout", given, layers)))
        return rates if any(rates) else ()

    def _norm_kind(self) -> str:
        """Return what normalizes the hidden layers of a new network: 'batch', 'layer' or nothing."""
        return "batch" if self.batch_norm else "layer" if self.layer_norm else ""

    @property
    def _fitted_norm(self) -> str:
        """The same of the network that is there; arguments may have been changed since."""
        norm: str = self.__dict__.get("_norm", "")
        return norm

    def _keeps_sparse(self, layers: int) -> bool:
        """Return whether a Dense layer reads X: dropout of the input needs dense rows."""
        rates = self._dropout_rates(layers)
        return not rates or not rates[0]

    @making()  # another thread may be fitting this estimator
    def _bound(self, trains: bool = True) -> Binding:
        """Return the network whose parameters coefs_ and intercepts_ are.

        Unless it trains, penalties and dropout have no part in it: arguments may have been changed since.

        Raises
        ------
        ValueError
            If other arrays were put there which do not lead from the columns of X to the outputs.
        """
        shapes = tuple((len(coef), np.shape(coef)[1]) for coef in self.coefs_)
        columns = getattr(self, "n_features_in_", shapes[0][0])  # who sets all arrays by hand may leave that out
        if (shapes[0][0], shapes[-1][1]) != (columns, self.n_outputs_):
            raise ValueError(
                f"expected coefs_ to lead from {columns} columns to {self.n_outputs_} outputs, received: {list(shapes)}"
            )
        recipe = Recipe(
            shapes,
            "float32" if np.asarray(self.coefs_[0]).dtype == np.float32 else "float64",
            self._activations(self.out_activation_, len(self.coefs_)),
            norm=self._fitted_norm,
        )
        if trains:
            recipe = recipe._replace(
                alpha=float(self.alpha),
                l1=float(self.l1),
                dropout=self._dropout_rates(len(self.coefs_)),
                seed=self.__dict__.get("_dropout_seed"),
            )
        binding: Binding | None = self.__dict__.get("_binding")
        if binding is None or (binding.recipe if trains else binding.recipe.at_inference()) != recipe:
            binding = self._binding = Binding(recipe)
        binding.adopt(self.coefs_, self.intercepts_, self.__dict__.setdefault("norms_", []))
        return binding

    def __getstate__(self) -> dict[str, Any]:
        # The network is made again from coefs_ and intercepts_; a copy of it would share nothing with their copies.
        state: Any = super().__getstate__()
        # The lists are new ones: a shallow copy puts views of its own network into them.
        lists = {name: list(state[name]) for name in ("coefs_", "intercepts_", "norms_") if name in state}
        return {name: lists.get(name, value) for name, value in state.items() if name != "_binding"}

    def save(self, path: Any, include_optimizer: bool = False) -> None:
        """Write the estimator, fitted or not, to one safetensors file, which `fastnn.load` reads: no pickle, no code.

        Parameters
        ----------
        path : str or path-like
        include_optimizer : bool, default False
            Also write the solver's state, from which partial_fit goes on.

        Notes
        -----
        Of `callbacks` the file has those that only stop a fit or set its learning rate. All others (they write files,
        or are Python code) are named in it: `fastnn.load` wants them in `custom_objects`, or None to go without.

        Raises
        ------
        TypeError
            If an argument or attribute is nothing that a file can hold.
        OSError
            If the file cannot be written, with path and cause; what was there before is untouched.
        """
        from fastnn import estimator_files

        estimator_files.save(self, path, include_optimizer)

    def _initialize(self, layer_units: list[int], dtype: np.dtype[Any], out_activation: str) -> None:
        """Draw the first parameters and open the books."""
        for name in ("_binding", "validation_loss_curve_"):  # the arrays of an earlier fit stay as they are
            vars(self).pop(name, None)
        self.n_iter_ = 0
        self.t_ = 0
        self.n_layers_ = len(layer_units)
        self.n_outputs_ = layer_units[-1]
        self.out_activation_ = out_activation
        self.coefs_: list[Array] = []
        self.intercepts_: list[Array] = []
        self.norms_: list[Array] = []
        self._norm = self._norm_kind()
        activations = self._activations(out_activation, len(layer_units) - 1)
        for layer, (inputs, units) in enumerate(pairwise(layer_units)):
            # Glorot's bound; two instead of six for the logistic function, and for the biases too: scikit-learn's,
            # which counts the last layer among the hidden ones
            logistic = activations[min(layer, max(len(activations) - 2, 0))] == "logistic"
            if len(activations) == 1:
                logistic = self.activation == "logistic"
            bound = np.sqrt((2.0 if logistic else 6.0) / (inputs + units))
            self.coefs_.append(self._random_state.uniform(-bound, bound, (inputs, units)).astype(dtype))
            self.intercepts_.append(self._random_state.uniform(-bound, bound, units).astype(dtype))
        self._dropout_seed: int | None = None
        if self.solver != "lbfgs":
            self.loss_curve_: list[float] = []
            open_books(self)

    def _draw_dropout_seed(self) -> None:
        """Draw what dropout draws from, where there is dropout and it has none: it may be newer than the network."""
        if self._dropout_rates(len(self.coefs_)) and self.__dict__.get("_dropout_seed") is None:
            self._dropout_seed = int(self._random_state.randint(2**31))

    def _outputs(self, X: Any) -> Array:
        """Return the network's outputs for rows that a user passed."""
        binding: Binding | None = self.__dict__.get("_binding")
        if binding is None or not self._takes_as_is(binding, X):
            check_is_fitted(self)
            X = validated(self, X, dtype="numeric", accept_sparse=SPARSE, reset=False)
            binding = self._bound(trains=False)
            dense_first = not any(binding.recipe.dropout[:1])
            X = rows_of(X, binding.recipe.dtype, dense_first, not get_config()["assume_finite"])
        return binding.predict(X, team.size(self.n_jobs) if X.shape[0] > engine.ROWS_ALONE else 1)

    def _takes_as_is(self, binding: Binding, X: Any) -> bool:
        """Return whether X has nothing to check or convert, and the network nothing to adopt: 2 us instead of 100."""
        ends = binding.recipe.shapes[0][0], binding.recipe.shapes[-1][1]
        return (
            ends == (getattr(self, "n_features_in_", None), self.n_outputs_)
            and not hasattr(self, "feature_names_in_")
            and engine.plain_rows(X, ends[0])
            and X.itemsize <= binding.model.parameters.itemsize  # longer ones might overflow
            and binding.holds(self.coefs_, self.intercepts_, self.__dict__.get("norms_", ()))
            and binding.recipe.activations == self._activations(self.out_activation_, len(self.coefs_))
        )

    def input_gradient(self, X: Any) -> Array:
        """Return the derivative of the outputs with respect to the input, at rows of X.

        Parameters
        ----------
        X : array-like of shape (n, features)

        Returns
        -------
        array of shape (n, features), or (n, outputs, features) for several outputs
            Of what predict returns for a regressor, of the probabilities for a classifier (of the second class where
            there are two), row by row.

        Raises
        ------
        ValueError
            For sparse X: its gradient is dense.

        Examples
        --------
        >>> import numpy as np
        >>> from fastnn import MLPRegressor
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> model = MLPRegressor(hidden_layer_sizes=(), n_iter_no_change=2, tol=10).fit(X, 3 * X[:, 0] - X[:, 1])
        >>> bool(np.allclose(model.input_gradient(X[:1]), model.coefs_[0].T))
        True
        """
        check_is_fitted(self)
        if data.is_sparse(X):
            raise ValueError(
                "expected dense rows for a gradient with respect to them, received: sparse X of shape "
                f"{X.shape}; X.toarray() makes it dense"
            )
        rows = validated(self, X, dtype="numeric", reset=False)
        binding = self._bound(trains=False)
        gradient = binding.input_gradient(rows_of(rows, binding.recipe.dtype, False), team.size(self.n_jobs))
        return gradient[:, 0] if gradient.shape[1] == 1 else gradient

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.sparse = True
        return tags
