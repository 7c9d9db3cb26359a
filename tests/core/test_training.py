"""The engine's steps against the same network trained by the reference, and its gradients."""

import threading

import numpy as np
import pytest

from fastnn._core import engine, targets
from fastnn.testing import reference
from tests.core.networks import Twin, network, problem, run, states, trainer

CONSTANTS = {"momentum": 0.9, "rho": 0.9, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
TOLERANCE = {"float32": 2e-4, "float64": 1e-11}


def relative(a, b):
    return np.linalg.norm(np.asarray(a, np.float64) - b) / (np.linalg.norm(b) + 1e-30)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", [name for name in targets.OPTIMIZERS if name != "store"])
def test_every_optimizer_follows_the_reference(dtype, optimizer, threads):
    widths, activations = [11, 37, 19, 5], ["tanh", "relu", "softmax"]
    plan, parameters = network(dtype, widths, activations, l1=1e-3, l2=1e-2)
    twin = Twin(widths, activations, parameters, l1=1e-3, l2=1e-2)
    x, y, _, weight = problem(dtype, 530, 11, 5)
    batch, rate, decay = 100, 0.01, 0.02
    numbers = dict(CONSTANTS, weight_decay=decay)
    trained = trainer(plan, parameters, optimizer, loss="categorical_crossentropy_from_logits", numbers=numbers,
                      batch_size=batch, threads=threads)  # fmt: skip
    trained.bind(x, y, weight)
    order = np.random.default_rng(2).permutation(530).astype(np.int64)
    slots = [[np.zeros_like(w) for _ in range(targets.OPTIMIZERS[optimizer][1])] for w in twin.weights]
    outputs = np.zeros((530, 5), dtype)
    losses = run(trained, order, batch, rate, outputs)
    for step in range(6):  # the last batch has 30 rows
        rows = order[step * batch : (step + 1) * batch]
        expected, gradients, predictions = twin.gradients(x[rows], y[rows], trained_loss, weight[rows])
        assert losses[step] == pytest.approx(expected, rel=TOLERANCE[dtype])
        assert relative(outputs[step * batch : (step + 1) * batch], predictions) < TOLERANCE[dtype]
        corrected = reference.corrected(optimizer, step + 1, **CONSTANTS, rate=rate)
        twin.step(optimizer, slots, gradients, **corrected, weight_decay=decay * rate)
    assert trained.iterations == 6
    assert relative(parameters, twin.flat()) < TOLERANCE[dtype]


@pytest.mark.parametrize("optimizer", ["adam", "amsgrad", "adamax", "nadam"])
def test_bias_corrections_of_late_steps(optimizer):
    """Each step as the first of a training that is so far: where powers of the betas no longer count, and before."""
    betas = dict(CONSTANTS, beta_1=0.5, beta_2=0.6)
    plan, parameters = network("float64", [4, 3], ["linear"])
    first, x, y = parameters.copy(), *problem("float64", 8, 4, 3)[:2]
    for step in (1, 2, 5, 10, 20, 40, 74, 75, 76, 100, 2000):
        parameters[...] = first
        twin = Twin([4, 3], ["linear"], first)
        trained = trainer(plan, parameters, optimizer, loss="squared_error", numbers=betas, batch_size=8)
        trained.bind(x, y)
        trained.iterations = step - 1
        run(trained, np.arange(8), 8, 0.01)
        slots = [[np.zeros_like(w) for _ in range(targets.OPTIMIZERS[optimizer][1])] for w in twin.weights]
        _, gradients, _ = twin.gradients(x, y, "squared_error")
        twin.step(optimizer, slots, gradients, **reference.corrected(optimizer, step, **betas, rate=0.01))
        assert relative(parameters - first, twin.flat() - first) < 1e-12, step


trained_loss = "categorical_crossentropy_from_logits"


@pytest.mark.parametrize("rows", [1, 3, 511, 512, 513, 1300])
@pytest.mark.parametrize(
    ("widths", "activations", "loss"),
    [
        ([10, 32, 1], ["relu", "sigmoid"], "binary_crossentropy_from_logits"),
        ([10, 32, 1], ["relu", "sigmoid"], "squared_error"),
        ([3, 17, 33, 2], ["sigmoid", "softmax", "linear"], "squared_error"),
        ([3, 4], ["exponential"], "poisson_from_log"),
        ([5, 8, 3], ["tanh", "softmax"], "categorical_crossentropy"),
    ],
)
def test_gradients_follow_the_reference(dtype, rows, widths, activations, loss):
    plan, parameters = network(dtype, widths, activations, l2=0.1)
    twin = Twin(widths, activations, parameters, l2=0.1)
    x, y, _, weight = problem(dtype, rows, widths[0], widths[-1])
    trained = trainer(plan, parameters, loss=loss, threads=2, value_scale=0.5, gradient_scale=0.25)
    for weights in (None, weight):
        value, gradient, input_gradient = trained.gradients(x, y, weights, inputs=True)
        expected, gradients, _ = twin.gradients(x, y, loss, weights, value_scale=0.5, gradient_scale=0.25)
        penalty = [0.1 * w if index % 2 == 0 else 0 * w for index, w in enumerate(twin.weights)]
        flat = np.concatenate([(g + p).ravel() for g, p in zip(gradients, penalty, strict=True)])
        assert value == pytest.approx(expected, rel=TOLERANCE[dtype])
        assert relative(gradient, flat) < TOLERANCE[dtype]
        assert relative(input_gradient, twin.input_gradient) < TOLERANCE[dtype]
        alone = trained.gradients(x, y, weights)
        assert relative(alone[1], flat) < TOLERANCE[dtype]


def test_labels_and_one_hot_rows_train_alike(dtype):
    results = []
    x, y, labels, _ = problem(dtype, 90, 6, 4)
    for loss, truth in (("categorical_crossentropy_from_logits", y), ("sparse_" + trained_loss, labels)):
        plan, parameters = network(dtype, [6, 9, 4], ["relu", "softmax"])
        trained = trainer(plan, parameters, loss=loss, batch_size=20)
        trained.bind(x, truth)
        run(trained, np.arange(90), 20)
        results.append(parameters.copy())
    assert relative(results[0], results[1]) < TOLERANCE[dtype]


@pytest.mark.parametrize("batch", [40, 1200])
def test_dropout_follows_the_reference(dtype, batch):
    widths, activations = [7, 33, 19, 3], ["relu", "tanh", "softmax"]
    plan, parameters = network(dtype, widths, activations, dropout=0.3)
    twin = Twin(widths, activations, parameters, dropout=0.3)
    x, y, _, _ = problem(dtype, 1200, 7, 3)
    trained = trainer(plan, parameters, loss=trained_loss, batch_size=batch, seed=77)
    trained.bind(x, y)
    order = np.arange(1200)
    losses = run(trained, order, batch, 0.1)
    for step in range(min(len(losses), 5)):
        rows = order[step * batch : (step + 1) * batch]
        value, gradients, _ = twin.gradients(x[rows], y[rows], trained_loss, draw=(77, step))
        assert losses[step] == pytest.approx(value, rel=TOLERANCE[dtype])
        twin.step("sgd", [[] for _ in twin.weights], gradients, rate=0.1)


@pytest.mark.parametrize("batch", [50, 1100])
def test_scikit_learns_reduction(dtype, batch):
    """The mean divides by the sum of weights, and so does the penalty."""
    plan, parameters = network(dtype, [7, 12, 3], ["relu", "softmax"], l2=0.5)
    twin = Twin([7, 12, 3], ["relu", "softmax"], parameters, l2=0.0)
    x, y, _, weight = problem(dtype, 1100, 7, 3)
    trained = trainer(
        plan,
        parameters,
        loss=trained_loss,
        batch_size=batch,
        reduction="mean_with_sample_weight",
        penalty_over_batch=True,
    )
    trained.bind(x, y, weight)
    losses = run(trained, np.arange(1100), batch, 0.1, stop=batch)
    value, gradients, _ = twin.gradients(x[:batch], y[:batch], trained_loss, weight[:batch], weighted_mean=True)
    total = weight[:batch].sum(dtype=np.float64)
    penalty = 0.25 * sum((w**2).sum() for w in twin.weights[::2]) / total
    assert losses[0] == pytest.approx(value + penalty, rel=TOLERANCE[dtype])
    expected = [w - 0.1 * (g + (0.5 * w / total if i % 2 == 0 else 0))
                for i, (w, g) in enumerate(zip(twin.weights, gradients, strict=True))]  # fmt: skip
    assert relative(parameters, np.concatenate([w.ravel() for w in expected])) < TOLERANCE[dtype]


def test_frozen_layers_keep_their_bits(dtype):
    plan, parameters = network(dtype, [7, 12, 9, 3], ["relu", "relu", "softmax"])
    ops = [(*op[:4], index != 2) if op[0] == "dense" else op for index, op in enumerate(plan.ops)]
    plan = type(plan)(dtype, 7, ops, [(0, parameters.size, 0.0, 0.0, True)])
    x, y, _, _ = problem(dtype, 64, 7, 3)
    trained = trainer(plan, parameters, loss=trained_loss, batch_size=16)
    trained.bind(x, y)
    before = parameters.copy()
    run(trained, np.arange(64), 16)
    frozen = slice(7 * 12 + 12, 7 * 12 + 12 + 12 * 9 + 9)
    changed = parameters != before
    assert not changed[frozen].any()
    assert changed[: frozen.start].any()
    assert changed[frozen.stop :].any()


def test_evaluate_is_the_loss_of_each_row(dtype):
    plan, parameters = network(dtype, [7, 12, 3], ["relu", "softmax"], dropout=0.5)
    twin = Twin([7, 12, 3], ["relu", "softmax"], parameters)
    x, y, _, weight = problem(dtype, 333, 7, 3)
    trained = trainer(plan, parameters, loss=trained_loss, threads=2, value_scale=0.5)
    outputs = np.zeros((333, 3), dtype)
    values = trained.evaluate(x, y, weight, outputs)
    for row in range(0, 333, 37):
        value, _, prediction = twin.gradients(x[row : row + 1], y[row : row + 1], trained_loss, weight[row : row + 1])
        assert values[row] == pytest.approx(0.5 * value, rel=TOLERANCE[dtype])
        assert relative(outputs[row], prediction[0]) < TOLERANCE[dtype]


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
def test_rows_are_converted_on_the_way(dtype, kind):
    plan, parameters = network(dtype, [7, 12, 3], ["relu", "softmax"])
    rng = np.random.default_rng(5)
    wide = rng.integers(0, 255, (80, 20)).astype(kind)
    x = wide[:, 5:12]  # rows apart, elements contiguous
    _, y, _, _ = problem(dtype, 80, 7, 3)
    results = []
    for given in (x, x.astype(dtype)):
        _, parameters = network(dtype, [7, 12, 3], ["relu", "softmax"], scale=0.01)
        trained = trainer(plan, parameters, loss=trained_loss, batch_size=16)
        trained.bind(given, y)
        run(trained, np.arange(80), 16)
        results.append(parameters.tobytes())
    assert results[0] == results[1]


def test_zero_weights_teach_nothing(dtype):
    plan, parameters = network(dtype, [7, 12, 3], ["relu", "softmax"])
    x, y, _, _ = problem(dtype, 32, 7, 3)
    trained = trainer(plan, parameters, loss=trained_loss, batch_size=16, reduction="mean_with_sample_weight")
    trained.bind(x, y, np.zeros(32, dtype))
    before = parameters.tobytes()
    assert run(trained, np.arange(32), 16).tolist() == [0.0, 0.0]
    assert parameters.tobytes() == before


def test_states_have_the_slots_that_the_list_says():
    assert states("adam", np.zeros(5, np.float32)).shape == (2, 5)


@pytest.mark.parametrize("widths", [[37, 21, 5], [40, 130, 3], [5, 1, 1]], ids=str)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_of_one_descends_along_its_gradient(dtype, widths, threads):
    """Its outer product goes onto the kernel itself, whose rows end where the next begin."""
    plan, parameters = network(dtype, widths, ["tanh", "sigmoid"])
    x, y, _, _ = problem(dtype, 6, widths[0], widths[-1])
    trained = trainer(plan, parameters, "sgd", loss="binary_crossentropy_from_logits", batch_size=1, threads=threads)
    trained.bind(x, y)
    for row in range(6):
        before, (_, gradient) = parameters.copy(), trained.gradients(x[row : row + 1], y[row : row + 1])
        run(trained, np.array([row], dtype=np.int64), 1, 0.5)
        room = 8 * np.finfo(dtype).eps * (np.abs(before) + np.abs(gradient))
        assert (np.abs(parameters - (before - 0.5 * gradient)) <= room).all()
        assert not np.array_equal(parameters, before)


def test_penalties_that_another_thread_asks_for_are_not_a_step_s(dtype):
    def fitted(beside):
        plan, parameters = network(dtype, [300, 400, 3], ["relu", "softmax"], l2=0.1)
        x, y, _, _ = problem(dtype, 256, 300, 3)
        trained = trainer(plan, parameters, loss=trained_loss, batch_size=32)
        trained.bind(x, y)
        done, others = threading.Event(), []
        for _ in range(beside):
            others.append(threading.Thread(target=lambda: [trained.penalty() for _ in iter(done.is_set, True)]))
            others[-1].start()
        losses = [run(trained, np.arange(256), 32).tolist() for _ in range(60)]
        done.set()
        for other in others:
            other.join()
        return losses

    assert fitted(beside=1) == fitted(beside=0)


def test_arrays_that_the_steps_cannot_read_are_refused(dtype):
    plan, parameters = network(dtype, [7, 12, 3], ["relu", "softmax"])
    x, y, _, weight = problem(dtype, 64, 7, 3)
    trained = trainer(plan, parameters, loss=trained_loss, batch_size=16)
    with pytest.raises(ValueError, match="received: no data"):
        run(trained, np.arange(64), 16)
    for truth, message in (
        (np.asfortranarray(y), "y: expected contiguous rows"),
        (y[:60], r"y: expected shape \(64, 3\), received: \(60, 3\)"),
        (y[:, :2], r"received: \(64, 2\)"),
    ):
        for take in (trained.bind, trained.evaluate):
            with pytest.raises(ValueError, match=message):
                take(x, truth)
    with pytest.raises(ValueError, match="sample_weight: expected shape"):
        trained.bind(x, y, weight[:5])
    trained.bind(x, y, weight)
    with pytest.raises(ValueError, match="within an order of 64, received: rows 0 to 65"):
        run(trained, np.arange(64), 16, stop=65)
    trained.release()
    with pytest.raises(ValueError, match="received: no data"):
        run(trained, np.arange(64), 16)
    labels = trainer(plan, parameters, loss="sparse_categorical_crossentropy_from_logits", batch_size=16)
    with pytest.raises(ValueError, match=r"y: expected values in \[0, 3\)"):
        labels.bind(x, np.full(64, 3, np.int32))
    size = parameters.size
    for shape, message in (((2, size - 1), "states: expected shape"), ((1, size), "at least 2 rows")):
        with pytest.raises(ValueError, match=message):
            engine.Trainer(plan, parameters, np.zeros(shape, dtype), loss=trained_loss, optimizer="adam")


def test_parameters_of_another_network_raise(dtype):
    """As a thread would pass them that reads a model's while another one adds layers."""
    plan, parameters = network(dtype, [5, 3], ["relu"])
    x, out = np.ones((2, 5), dtype), np.empty((2, 3), dtype)
    for other in (parameters[:-1], engine.allocate(parameters.size + 1, dtype)):
        for call in (
            lambda other=other: trainer(plan, other, loss="squared_error"),
            lambda other=other: engine.predict(plan, other, x, out),
            lambda other=other: engine.Predictor(plan, other, 1),
            lambda other=other: engine.activations(plan, other, x),
        ):
            with pytest.raises(ValueError, match=f"parameters: expected shape .{parameters.size},"):
                call()
