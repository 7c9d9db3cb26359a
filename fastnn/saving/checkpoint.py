"""Going on with a training where a checkpoint left it: bit by bit as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fastnn.saving.container import File
from fastnn.saving.objects import Decoder, Encoder
from fastnn.saving.sequential import check_weights, entropy, read_history, read_state, weights
from fastnn.saving.values import field
from fastnn.warning import warn

#: Callbacks that change nothing in a training.
OBSERVERS = ("CSVLogger", "GradientMonitor", "History", "ModelCheckpoint")


class Resumed(NamedTuple):
    """Where a fit goes on.

    Parameters
    ----------
    path : str
    epoch : int
        The first epoch that is left to do.
    stopped : bool
        Whether a callback had ended the training.
    callbacks : list of (str, dict)
        Class and state of each.
    undo : callable
        Makes the model again what it was.
    """

    path: str
    epoch: int
    stopped: bool
    callbacks: list[tuple[str, dict[str, Any]]]
    undo: Callable[[], None]

    def give_back(self, callbacks: Sequence[Any]) -> None:
        """Give every callback the state of the one of its class, in order; those that the checkpoint lacks start anew.

        Raises
        ------
        ValueError
            If a callback does not take its state; the model is then what it was before `resume`.

        Warns
        -----
        UserWarning
            If the checkpoint has a state that no callback takes.
        """
        left = list(callbacks)
        for name, state in self.callbacks:
            taker = next((callback for callback in left if type(callback).__name__ == name), None)
            if taker is not None:
                left.remove(taker)
                try:
                    taker.set_state(state)
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    self.undo()
                    raise ValueError(f"expected a state of {name} in {self.path!r}, received: {error!r}") from error
            elif state and name not in OBSERVERS:
                warn(
                    f"the checkpoint {self.path!r} has the state of a {name}, which is not among the callbacks: "
                    "training does not go on as it would have",
                )


def resume(path: Any, model: Any, history: Any) -> Resumed:
    """Put weights, optimizer state, learning rate and random state of a checkpoint into a model.

    Parameters
    ----------
    path : str or path-like
    model : Sequential
        Built and compiled, of the layers and the optimizer of the checkpoint; unchanged if they are not.
    history : History
        Gets the epochs that are done.

    Raises
    ------
    ValueError
        If it is no checkpoint, or one of another model.
    OSError
        If it cannot be read.
    """
    with File(path) as file:
        decoder = Decoder(file.tensor)
        said, progress = file.json("model"), decoder.decode(file.json("progress"), "progress")
        if progress is None:
            raise file.refusal("it is no checkpoint: ModelCheckpoint writes one, without save_weights_only")
        done = _progress(file, progress)
        compiled = model.training
        rate = _check_same(file, said, file.json("compiled"), model)
        check_weights(file, model.layers, model.inputs, model.dtype)
        numbers = entropy(said, decoder)
        state = read_state(file, decoder, compiled.state_shape, model.dtype)
        read_history(file, decoder, history)
        undo = _undoing(model)
        # nothing raises from here on
        for name, view in weights(model.layers, model.inputs):
            file.read(name, view)
        model.reseed(numbers)
        compiled.resume(*state)
        if rate is not None:
            compiled.optimizer.learning_rate = rate
    return Resumed(*done, undo)


def _undoing(model: Any) -> Callable[[], None]:
    """Return what puts back a model's present parameters, optimizer state, learning rate, random state and history."""
    compiled, parameters, numbers = model.training, model.parameters.copy(), model.structure()["entropy"]
    state, rate, history = (compiled.iterations, compiled.states), compiled.optimizer.learning_rate, model.history

    def undo() -> None:
        model.parameters[...] = parameters
        model.reseed(numbers)
        compiled.resume(*state)
        compiled.optimizer.learning_rate, model.history = rate, history

    return undo


def _progress(file: File, progress: Any) -> tuple[str, int, bool, list[Any]]:
    epoch, callbacks = field(progress, "epoch", int, "progress"), field(progress, "callbacks", list, "progress")
    for entry in callbacks:
        if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], dict)):
            raise file.refusal("its callbacks are no pairs of class and state")
    return file.path, epoch, field(progress, "stopped", bool, "progress"), callbacks


def _check_same(file: File, said: Any, settings: Any, model: Any) -> float | None:
    """Raise ValueError unless model and optimizer are the file's; return the learning rate to go on with, if a number.

    The rate itself may differ: callbacks change it.
    """
    encoder = Encoder()
    structure = model.structure()
    saved = field(settings, "optimizer", dict, "compiled")
    pairs = [(name, said.get(name), encoder.encode(structure[name], name)) for name in ("dtype", "inputs", "layers")]
    optimizer = encoder.encode(model.optimizer, "optimizer")  # after the layers, as in the file: names are numbered
    rates = [config.get("config", {}).pop("learning_rate", None) for config in (saved, optimizer)]
    pairs.append(("optimizer", saved, optimizer))
    if not all(isinstance(rate, (int, float)) for rate in rates):
        pairs.append(("learning_rate", *rates))
    if structure["seed"] is not None:
        pairs.append(("seed", said.get("seed"), structure["seed"]))
    for name, there, here in pairs:
        if there != here:
            raise ValueError(f"expected the {name} of the checkpoint {file.path!r}: {_first_difference(there, here)}")
    return rates[0] if isinstance(rates[0], (int, float)) else None


def _first_difference(there: Any, here: Any, where: str = "") -> str:
    """Say what two JSON values first differ in."""
    if isinstance(there, dict) and isinstance(here, dict) and there.keys() == here.keys():
        name = next(name for name in there if there[name] != here[name])
        return _first_difference(there[name], here[name], f"{where}.{name}")
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        index = next(index for index, (one, other) in enumerate(zip(there, here, strict=True)) if one != other)
        return _first_difference(there[index], here[index], f"{where}.{index}")
    return f"{where.lstrip('.')} {there!r}, received: {here!r}".lstrip()
