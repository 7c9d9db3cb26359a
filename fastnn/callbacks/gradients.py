"""GradientMonitor: gradients, updates, weights and dead units of each layer, epoch by epoch."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from fastnn import activations, arguments
from fastnn.callbacks.base import Callback, Logs
from fastnn.warning import warn

#: Of a fit, for callbacks that look at what flows through the layers.
PROBE_ROWS = 256
#: Nearer than this to an end of the interval of sigmoid is saturated; tanh's interval is twice as long.
SATURATED = 0.01


class LayerState(NamedTuple):
    """What `GradientMonitor` saw of a layer after an epoch: of those of its parameters that learn.

    Attributes
    ----------
    layer : str
        Its name.
    gradient, update, weights : float
        Norms: of the gradient on the probe, of the epoch's change of the parameters, of the parameters.
    growth : float
        The parameters' norm over that at the fit's begin; NaN if that was 0.
    mean_square : float
        Of the gradient's elements, which compares layers of different sizes.
    dead : float
        Share of the units of relu that are 0 for every row of the probe; NaN for other layers.
    saturated : float
        Share of the outputs of sigmoid or tanh within 1 % of an end of their interval; NaN for other layers.
    zeros, nans : int
        Parameters that are 0, and that are not finite.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.callbacks.LayerState("dense", 0.1, 0.01, 2.0, 1.1, 1e-4, 0.0, float("nan"), 0, 0).growth
    1.1
    """

    layer: str
    gradient: float
    update: float
    weights: float
    growth: float
    mean_square: float
    dead: float
    saturated: float
    zeros: int
    nans: int


class GradientMonitor(Callback):
    """Looks at every layer that learns after each epoch, and warns of vanishing and exploding gradients.

    Parameters
    ----------
    probe : (X, y), optional
        What gradients and outputs are computed of: at most the first 256 rows. By default those of the fit. y is what
        the network learns: in an estimator 0 and 1, or numbers of classes in the order of `classes_`, for labels.
    ratio : float > 1, default 1000
        Gradients vanish where the root mean square of the first layer's is less than the last layer's over `ratio`;
        they explode where it is more than `ratio` times the last layer's, or one is not finite.

    Attributes
    ----------
    states : list of list of LayerState
        For each epoch, each layer that has trainable parameters.
    update_ratios : list of float
        For each epoch, the norm of the first layer's update over that of the last's; NaN if that is 0.

    Raises
    ------
    ValueError
        At the fit's begin, without `probe`, if the fit's rows are sparse.

    Warns
    -----
    RuntimeWarning
        Once a fit of each.

    Notes
    -----
    Gradients are those of the loss with its penalties, as `Sequential.gradients` has them, without sample weights; an
    estimator's are scikit-learn's, with penalties over the rows of the probe. Source: Glorot and Bengio, Understanding
    the difficulty of training deep feedforward neural networks, 2010.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> monitor = fastnn.callbacks.GradientMonitor()
    >>> model = fastnn.Sequential([fastnn.layers.Dense(4, "relu"), fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("adam", "mse")
    >>> _ = model.fit(np.eye(3), [0.0, 1.0, 2.0], epochs=2, verbose=0, callbacks=[monitor])
    >>> [[state.layer for state in states] for states in monitor.states]
    [['dense', 'dense_1'], ['dense', 'dense_1']]
    """

    def __init__(self, probe: Any = None, ratio: float = 1000.0) -> None:
        super().__init__()
        if probe is not None and (not isinstance(probe, (tuple, list)) or len(probe) != 2):
            raise ValueError(f"expected `probe` to be (X, y), received: {type(probe).__name__}")
        self.probe = probe
        self.ratio = arguments.number("ratio", ratio, above=1.0)
        self._reset()

    def _reset(self) -> None:
        self.states: list[list[LayerState]] = []
        self.update_ratios: list[float] = []
        self._warned: set[str] = set()
        self._begin: list[float] = []
        self._before: list[np.ndarray] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()
        x, y = self.model.training.probe_rows if self.probe is None else self.probe
        if x is None:
            raise ValueError("expected GradientMonitor(probe=(X, y)) for a fit on sparse rows, received: no probe")
        self._rows = x[:PROBE_ROWS], y[:PROBE_ROWS]
        self._before = self.model.get_weights()
        self._begin = [_norm(arrays) for arrays in self._by_layer(self._before)]

    def get_state(self) -> dict[str, Any]:
        seen = [state for states in self.states for state in states]
        names = sorted({state.layer for state in seen})
        return {
            "begin": list(self._begin),
            "warned": sorted(self._warned),
            "layers": names,
            "counts": [len(states) for states in self.states],
            # numbers of all epochs and layers in one array, which files hold better than lists
            "states": np.array([[names.index(state.layer), *state[1:]] for state in seen], dtype=np.float64),
            "update_ratios": list(self.update_ratios),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        names, rows = state["layers"], iter(state["states"].tolist())

        def made(row: list[Any]) -> LayerState:
            return LayerState._make([names[int(row[0])], *row[1:8], int(row[8]), int(row[9])])

        self.states = [[made(next(rows)) for _ in range(count)] for count in state["counts"]]
        self.update_ratios = list(state["update_ratios"])
        self._warned, self._begin = set(state["warned"]), list(state["begin"])

    def _by_layer(self, arrays: list[np.ndarray]) -> list[list[np.ndarray]]:
        """Of arrays in the order of `get_weights` those that learn, by layer."""
        rest = iter(zip(arrays, self.model.declared(), strict=True))
        return [
            [array for array, (_, weight) in itertools.islice(rest, len(layer.arrays())) if weight.trainable]
            for layer in self.model.layers
        ]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        x, y = self._rows
        weights = self.model.get_weights()
        gradients = self._by_layer(self.model.gradients(x, y)[1])
        outputs = self.model.activations(x)
        changes = self._by_layer([new - old for new, old in zip(weights, self._before, strict=True)])
        states = []
        for index, (layer, own) in enumerate(zip(self.model.layers, self._by_layer(weights), strict=True)):
            if not own:
                continue
            norm, gradient = _norm(own), _norm(gradients[index])
            dead, saturated = self._units(index, outputs)
            states.append(
                LayerState(
                    layer.name,
                    gradient,
                    _norm(changes[index]),
                    norm,
                    norm / self._begin[index] if self._begin[index] else math.nan,
                    gradient**2 / sum(array.size for array in own),
                    dead,
                    saturated,
                    sum(int(np.count_nonzero(array == 0)) for array in own),
                    sum(int(np.count_nonzero(~np.isfinite(array))) for array in own),
                )
            )
        self._before = weights
        self.states.append(states)
        if states:
            last = states[-1].update
            self.update_ratios.append(states[0].update / last if last else math.nan)
            self._judge(epoch, states)

    def _units(self, index: int, outputs: list[np.ndarray]) -> tuple[float, float]:
        """Shares of dead units and saturated outputs, of this layer's activation or of one in the layer behind it."""
        for place in range(index, min(index + 2, len(outputs))):
            layer = self.model.layers[place]
            activation = getattr(layer, "activation", None)
            if place > index and layer.arrays():
                break
            name = "linear" if activation is None else activations.kernel(activation)[0]
            made = outputs[place]
            if name == "relu":
                return float(np.all(made == 0, axis=0).mean()), math.nan
            if name == "sigmoid":
                return math.nan, float(((made < SATURATED) | (made > 1.0 - SATURATED)).mean())
            if name == "tanh":
                return math.nan, float((np.abs(made) > 1.0 - 2.0 * SATURATED).mean())
        return math.nan, math.nan

    def _judge(self, epoch: int, states: list[LayerState]) -> None:
        first, last = (math.sqrt(state.mean_square) for state in (states[0], states[-1]))
        found = {
            "vanish": first * self.ratio < last,
            "explode": first > self.ratio * last > 0.0 or not all(math.isfinite(s.gradient) for s in states),
        }
        for name, holds in found.items():
            if holds and name not in self._warned:
                self._warned.add(name)
                warn(
                    f"gradients {name} in epoch {epoch + 1}: their root mean square is {first:.3g} in layer "
                    f"{states[0].layer!r} and {last:.3g} in layer {states[-1].layer!r}",
                    RuntimeWarning,
                )


def _norm(arrays: list[np.ndarray]) -> float:
    """The Euclidean norm of all elements, in float64."""
    return math.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays))
