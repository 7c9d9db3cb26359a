"""History.diagnose: fits that go wrong in each way, and what it calls them."""

import warnings

import numpy as np
import pytest

import fastnn
from fastnn import layers, optimizers

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, size=(256, 2))
CURVED = np.sign(X[:, 0] * X[:, 1])  # no straight line fits
NOISE = RANDOM.normal(size=40)


def fit(optimizer, x=X, y=CURVED, units=32, epochs=60, validation=None, seed=0):
    hidden = [layers.Dense(units, "tanh")] if units else []
    model = fastnn.Sequential([*hidden, layers.Dense(1)], seed=seed)
    model.compile(optimizer, "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of divergence
        return model.fit(x, y, epochs=epochs, verbose=0, validation_data=validation)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("verdict", "settings"),
    [
        ("good fit", {"optimizer": optimizers.Adam(0.02), "validation": (X[::2], CURVED[::2])}),
        ("underfitting", {"optimizer": optimizers.Adam(0.02), "units": 0}),
        ("overfitting", {"optimizer": optimizers.Adam(0.02), "x": X[:40], "y": NOISE, "units": 64, "epochs": 300,
                         "validation": (X[100:140], NOISE[::-1])}),
        ("learning rate too high", {"optimizer": optimizers.SGD(1e4)}),
        ("learning rate too low", {"optimizer": optimizers.SGD(1e-5)}),
        ("learning rate too low", {"optimizer": optimizers.SGD(0.0)}),
    ],
)  # fmt: skip
def test_fits_of_each_kind(verdict, settings, seed):
    history = fit(**settings, seed=seed)
    found = history.diagnose()
    assert found.verdict == verdict, (found, history.history)
    assert found.reason


@pytest.mark.parametrize(("rate", "verdict"), [(30.0, "learning rate too high"), (0.1, "underfitting")])
@pytest.mark.parametrize("seed", range(3))
def test_a_loss_that_jumps(rate, verdict, seed):
    """A classifier hardly diverges: it jumps, where a fit of the right rate settles at what the noise leaves."""
    labels = np.where(np.random.default_rng(1).random(256) < 0.2, X[:, 0] < 0, X[:, 0] > 0)
    model = fastnn.Sequential([layers.Dense(1, "sigmoid")], seed=seed)
    model.compile(optimizers.SGD(rate), "binary_crossentropy")
    history = model.fit(X, labels, epochs=60, verbose=0)
    found = history.diagnose()
    assert found.verdict == verdict, (found, history.history)


@pytest.mark.parametrize("rate", [1.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_rate_that_the_fit_recovers_from(rate, seed):
    """Adam's first steps blow the loss up, and all that follows looks like a steep descent."""
    history = fit(optimizers.Adam(rate), seed=seed)
    losses = history.history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    found = history.diagnose()
    assert found.verdict == "learning rate too high", (found, losses)
    assert "first epoch's steps" in found.reason


@pytest.mark.parametrize("seed", range(3))
def test_losses_that_start_high_or_scattered_are_no_blow_up(seed):
    """Targets far from 0; single rows as batches, a few of them far off."""
    far = fit(optimizers.Adam(0.1), y=50.0 + CURVED, seed=seed, epochs=100).diagnose()
    assert far.verdict == "good fit", far
    tails = RANDOM.standard_cauchy(size=256).clip(-30, 30)
    model = fastnn.Sequential([layers.Dense(1)], seed=seed)
    model.compile(optimizers.SGD(0.0003), "mse")
    found = model.fit(X, tails, epochs=12, batch_size=1, verbose=0).diagnose()
    assert found.verdict in ("underfitting", "learning rate too low"), found


def test_a_resumed_history_has_no_untrained_loss(tmp_path):
    """Nor has one that was loaded: the losses of epochs alone decide."""
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile(optimizers.Adam(10.0), "mse")
    checkpoint = fastnn.callbacks.ModelCheckpoint(tmp_path / "model.safetensors")
    assert "too high" in model.fit(X, CURVED, epochs=60, verbose=0, callbacks=[checkpoint]).diagnose().verdict
    assert "too high" not in fastnn.load(tmp_path / "model.safetensors").history.diagnose(target=100.0).verdict
    model.compile(optimizers.Adam(10.0), "mse")
    resumed = model.fit(X, CURVED, epochs=70, verbose=0, resume=tmp_path / "model.safetensors")
    assert "too high" not in resumed.diagnose(target=100.0).verdict


def test_a_target_decides_what_is_good():
    history = fit(optimizers.Adam(0.02), units=0)
    assert history.diagnose(target=2.0).verdict == "good fit"
    assert "validation" in history.diagnose(target=2.0).reason


def test_a_gap_is_overfitting_before_the_validation_loss_rises():
    history = fastnn.callbacks.History()
    history.history = {"loss": [1, 0.5, 0.3, 0.2, 0.15, 0.14, 0.14], "val_loss": [1, 0.9, 0.85, 0.8, 0.8, 0.8, 0.8]}
    assert history.diagnose().verdict == "overfitting"


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_the_unit_of_the_loss_does_not_matter(unit):
    """Falls that settle, with a validation loss a little above, far above, and rising."""
    loss = np.array([1.0, 0.5, 0.3, 0.25, 0.24, 0.239, 0.2385, 0.2384])
    for validation, verdict in (
        (loss + 0.2, "good fit"),
        (loss + 0.6, "overfitting"),
        (loss + 0.04 * np.arange(8), "overfitting"),
    ):
        assert diagnosed(unit * loss, unit * validation).verdict == verdict


def test_too_few_epochs():
    with pytest.raises(ValueError, match="at least 6 epochs"):
        fit(optimizers.Adam(), epochs=5).diagnose()


def diagnosed(loss, validation=None, target=None):
    history = fastnn.callbacks.History()
    history.history = {"loss": loss} | ({} if validation is None else {"val_loss": validation})
    return history.diagnose(target)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_validation_loss_that_is_not_finite_is_no_good_fit(bad):
    found = diagnosed([1, 0.5, 0.3, 0.2, 0.18, 0.17], [0.5] * 4 + [bad] * 2)
    assert found.verdict == "learning rate too high"
    assert f"the validation loss ends at {bad}" in found.reason
    assert diagnosed([1, 0.5, 0.3, 0.2, 0.18, 0.17], [bad, 0.5, 0.3, 0.2, 0.18, 0.17]).verdict == "good fit"


def test_nothing_is_left_to_learn_at_a_loss_of_zero():
    assert diagnosed([0.0] * 6).verdict == "good fit"


@pytest.mark.parametrize("target", [np.nan, "x"])
def test_a_target_is_a_finite_number(target):
    with pytest.raises((TypeError, ValueError), match="target"):
        diagnosed([1, 0.5, 0.3, 0.2, 0.18, 0.17], target=target)
