"""Values and gradients of losses against Keras 3's, with sample weights and without."""

import numpy as np
import pytest

from fastnn import data, losses
from fastnn._core import losses as kernels
from tests.oracle import check_stored
from tests.oracle import losses as oracle


def value_and_gradient(loss, truth, prediction, weight):
    """What the engine computes of predictions as they are: no activation is fused but that of from_logits=True."""
    rows, width = prediction.shape
    dtype = prediction.dtype.name
    setting = loss._setting(loss.logits_kernel if loss.from_logits else loss.kernel, width)
    divisor = {"sum": 1.0, "sum_over_batch_size": rows}.get(loss.reduction, rows if weight is None else weight.sum())
    _, gradient, _ = kernels.loss(
        setting.kernel,
        prediction,
        loss.truth(truth, rows, width, dtype),
        None if weight is None else data.weights(weight, rows, dtype),
        value_scale=setting.value_scale,
        gradient_scale=setting.gradient_scale / divisor,
        parameter=setting.parameter,
    )
    return loss(truth, prediction, weight), gradient


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighted", ["plain", "weighted"])
@pytest.mark.parametrize("case", oracle.CASES)
def test_values_and_gradients(case, weighted, dtype):
    with np.load(oracle.STORED) as file:
        expected, slopes = file[f"{case}, {weighted} value"], file[f"{case}, {weighted} gradient"]
    kind, arguments, *kinds = oracle.CASES[case]
    truth, prediction, weight = oracle.inputs(*kinds)
    loss = getattr(losses, kind)(**arguments)
    value, gradient = value_and_gradient(
        loss, truth, prediction.astype(dtype), weight if weighted == "weighted" else None
    )
    assert gradient.dtype == dtype
    # Keras computes the mean over a row's outputs in float32 whatever the type
    single = dtype == "float32" or loss.mean_of_outputs
    tolerance = 1e-6 if single else 1e-12
    assert value == pytest.approx(expected, rel=tolerance)
    np.testing.assert_allclose(gradient, slopes, rtol=tolerance, atol=tolerance * np.abs(slopes).max())


def test_the_file_is_what_keras_gives():
    check_stored(oracle)


@pytest.mark.parametrize(
    "case", [case for case, (_, arguments, *_) in oracle.CASES.items() if "reduction" not in arguments]
)
def test_functions_and_reductions(case):
    """The function of each loss gives the rows that the stored means are of, and so does a loss without reduction."""
    kind, arguments, *kinds = oracle.CASES[case]
    with np.load(oracle.STORED) as file:
        plain, weighted = file[f"{case}, plain value"], file[f"{case}, weighted value"]
    truth, prediction, weight = oracle.inputs(*kinds)
    rows = getattr(losses, losses.get(kind).name)(truth, prediction, **arguments)
    assert rows.shape == (oracle.ROWS,)
    assert rows.dtype == np.float64
    tolerance = 1e-6 if getattr(losses, kind).mean_of_outputs else 1e-12
    assert rows.mean() == pytest.approx(plain, rel=tolerance)
    assert (rows * weight).mean() == pytest.approx(weighted, rel=tolerance)
    for reduction, expected in {
        None: rows * weight,
        "none": rows * weight,
        "sum": (rows * weight).sum(),
        "mean": (rows * weight).mean(),
        "sum_over_batch_size": (rows * weight).mean(),
        "mean_with_sample_weight": (rows * weight).sum() / weight.sum(),
    }.items():
        loss = getattr(losses, kind)(**arguments, reduction=reduction)
        np.testing.assert_allclose(loss(truth, prediction, weight), expected, rtol=1e-14)
