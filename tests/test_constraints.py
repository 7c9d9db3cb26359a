"""Constraints: their formulas, and weights that obey them in training."""

import numpy as np
import pytest

import fastnn
from fastnn import constraints

LIMIT = 0.6
CASES = {
    "columns": (constraints.MaxNorm(LIMIT), constraints.MaxNorm(0.1)),
    "rows": (constraints.MaxNorm(LIMIT, axis=1), None),
    "not negative": (constraints.NonNeg(), constraints.NonNeg()),
    "kernel only": (constraints.NonNeg(), None),
    "bias only": (None, constraints.MaxNorm(0.1)),
}
RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(64, 5)), RNG.normal(size=(64, 3))


def made(kernel, bias, dtype="float64", optimizer="sgd", **options):
    layer = fastnn.layers.Dense(3, kernel_constraint=kernel, bias_constraint=bias, **options)
    model = fastnn.Sequential([fastnn.Input((5,)), layer], dtype=dtype, seed=1)
    model.compile(optimizer, loss="mse")
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_every_step_ends_with_the_constraint(case, dtype):
    """Steps of descent by hand, from the model's own gradients; free weights end elsewhere."""
    model, free = made(*CASES[case], dtype), made(None, None, dtype)
    model.compile(fastnn.optimizers.SGD(0.3), loss="mse")
    free.compile(fastnn.optimizers.SGD(0.3), loss="mse")
    x, y = X.astype(dtype), Y.astype(dtype)
    for _ in range(6):
        stepped = [w - 0.3 * g for w, g in zip(model.get_weights(), model.gradients(x, y)[1], strict=True)]
        wanted = [w if hold is None else hold(w) for w, hold in zip(stepped, CASES[case], strict=True)]
        for each in (model, free):
            each.fit(x, y, batch_size=64, shuffle=False, verbose=0)
        for ours, expected in zip(model.get_weights(), wanted, strict=True):
            np.testing.assert_allclose(ours, expected, rtol=0, atol=100 * np.finfo(dtype).eps)
    apart = [np.abs(a - b).max() for a, b in zip(model.get_weights(), free.get_weights(), strict=True)]
    assert max(apart) > 0.01


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("layer", "held"),
    [
        (lambda **given: fastnn.layers.BatchNormalization(**given), ("gamma", "beta")),
        (lambda **given: fastnn.layers.LayerNormalization(**given), ("gamma", "beta")),
        (lambda **given: fastnn.layers.PReLU("ones", **given), ("alpha",)),
    ],
    ids=["batch", "layer", "slopes"],
)
def test_vectors_of_other_layers_obey(layer, held, dtype):
    """Norms of gamma and of slopes, and signs of beta: descent by hand as above."""
    holds = {"gamma": constraints.MaxNorm(LIMIT), "beta": constraints.NonNeg(), "alpha": constraints.MaxNorm(LIMIT)}
    given = {f"{name}_constraint": holds[name] for name in held}
    model = fastnn.Sequential([fastnn.Input((5,)), layer(**given), fastnn.layers.Dense(3)], dtype=dtype, seed=1)
    model.compile(fastnn.optimizers.SGD(0.3), loss="mse")
    x, y = X.astype(dtype), Y.astype(dtype)
    apart = dict.fromkeys(held, 0.0)
    for _ in range(6):
        moved = zip(model.get_weights(), model.gradients(x, y, training=True)[1], strict=True)
        stepped = [w - 0.3 * g for w, g in moved][: len(held)]
        model.fit(x, y, batch_size=64, shuffle=False, verbose=0)
        for name, free in zip(held, stepped, strict=True):
            ours = getattr(model.layers[0], name)
            np.testing.assert_allclose(ours, holds[name](free), rtol=0, atol=100 * np.finfo(dtype).eps)
            apart[name] = max(apart[name], np.abs(ours - free).max())
    assert min(apart.values()) > 1e-3


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_weights_obey_after_fit(optimizer):
    model = made(*CASES["columns"], optimizer=optimizer)
    model.fit(X, 5 * Y, epochs=100, verbose=0)
    assert np.linalg.norm(model.layers[0].kernel, axis=0).max() <= LIMIT
    assert np.linalg.norm(model.layers[0].bias) <= 0.1
    model = made("non_neg", "non_neg", optimizer=optimizer)
    model.fit(X, 5 * Y, epochs=100, verbose=0)
    assert all((w >= 0).all() and (w > 0).any() for w in model.get_weights())


def test_frozen_layers_are_left_alone():
    model = made("non_neg", None, trainable=False)
    model.add(fastnn.layers.Dense(3))
    model.compile("sgd", loss="mse")
    before = model.get_weights()[0]
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before)
    assert (before < 0).any()


def test_names_configurations_and_files(tmp_path):
    assert constraints.get(None) is None
    assert isinstance(constraints.get("max_norm"), constraints.MaxNorm)
    assert constraints.MaxNorm().get_config() == {"max_value": 2.0, "axis": 0}
    model = made(*CASES["columns"])
    again = fastnn.layers.Dense.from_config(model.layers[0].get_config())
    assert repr(again.kernel_constraint) == "MaxNorm(max_value=0.6)"
    model.save(tmp_path / "model.safetensors")
    loaded = fastnn.load(tmp_path / "model.safetensors").layers[0]
    assert repr(loaded.bias_constraint) == "MaxNorm(max_value=0.1)"
    scaled = fastnn.layers.BatchNormalization(beta_constraint="non_neg", gamma_constraint="max_norm")
    model = fastnn.Sequential([fastnn.Input((2,)), scaled, fastnn.layers.PReLU(alpha_constraint="non_neg")])
    model.save(tmp_path / "model.safetensors")
    loaded, slopes = fastnn.load(tmp_path / "model.safetensors").layers
    assert repr([loaded.beta_constraint, loaded.gamma_constraint, slopes.alpha_constraint]) == (
        "[NonNeg(), MaxNorm(), NonNeg()]"
    )


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: constraints.MaxNorm(-1), "received: max_value=-1"),
        (lambda: constraints.MaxNorm(axis=2), "received: axis=2"),
        (lambda: constraints.get("max"), "received: 'max'"),
        (lambda: made(None, constraints.MaxNorm(axis=1)), r"expected axis=0 for weights of shape \(3,\), received"),
    ],
)
def test_wrong_arguments_raise(make, text):
    with pytest.raises(ValueError, match=text):
        make()
