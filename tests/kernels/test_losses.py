"""csrc/kernels/loss.inc.h against its twin."""

import numpy as np
import pytest

from fastnn._core import activations, losses, targets
from fastnn.testing import reference

NAMES = list(targets.LOSSES)
FROM_LOGITS = [name for name in NAMES if "crossentropy_from_logits" in name]
PROBABILITIES = [name for name in NAMES if name.endswith("crossentropy")]
CORNERS = ["absolute_error", "huber", "quantile", "hinge", "squared_hinge"]
# a value of each parameter besides its default
PARAMETERS = {"huber": 0.3, "quantile": 0.9} | {name: 0.2 for name in NAMES if "crossentropy" in name}


def sparse(name):
    return name.startswith("sparse_")


def arguments(name, rows, width, truths, dtype, rng):
    """z[rows, width] and the truth of `truths` rows, in the range of the loss."""
    z = rng.standard_normal((rows, width))
    if name in PROBABILITIES:
        z = rng.uniform(0.01, 0.99, (rows, width))
        z[:, ::5] = rng.choice([0.0, 1.0, 1e-9, 0.5], z[:, ::5].shape)  # clipped ones among them
        z[z.sum(axis=1) == 0] = 0.5  # 0 / 0, in Keras too
    if name == "poisson":
        z = rng.uniform(0.01, 5, (rows, width))
    if name == "kl_divergence":
        z = rng.uniform(0.01, 0.99, (rows, width))
        z[:, ::5] = rng.choice([0.0, 1.0, 1e-9, 0.5], z[:, ::5].shape)
    if sparse(name):
        return z.astype(dtype), rng.integers(0, max(width, 1), truths).astype(np.int32)
    y = rng.standard_normal((truths, width))
    if "poisson" in name:
        y = rng.poisson(2, (truths, width)).astype(float)
    if name == "binary_log_loss":
        y = rng.choice([0.0, 1.0], (truths, width))
    if "crossentropy" in name:
        y = rng.choice([0.0, 1.0, 0.3], (truths, width))
    if name == "kl_divergence":
        y = rng.choice([0.0, 1.0, 0.3, 1e-9], (truths, width))
    if "hinge" in name:
        y = rng.choice([0.0, 1.0] if width % 2 else [-1.0, 1.0], (truths, width))
        z[:, ::3] = rng.choice([-1.0, 0.0, 1.0], z[:, ::3].shape)  # the corner among them
    if name in ("absolute_error", "quantile", "huber", "log_cosh"):
        y[:, ::2] *= 8  # both branches
        y[:1], z[:1, ::3] = 0, 0
    return z.astype(dtype), y.astype(dtype)


def sizes(name, z, truth, index, parameter=None):
    """Roundings times what is rounded, of the value (each row) and of the gradient (each element)."""
    z = np.float64(z)
    y = reference.one_hot(truth, z.shape[1]) if sparse(name) else np.float64(truth)
    y = y[index]
    error, y = z - y, np.abs(y)
    rounded = np.abs(z) + y  # what the difference rounds
    name = name.removeprefix("sparse_")
    if parameter and "crossentropy" in name:
        y = 1.25 * (y * (1 - parameter) + parameter / (2 if "binary" in name else z.shape[1]))  # rounded once more
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "squared_error":
            value, gradient = 4 * rounded**2, 4 * rounded
        elif name == "absolute_error":
            value, gradient = 4 * rounded, 0 * z + 1
        elif name == "huber":
            slope = np.minimum(np.abs(error), parameter or 1.0)
            value, gradient = 4 * slope * rounded, rounded + 2 * slope
        elif name == "log_cosh":
            slope = np.abs(np.tanh(error))
            value, gradient = slope * rounded + 6 * np.minimum(np.abs(error), error**2), 3 * slope + rounded
        elif name == "quantile":
            value, gradient = 4 * rounded, 0 * z + 1
        elif name == "given_gradient":
            value, gradient = 4 * np.abs(z) * y, 2 * y
        elif name == "hinge":
            value, gradient = 4 * (1 + np.abs(z)), 0 * z + 2
        elif name == "squared_hinge":
            value, gradient = 4 * (1 + np.abs(z)) ** 2, 4 * (1 + np.abs(z))
        elif name == "kl_divergence":
            y, p = np.clip(y, 1e-7, 1), np.clip(z, 1e-7, 1)
            value, gradient = 4 * y * (1 + np.abs(np.log(y / p))), 2 * y / p
        elif name == "poisson":
            # the argument of the logarithm is rounded, which moves the logarithm by as many eps
            value, gradient = 4 * (z + y * (1 + np.abs(np.log(z + 1e-7)))), 4 * (1 + y / (z + 1e-7))
        elif name == "binary_crossentropy":
            p = np.clip(z, 1e-7, 1 - 1e-7)
            value = 4 * (y * (1 - np.log(p)) + np.abs(1 - y) * (1 - np.log(1 - p)))
            gradient = 6 * (p + y) / (p * (1 - p))
        elif name == "categorical_crossentropy":
            total = z.sum(axis=1, keepdims=True)
            q = np.clip(z / total, 1e-7, 1 - 1e-7)
            value = 6 * y * (1 - np.log(q))
            gradient = 6 * (y.sum(axis=1, keepdims=True) + y / q) / total
        elif name == "poisson_from_log":
            value = 6 * (np.abs(reference.xlogy(y, y)) + y * np.abs(z) + y + np.exp(z))
            gradient = 4 * (np.exp(z) + y)
        elif name == "binary_log_loss":
            p = 1 / (1 + np.exp(-z))  # rounded, which moves the logarithms by as many eps
            value = 8 * (y * (1 - np.log(p)) + np.abs(1 - y) * (1 / (1 - p) - np.log(1 - p)))
            gradient = 4 * (p + y)
        elif name == "binary_crossentropy_from_logits":
            value = 6 * (np.maximum(z, 0) + np.abs(z) * y + np.log1p(np.exp(-np.abs(z))))
            gradient = 4 * (reference.softmax(np.stack([z.ravel(), 0 * z.ravel()], axis=1))[:, 0].reshape(z.shape) + y)
        else:
            # each exponential has 2 ulp and the rounding of z - max z, which the sum's logarithm inherits
            from_max = z.max(axis=1, keepdims=True) - z
            p, spread = reference.softmax(z), from_max.max(axis=1, keepdims=True)
            log_sum = np.log(np.exp(-from_max).sum(axis=1, keepdims=True))
            value = 4 * y * ((2 + spread) * log_sum + from_max)
            if name == "log_loss":
                value += y * np.finfo(np.float32).eps  # the bound, rounded
            gradient = p * y.sum(axis=1, keepdims=True) * (8 + spread) + 4 * y
    # a sum in double, in another order than the twin's
    return value.sum(axis=1) * (1 + z.shape[1] / 4 * 2**-29), gradient * (1 + z.shape[1] / 4 * 2**-29)


def compare(name, z, truth, within, dtype, weight=None, index=None, **scales):
    rows = np.arange(len(z)) if index is None else index
    row_loss, dz, prediction = losses.loss(name, z, truth, weight=weight, index=index, **scales)
    expected = reference.loss(name, z, truth, weight, index, **scales)
    size, gradient_size = sizes(name, z, truth, rows, scales.get("parameter"))
    w = np.ones(len(z)) if weight is None else np.abs(np.float64(weight)[rows])
    within(row_loss, expected[0], size * w * scales.get("value_scale", 1))
    within(dz, expected[1], gradient_size * w[:, None] * scales.get("gradient_scale", 1))
    fused = targets.LOSSES[name][2] or "linear"
    assert prediction.tobytes() == activations.forward(fused, z).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_loss(name, within, dtype, rng, heights, widths):
    for rows, width in [(rows, few) for rows in heights for few in (1, 3, 4, 10)] + [(3, w) for w in widths]:
        if width == 0:
            continue
        z, truth = arguments(name, rows, width, rows, dtype, rng)
        compare(name, z, truth, within, dtype)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1, 3, 4, 10, 33])
def test_index_weight_and_scales(name, width, within, dtype, rng):
    z, truth = arguments(name, 13, width, 20, dtype, rng)
    index = rng.integers(0, 20, 13)
    weight = rng.uniform(0, 3, 20).astype(dtype)
    weight[index[0]] = 0
    for more in ({}, {"parameter": PARAMETERS[name]}) if name in PARAMETERS else ({},):
        compare(name, z, truth, within, dtype, weight=weight, index=index, value_scale=0.3, gradient_scale=0.7, **more)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1, 3, 4, 10, 33])
def test_layouts_aliases_and_left_out_results(name, width, block, dtype, rng):
    plain_z, plain_truth = arguments(name, 7, width, 7, dtype, rng)
    expected = losses.loss(name, plain_z, plain_truth)
    z, out, prediction = block(plain_z), block(np.zeros((7, width))), block(np.zeros((7, width)))
    truth = plain_truth if sparse(name) else block(plain_truth)
    row_loss, dz, _ = losses.loss(name, z, truth, dz=out, prediction=prediction)
    assert dz is out
    for received, wanted in zip((row_loss, dz, prediction), expected, strict=True):
        assert received.tobytes() == wanted.tobytes()
    for leave_out in ({"dz": False}, {"prediction": False}, {"dz": False, "prediction": False}):
        results = losses.loss(name, z, truth, **leave_out)
        for received, wanted in zip(results, expected, strict=True):
            assert received is None or received.tobytes() == wanted.tobytes()
    row_loss, _, _ = losses.loss(name, z, truth, dz=z, prediction=prediction)
    assert row_loss.tobytes() == expected[0].tobytes()
    assert z.tobytes() == expected[1].tobytes()
    assert prediction.tobytes() == expected[2].tobytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1, 3, 4, 10, 33])
def test_rows_do_not_depend_on_the_batch(name, width, dtype, rng):
    z, truth = arguments(name, 19, width, 19, dtype, rng)
    whole = losses.loss(name, z, truth)
    for r in range(19):
        for one, all_rows in zip(losses.loss(name, z[r : r + 1], truth[r : r + 1]), whole, strict=True):
            assert one.tobytes() == all_rows[r : r + 1].tobytes()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [1, 3, 10])
def test_gradient_is_the_values_slope(name, width, rng):
    """Central differences of the kernel itself, in float64, away from the clip's corners."""
    z, truth = arguments(name, 4, width, 4, "float64", rng)
    if name in [*PROBABILITIES, "kl_divergence"]:
        z = rng.uniform(0.05, 0.95, z.shape)
    if name in CORNERS:
        z = 3 * rng.standard_normal(z.shape)
    parameter = PARAMETERS.get(name)
    _, dz, _ = losses.loss(name, z, truth, parameter=parameter)
    step = 1e-6
    for j in range(width):
        up, down = z.copy(), z.copy()
        up[:, j] += step
        down[:, j] -= step
        rise = (
            losses.loss(name, up, truth, parameter=parameter)[0]
            - losses.loss(name, down, truth, parameter=parameter)[0]
        )
        # rounding of values below 100 over the step, and the third derivative times step^2
        np.testing.assert_allclose(dz[:, j], rise / (2 * step), rtol=0, atol=100 * 2**-52 / step + 1e4 * step**2)


@pytest.mark.parametrize("name", FROM_LOGITS)
@pytest.mark.parametrize("width", [2, 9, 40])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_finite_at_a_thousand(name, width, smoothing, dtype, rng):
    z = rng.choice([-1000.0, 0.0, 1000.0], (30, width)).astype(dtype)
    truth = rng.integers(0, width, 30).astype(np.int32)
    if not sparse(name):
        truth = reference.one_hot(truth, width).astype(dtype)
    row_loss, dz, prediction = losses.loss(name, z, truth, parameter=smoothing)
    assert all(np.isfinite(x).all() for x in (row_loss, dz, prediction))
    expected = reference.loss(name, z, truth, parameter=smoothing)
    np.testing.assert_allclose(row_loss, expected[0], rtol=8 * np.finfo(dtype).eps)
    assert row_loss.max() >= 900


@pytest.mark.parametrize("name", ["absolute_error", "huber", "log_cosh", "quantile", "hinge"])
def test_linear_losses_at_any_size(name, within, dtype):
    """What grows like |e| overflows nowhere below the largest number; the slope is that of a far error."""
    far = float(np.finfo(dtype).max) / 64
    z = np.array([[-far], [far], [-1e18], [1e18], [-50], [50]], dtype=dtype)
    y = np.ones_like(z)
    row_loss, dz, _ = losses.loss(name, z, y)
    value, gradient, _ = reference.loss(name, z, y)
    assert np.isfinite(row_loss).all()
    within(row_loss, value, 8 * np.abs(value))
    within(dz, gradient, np.ones_like(z))


@pytest.mark.parametrize("exponent", [-30, -12, -4, -1])
def test_log_cosh_of_small_errors_keeps_its_digits(exponent, within, dtype):
    """Near 0 it is e^2 / 2, far below the rounding of ln 2."""
    z = np.array([[2.0**exponent, -(2.0**exponent)]], dtype=dtype)
    row_loss, dz, _ = losses.loss("log_cosh", z, np.zeros_like(z))
    value = 2 * np.log1p(2 * np.sinh(z[0, 0].astype(np.float64) / 2) ** 2)
    within(row_loss, [value], [6 * value])
    within(dz, np.tanh(z.astype(np.float64)), 3 * np.abs(z))


@pytest.mark.parametrize("name", [name for name in FROM_LOGITS if "categorical" in name])
def test_impossible_classes(name, dtype):
    """A logit of -inf takes its class out; the others are as if it were not there."""
    z = np.array([[1.0, -np.inf, 2.0]], dtype=dtype)
    y = np.array([2], dtype=np.int32) if sparse(name) else np.array([[0, 0, 1]], dtype=dtype)
    without = y - 1 if sparse(name) else np.ascontiguousarray(y[:, [0, 2]])
    row_loss, dz, prediction = losses.loss(name, z, y)
    expected = losses.loss(name, np.ascontiguousarray(z[:, [0, 2]]), without)
    np.testing.assert_allclose(row_loss, expected[0], rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(dz[:, [0, 2]], expected[1], rtol=4 * np.finfo(dtype).eps)
    assert dz[0, 1] == 0
    assert prediction[0, 1] == 0


@pytest.mark.parametrize("name", FROM_LOGITS)
def test_confident_rows_keep_a_loss(name, dtype):
    """log(1 + u) is u, not 0, for u below the rounding of 1."""
    margin = 30 if dtype == "float32" else 60
    width = 1 if name.startswith("binary") else 2
    z = np.array([[margin, 0]], dtype=dtype)[:, :width].copy()
    y = np.zeros(1, dtype=np.int32) if sparse(name) else np.eye(1, width, dtype=dtype)
    np.testing.assert_allclose(losses.loss(name, z, y)[0], np.exp(-float(margin)), rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_clipped_probabilities(name, dtype):
    """A probability of 0 for the truth costs ln 1e7, as in Keras, and has no slope."""
    z = np.array([[0.0, 1.0]], dtype=dtype)
    y = np.zeros(1, dtype=np.int32) if sparse(name) else np.array([[1, 0]], dtype=dtype)
    row_loss, dz, _ = losses.loss(name, z, y)
    low = float(np.dtype(dtype).type(1e-7))
    high = float(np.dtype(dtype).type(1 - 1e-7))
    wanted = -np.log(low) - (np.log(1 - high) if name == "binary_crossentropy" else 0)
    np.testing.assert_allclose(row_loss, wanted, rtol=4 * np.finfo(dtype).eps)
    assert not dz.any()


@pytest.mark.parametrize("name", NAMES)
def test_nan_reaches_its_row_alone(name, dtype, rng):
    for width in (1, 3, 21):
        z, truth = arguments(name, 5, width, 5, dtype, rng)
        z[2, width - 1] = np.nan
        row_loss, dz, _ = losses.loss(name, z, truth)
        assert np.isnan(row_loss).tolist() == [r == 2 for r in range(5)]
        if name != "given_gradient":  # which is the truth
            assert np.isnan(dz).any(axis=1).tolist() == [r == 2 for r in range(5)]


def test_errors(dtype):
    z = np.ones((2, 3), dtype=dtype)
    with pytest.raises(ValueError, match=r"expected one of squared_error, .*, received: 'error'"):
        losses.loss("error", z, z)
    with pytest.raises(ValueError, match=r"truth: expected shape \(2, 3\), received: \(2, 2\)"):
        losses.loss("squared_error", z, z[:, :2])
    with pytest.raises(TypeError, match="truth: expected an array of int32, received: int64"):
        losses.loss("sparse_categorical_crossentropy", z, np.zeros(2, dtype=np.int64))
    with pytest.raises(ValueError, match=r"truth: expected values in \[0, 3\), received: 0 to 3"):
        losses.loss("sparse_categorical_crossentropy", z, np.array([0, 3], dtype=np.int32))
    with pytest.raises(ValueError, match=r"index: expected values in \[0, 2\), received: 1 to 2"):
        losses.loss("squared_error", z, z, index=np.array([1, 2]))
    with pytest.raises(ValueError, match=r"weight: expected shape \(2,\), received: \(3,\)"):
        losses.loss("squared_error", z, z, weight=np.ones(3, dtype=dtype))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("name", NAMES)
def test_infinite_or_none_where_the_twin_is(name, value, dtype, rng):
    for width, place in ((1, 0), (3, 0), (3, 2), (40, 7)):
        z, truth = arguments(name, 3, width, 3, dtype, rng)
        z[1, place] = value
        for made, wanted in zip(losses.loss(name, z, truth), reference.loss(name, z, truth), strict=True):
            made, wanted = (np.where(np.isfinite(x), 0, x) for x in (made, wanted))
            np.testing.assert_array_equal(made, wanted)
