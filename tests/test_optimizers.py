import numpy as np
import pytest

from fastnn import optimizers
from fastnn._core import targets

#: What every optimizer has.
OPTIONS = {
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "gradient_accumulation_steps": None,
}


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        (optimizers.SGD, {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}),
        (optimizers.Adagrad, {"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-7}),
        (optimizers.Adadelta, {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-7}),
        (
            optimizers.RMSprop,
            {"learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False},
        ),
        (optimizers.Adam, {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}),
        (
            optimizers.AdamW,
            {
                **{"learning_rate": 0.001, "weight_decay": 0.004, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
                "amsgrad": False,
            },
        ),
        (optimizers.Adamax, {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        (optimizers.Nadam, {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
        (optimizers.Lion, {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.99}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_defaults_are_keras_s(kind, defaults):
    assert kind().get_config() == {**OPTIONS, **defaults}


@pytest.mark.parametrize("other", ["clipvalue", "global_clipnorm"])
def test_one_way_to_clip(other):
    with pytest.raises(ValueError, match=f"expected one of clipnorm, .*received: clipnorm=1.0, {other}=2.0"):
        optimizers.Adam(clipnorm=1.0, **{other: 2.0})


@pytest.mark.parametrize(
    ("optimizer", "kernel", "slots"),
    [
        (optimizers.SGD(), "sgd", 0),
        (optimizers.SGD(momentum=0.9), "momentum", 1),
        (optimizers.SGD(momentum=0.9, nesterov=True), "nesterov", 1),
        (optimizers.SGD(nesterov=True), "sgd", 0),
        (optimizers.RMSprop(), "rmsprop", 1),
        (optimizers.RMSprop(momentum=0.5), "rmsprop_momentum", 2),
        (optimizers.Adam(), "adam", 2),
    ],
)
def test_kernels(optimizer, kernel, slots):
    assert optimizer.kernel == kernel
    assert optimizer.slots == slots == targets.OPTIMIZERS[kernel][1]


def test_numbers():
    assert optimizers.SGD(weight_decay=0.1).numbers() == {"momentum": 0.0, "weight_decay": 0.1}
    assert optimizers.Adam().numbers() == {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: optimizers.SGD(-1), r"`learning_rate` to be a number >= 0, received: learning_rate=-1"),
        (lambda: optimizers.SGD("fast"), r"received: learning_rate='fast'"),
        (lambda: optimizers.SGD(np.nan), r"received: learning_rate=nan"),
        (lambda: optimizers.SGD(momentum=1.5), r"received: momentum=1.5"),
        (lambda: optimizers.SGD(weight_decay=-1), r"received: weight_decay=-1"),
        (lambda: optimizers.Adam(beta_1=1.0), r"beta_1.* >= 0 and < 1, received: beta_1=1.0"),
        (lambda: optimizers.Adam(epsilon=0), r"> 0, received: epsilon=0"),
        (lambda: optimizers.RMSprop(rho=-0.1), r"received: rho=-0.1"),
    ],
)
def test_ranges_are_checked_when_made(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_learning_rate_is_settable_and_checked():
    optimizer = optimizers.SGD()
    optimizer.learning_rate = 0.5
    np.testing.assert_array_equal(optimizer.rates(7, 3), [0.5, 0.5, 0.5])
    with pytest.raises(ValueError, match="learning_rate"):
        optimizer.learning_rate = -1
    assert optimizer.learning_rate == 0.5


def test_schedules():
    optimizer = optimizers.Adam(lambda step: 1.0 / (1 + step))
    np.testing.assert_allclose(optimizer.rates(1, 2), [1 / 2, 1 / 3])
    optimizer.learning_rate = lambda step: np.inf
    with pytest.raises(ValueError, match="finite numbers, none of them negative, received: inf at step 4"):
        optimizer.rates(4, 2)


def test_get():
    assert isinstance(optimizers.get("sgd"), optimizers.SGD)
    assert isinstance(optimizers.get("Adam"), optimizers.Adam)
    adam = optimizers.Adam(0.1)
    assert optimizers.get(adam) is adam
    copy = optimizers.get({"class_name": "Adam", "config": adam.get_config()})
    assert repr(copy) == repr(adam) == "Adam(learning_rate=0.1)"
    with pytest.raises(ValueError, match=r"'sgd', 'adagrad', .*'nadam', 'lion', received: 'adamm'"):
        optimizers.get("adamm")
