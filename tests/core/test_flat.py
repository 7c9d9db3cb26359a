"""The flat path against the reference, with every option, and its bits for any number of threads."""

import itertools

import numpy as np
import pytest

from fastnn._core import engine, targets
from fastnn.testing import reference
from tests.core.networks import Twin, network, problem, run, trainer

CONSTANTS = {"momentum": 0.9, "rho": 0.9, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
TOLERANCE = {"float32": 2e-4, "float64": 1e-11}
LOSS = "categorical_crossentropy_from_logits"
WIDTHS, ACTIVATIONS = [11, 37, 19, 5], ["tanh", "tanh", "softmax"]
OPTIONS = {
    "value": {"clip": "value", "limit": 0.003},
    "norm": {"clip": "norm", "limit": 0.05},
    "global norm": {"clip": "global_norm", "limit": 0.07},
    "loose norms": {"clip": "norm", "limit": 1e3},
    "accumulation": {"accumulation": 3},
    "average": {"average": 0.8},
    "overwriting": {"average": 0.8, "overwrite": 2},
    "all": {"clip": "global_norm", "limit": 0.07, "accumulation": 2, "average": 0.8, "overwrite": 2},
}
CONSTRAINTS = {
    "non_negative": lambda w: np.maximum(w, 0.0),
    "column_norms": lambda w: reference.bounded(w, 0, 0.0, 0.5),
    "row_norms": lambda w: reference.bounded(w, 1, 0.7, 0.9),
}
BOUNDS = {"non_negative": (0.0, 0.0), "column_norms": (0.0, 0.5), "row_norms": (0.7, 0.9)}


def relative(a, b):
    return np.linalg.norm(np.asarray(a, np.float64) - b) / (np.linalg.norm(b) + 1e-30)


def constrained(plan, constraints):
    """`plan` with these constraints, None or names, on its tensors."""
    shapes = [shape for pair in itertools.pairwise(WIDTHS) for shape in (pair, (1, pair[1]))]
    offset, segments = 0, []
    for shape, name in zip(shapes, constraints, strict=True):
        bounds = None if name is None else (name, *BOUNDS[name], *shape)
        segments.append((offset, shape[0] * shape[1], 0.0, 0.0, True, bounds))
        offset += shape[0] * shape[1]
    return engine.Plan(plan.dtype, plan.inputs, plan.ops, segments)


def states_for(optimizer, parameters, options):
    slots = targets.OPTIMIZERS[optimizer][1]
    slots += (options.get("accumulation", 1) > 1) + ("average" in options)
    return engine.allocate(slots * parameters.size, parameters.dtype.name).reshape(slots, parameters.size)


def follow(dtype, optimizer, options, constraints=None, threads=1, batch=60, steps=7):
    """(engine's parameters, twin's), after `steps` steps."""
    plan, parameters = network(dtype, WIDTHS, ACTIVATIONS)
    twin = Twin(WIDTHS, ACTIVATIONS, parameters)
    shaped = None
    if constraints:
        plan = constrained(plan, constraints)
        shaped = [None if name is None else CONSTRAINTS[name] for name in constraints]
        # a bias is one row
        shaped = [
            (lambda w, f=f: f(w.reshape(1, -1)).reshape(-1)) if f and index % 2 else f for index, f in enumerate(shaped)
        ]
    path = reference.FlatPath(optimizer, twin.weights, constraints=shaped, weight_decay=0.02, **options, **CONSTANTS)
    states = states_for(optimizer, parameters, options)
    trained = engine.Trainer(plan, parameters, states, optimizer=optimizer, loss=LOSS, batch_size=batch,
                             threads=threads, numbers={**CONSTANTS, "weight_decay": 0.02}, flat=options)  # fmt: skip
    x, y, _, _ = problem(dtype, batch * steps, WIDTHS[0], WIDTHS[-1])
    trained.bind(x, y)
    for start in (0, 3):  # two slices
        run(
            trained,
            np.arange(batch * steps),
            batch,
            0.01,
            start=start * batch,
            stop=(3 if start == 0 else steps) * batch,
        )
    for step in range(steps):
        rows = slice(step * batch, (step + 1) * batch)
        path.step(twin.gradients(x[rows], y[rows], LOSS)[1], 0.01)
        twin.weights = path.weights
    return trained, parameters, path


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam", "nadam"])
def test_options_follow_the_reference(dtype, optimizer, name):
    trained, parameters, path = follow(dtype, optimizer, OPTIONS[name])
    assert relative(parameters, np.concatenate([w.ravel() for w in path.weights])) < TOLERANCE[dtype]
    before = parameters.copy()
    trained.adopt_averages()
    if "average" in OPTIONS[name]:
        assert relative(parameters, np.concatenate([w.ravel() for w in path.averages])) < TOLERANCE[dtype]
    else:
        assert np.array_equal(parameters, before)


@pytest.mark.parametrize(
    "constraints",
    [
        ["column_norms", None, "row_norms", "non_negative", "non_negative", "row_norms"],
        ["row_norms", "row_norms", "non_negative", None, "column_norms", "non_negative"],
    ],
)
@pytest.mark.parametrize("name", [None, "all"])
def test_constraints_follow_the_reference(dtype, constraints, name):
    _, parameters, path = follow(dtype, "adam", OPTIONS.get(name, {}), constraints)
    assert relative(parameters, np.concatenate([w.ravel() for w in path.weights])) < TOLERANCE[dtype]


@pytest.mark.parametrize("optimizer", [name for name in targets.OPTIMIZERS if name != "store"])
def test_a_path_that_changes_nothing_gives_the_fused_path_s_bits(dtype, optimizer):
    results = []
    for options in ({}, {"clip": "value", "limit": 1e30}):
        plan, parameters = network(dtype, WIDTHS, ACTIVATIONS, l1=1e-3, l2=1e-2)
        x, y, _, _ = problem(dtype, 600, 11, 5)
        trained = trainer(plan, parameters, optimizer, loss=LOSS, batch_size=100, numbers=CONSTANTS, flat=options)
        trained.bind(x, y)
        run(trained, np.arange(600), 100, 0.01)
        results.append(parameters.tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("batch", [64, 1100])
def test_bits_do_not_depend_on_threads(dtype, batch):
    """Blocks that do not divide by the threads; by layers and by groups."""
    widths, results = [40, 300, 201, 10], []
    for threads in (1, 2, 3):
        plan, parameters = network(dtype, widths, ACTIVATIONS, l2=1e-3)
        offset, segments = 0, []
        for inputs, units in itertools.pairwise(widths):
            bounds = ("column_norms", 0.0, 1.0, inputs, units), ("row_norms", 0.0, 1.0, 1, units)
            segments += [(offset, inputs * units, 0.0, 1e-3, True, bounds[0])]
            segments += [(offset + inputs * units, units, 0.0, 0.0, True, bounds[1])]
            offset += (inputs + 1) * units
        plan = engine.Plan(dtype, 40, plan.ops, segments)
        states = states_for("adam", parameters, OPTIONS["all"])
        trained = engine.Trainer(plan, parameters, states, optimizer="adam", loss=LOSS, batch_size=batch,
                                 threads=threads, numbers=CONSTANTS, flat=OPTIONS["all"])  # fmt: skip
        assert trained.threads == threads
        x, y, _, _ = problem(dtype, batch * 4, 40, 10)
        trained.bind(x, y)
        run(trained, np.arange(batch * 4), batch, 0.01)
        results.append(parameters.tobytes() + states.tobytes())
    assert results[0] == results[1] == results[2]


def test_frozen_tensors_are_left_alone_and_out_of_the_norm(dtype):
    plan, parameters = network(dtype, WIDTHS, ACTIVATIONS)
    frozen = 11 * 37 + 37
    ops = [(*op[:4], index != 0) if op[0] == "dense" else op for index, op in enumerate(plan.ops)]
    segments = [(0, frozen, 0.0, 0.0, False, ("non_negative", 0.0, 0.0, 1, frozen)),
                (frozen, parameters.size - frozen, 0.0, 0.0, True, None)]  # fmt: skip
    plan = engine.Plan(dtype, 11, ops, segments)
    options = {"clip": "global_norm", "limit": 0.01, "average": 0.5, "overwrite": 1}
    trained = engine.Trainer(plan, parameters, states_for("sgd", parameters, options), optimizer="sgd", loss=LOSS,
                             batch_size=50, flat=options)  # fmt: skip
    x, y, _, _ = problem(dtype, 50, 11, 5)
    trained.bind(x, y)
    before = parameters.copy()
    run(trained, np.arange(50), 50, rate=1.0)
    trained.adopt_averages()
    changed = parameters - before
    assert not changed[:frozen].any()
    np.testing.assert_allclose(np.linalg.norm(changed), 0.01, rtol=1e-3)


@pytest.mark.parametrize("clip", ["norm", "global_norm"])
def test_a_gradient_that_is_not_finite_is_not_hidden(dtype, clip):
    plan, parameters = network(dtype, WIDTHS, ACTIVATIONS)
    trained = trainer(plan, parameters, loss=LOSS, batch_size=10, flat={"clip": clip, "limit": 1.0})
    x, y, _, _ = problem(dtype, 10, 11, 5)
    x[3, 2] = np.nan
    trained.bind(x, y)
    run(trained, np.arange(10), 10)
    assert np.isnan(parameters).all() if clip == "global_norm" else np.isnan(parameters).any()


def test_gradients_ignore_the_path(dtype):
    plan, parameters = network(dtype, WIDTHS, ACTIVATIONS)
    x, y, _, _ = problem(dtype, 30, 11, 5)
    plain = trainer(plan, parameters, loss=LOSS).gradients(x, y)
    clipped = trainer(constrained(plan, ["column_norms"] + [None] * 5), parameters, loss=LOSS,
                      flat={"clip": "value", "limit": 1e-6}).gradients(x, y)  # fmt: skip
    assert plain[0] == clipped[0]
    assert np.array_equal(plain[1], clipped[1])
