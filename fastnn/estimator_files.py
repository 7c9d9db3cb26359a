"""A fitted estimator as metadata and tensors of a file, and back. Called by fitted.py and loading.py.

Constructor arguments and fitted attributes go through saving's values; the network's arrays, the labels' codec and the
solver are checked here, since predictions and updates rely on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import optimizers, saving
from fastnn._core import engine
from fastnn.labels import KINDS, LabelCodec
from fastnn.saving import File, field
from fastnn.saving.sequential import STATES
from fastnn.solvers import SCHEDULES, Solver

__all__ = ["ESTIMATORS", "restore", "save"]

#: Class and module of each that a file may hold.
ESTIMATORS = {"MLPClassifier": "fastnn.classifier", "MLPRegressor": "fastnn.regressor"}
#: Attributes that are not written as they are: made again when needed, or taken apart.
APART = ("_binding", "_random_state", "_optimizer", "_codec", "coefs_", "intercepts_")
_ATTRIBUTE = re.compile(r"_?[a-z]\w*")
OUT_ACTIVATIONS = ("identity", "logistic", "softmax", "exp")
SETTINGS = ("optimizer", "learning_rate_init", "schedule", "power_t", "iterations")


def save(estimator: Any, path: Any, include_optimizer: bool = False) -> None:
    """Write an estimator; see `FittedNetwork.save`."""
    kind, tensors, state = type(estimator), {}, vars(estimator)
    if ESTIMATORS.get(kind.__name__) != kind.__module__:
        raise TypeError(f"expected {' or '.join(ESTIMATORS)}, whose classes load knows, received: {kind.__name__}")
    encoder = saving.Encoder()
    parameters = estimator.get_params(deep=False)
    fitted = {name: value for name, value in state.items() if name not in parameters and name not in APART}
    metadata = {
        "model": {
            "class": kind.__name__,
            "parameters": encoder.encode(parameters, "parameters"),
            "fitted": encoder.encode(fitted, "fitted"),
        }
    }
    codec: LabelCodec | None = state.get("_codec")
    if codec is not None:
        if codec.sparse:
            raise TypeError("expected y that was no sparse matrix, for a file, received: sparse labels in fit")
        labels = {"kind": codec.kind, "outputs": codec.outputs, "classes": codec.classes}
        metadata["labels"] = encoder.encode(labels, "labels")
    if "coefs_" in state:
        metadata["model"]["layers"] = len(state["coefs_"])
        for number, (coefs, intercepts) in enumerate(zip(state["coefs_"], state["intercepts_"], strict=True)):
            tensors[f"coefs_.{number}"] = np.ascontiguousarray(coefs)
            tensors[f"intercepts_.{number}"] = np.ascontiguousarray(intercepts)
    solver: Solver | None = state.get("_optimizer")
    if include_optimizer and solver is not None:
        binding = estimator._bound()
        solver = solver.fitting(binding.model.parameters.size, binding.recipe.dtype)
        settings = {name: getattr(solver, name) for name in SETTINGS}
        metadata["optimizer"] = encoder.encode(settings, "optimizer")
        tensors[STATES] = solver.states
    saving.write(path, metadata, {**tensors, **encoder.tensors})


def restore(file: File, estimator_class: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """Return the estimator of a file, which is of the class that it names.

    Raises
    ------
    ValueError
        If the file says something that is not so.
    """
    decoder = saving.Decoder(file.tensor, custom_objects)
    said = file.json("model")
    parameters = decoder.decode(field(said, "parameters", dict, "model"), "parameters")
    if isinstance(parameters.get("callbacks"), list):  # None was handed over for those to go without
        parameters["callbacks"] = [callback for callback in parameters["callbacks"] if callback is not None]
    estimator = estimator_class(**parameters)
    fitted = decoder.decode(field(said, "fitted", dict, "model"), "fitted")
    for name, value in fitted.items():
        if not _ATTRIBUTE.fullmatch(name) or hasattr(estimator_class, name) or name in APART:
            raise file.refusal(f"it has an attribute that is none of an estimator's: {name[:60]!r}")
        setattr(estimator, name, value)
    if file.json("labels") is not None:
        estimator._codec = _codec(file, decoder.decode(file.json("labels"), "labels"))
    if "layers" in said:
        if ("_codec" in vars(estimator)) != (estimator_class.__name__ == "MLPClassifier"):
            raise file.refusal(f"it should have labels if it is a classifier's, received: {estimator_class.__name__}")
        _read_network(file, estimator, field(said, "layers", int, "model"))
        if file.json("optimizer") is not None:
            estimator._optimizer = _solver(file, decoder.decode(file.json("optimizer"), "optimizer"), estimator)
    return estimator


def _codec(file: File, said: Any) -> LabelCodec:
    kind, classes = field(said, "kind", str, "labels"), field(said, "classes", np.ndarray, "labels")
    outputs = field(said, "outputs", int, "labels")
    wanted = 1 if kind == "binary" else len(classes) if classes.ndim == 1 else None
    if kind not in KINDS or not classes.size or outputs != wanted:
        raise file.refusal(f"its labels do not fit: kind={kind[:60]!r}, {classes.shape} classes, outputs={outputs}")
    codec = LabelCodec.__new__(LabelCodec)
    codec.kind, codec.classes, codec.outputs, codec.sparse = kind, classes, outputs, False
    return codec


def _read_network(file: File, estimator: Any, layers: int) -> None:
    """Check the arrays against the estimator's attributes, and one against the other; then read them."""
    estimator._check_settings(incremental=False)
    state = vars(estimator)
    inputs, outputs = (field(state, name, int, "fitted") for name in ("n_features_in_", "n_outputs_"))
    shapes = [file.shapes.get(f"coefs_.{number}", ("", ()))[1] for number in range(min(layers, len(file.shapes)))]
    chained = all(len(shape) == 2 for shape in shapes) and [inputs, *(shape[1] for shape in shapes)] == [
        *(shape[0] for shape in shapes),
        outputs,
    ]
    codec = state.get("_codec")
    if not 0 < layers == len(shapes) or not chained or (codec is not None and codec.outputs != outputs):
        raise file.refusal(
            f"its {layers} layers should lead from {inputs} columns to {outputs} outputs, received: {shapes[:9]}"
        )
    seed = state.get("_dropout_seed")
    if seed is not None and not (type(seed) is int and 0 <= seed < 1 << 64):
        raise file.refusal(f"its dropout should have a seed, received: {str(seed)[:60]}")
    dtype = file.shapes["coefs_.0"][0]
    _check_norms(file, state, dtype, [shape[1] for shape in shapes[:-1]])
    last = state.get("out_activation_")
    if dtype not in ("float32", "float64") or last not in OUT_ACTIVATIONS:
        raise file.refusal(f"it has no network of floats, received: {dtype}, {str(last)[:60]!r}")
    # raise where the arguments do not fit; both may have been changed after fit, as the arguments of any estimator
    estimator._activations(last, layers)
    estimator._dropout_rates(layers)
    for number, shape in enumerate(shapes):
        file.check(f"coefs_.{number}", dtype, shape)
        file.check(f"intercepts_.{number}", dtype, shape[1:])
    estimator.coefs_ = [file.tensor(f"coefs_.{number}") for number in range(layers)]
    estimator.intercepts_ = [file.tensor(f"intercepts_.{number}") for number in range(layers)]


def _check_norms(file: File, state: Mapping[str, Any], dtype: str, widths: list[int]) -> None:
    """Raise if what normalizes hidden layers does not fit their widths."""
    kind, norms = state.get("_norm", ""), state.get("norms_", [])
    arrays = {"": 0, "batch": 4, "layer": 2}.get(kind) if isinstance(kind, str) else None
    wanted = [(width,) for width in widths for _ in range(arrays or 0)]
    fits = isinstance(norms, list) and all(isinstance(a, np.ndarray) and a.dtype == dtype for a in norms)
    if arrays is None or not fits or [array.shape for array in norms] != wanted:
        raise file.refusal(f"its normalization does not fit layers of {widths[:9]} units: {str(kind)[:60]!r}")


def _solver(file: File, said: Any, estimator: Any) -> Solver:
    optimizer, schedule = field(said, "optimizer", optimizers.Optimizer, "optimizer"), said.get("schedule")
    iterations, power = field(said, "iterations", int, "optimizer"), field(said, "power_t", (int, float), "optimizer")
    first = said.get("learning_rate_init")
    if (
        schedule not in SCHEDULES
        or not 0 <= iterations < 1 << 62
        or not (callable(first) or type(first) in (int, float))
    ):
        raise file.refusal(f"its solver is not known: {str(schedule)[:60]!r}, {iterations} steps")
    arrays = [*estimator.coefs_, *estimator.intercepts_, *vars(estimator).get("norms_", [])]
    shape, dtype = (optimizer.slots, sum(array.size for array in arrays)), arrays[0].dtype.name
    file.check(STATES, dtype, shape)
    solver = Solver.__new__(Solver)
    settings = {"learning_rate_init": first, "schedule": schedule, "power_t": power, "iterations": iterations}
    vars(solver).update(settings, optimizer=optimizer)
    solver.states = engine.allocate(shape[0] * shape[1], dtype).reshape(shape)
    file.read(STATES, solver.states)
    return solver
