import numpy as np
import pytest

import fastnn
from fastnn import regularizers


def test_values():
    weights = np.array([[1.0, -2.0]])
    assert regularizers.L1(0.1)(weights) == pytest.approx(0.3)
    assert regularizers.L2(0.1)(weights) == pytest.approx(0.5)
    assert regularizers.L1L2(0.1, 0.1)(weights) == pytest.approx(0.8)


def test_get():
    assert regularizers.get(None) is None
    assert isinstance(regularizers.get("l1_l2"), regularizers.L1L2)
    assert isinstance(regularizers.get("L2"), regularizers.L2)
    with pytest.raises(ValueError, match="received: 'l3'"):
        regularizers.get("l3")
    with pytest.raises(ValueError, match="received: l2=-1"):
        regularizers.L2(-1)


@pytest.mark.parametrize("penalty", [regularizers.L1(0.1), regularizers.L2(0.1), regularizers.L1L2(0.1, 0.2)])
def test_in_a_model_the_loss_and_gradient_have_keras_s_factor(penalty):
    layer = fastnn.layers.Dense(2, kernel_regularizer=penalty, bias_regularizer=penalty, bias_initializer="ones")
    model = fastnn.Sequential([fastnn.Input((3,)), layer], dtype="float64", seed=0)
    model.compile(loss="mse")
    x, y = np.zeros((1, 3)), np.ones((1, 2))
    expected = penalty(layer.kernel) + penalty(layer.bias)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected)
    loss, (kernel, _) = model.gradients(x, y)
    assert loss == pytest.approx(expected)
    np.testing.assert_allclose(kernel, penalty.l1 * np.sign(layer.kernel) + 2 * penalty.l2 * layer.kernel)


@pytest.mark.parametrize("within", [False, True])
def test_weights_of_frozen_layers_have_no_penalty(within):
    penalty = regularizers.L2(0.5)
    frozen = fastnn.layers.Dense(3, kernel_regularizer=penalty, kernel_initializer="ones")
    last = fastnn.layers.Dense(1, kernel_regularizer=penalty, kernel_initializer="ones")
    first = fastnn.layers.Residual([frozen]) if within else frozen
    model = fastnn.Sequential([fastnn.Input((3,)), first, last])
    x, y = np.zeros((2, 3)), np.zeros(2)
    for trainable, expected in ((True, 6.0), (False, 1.5), (True, 6.0)):
        frozen.trainable = trainable
        model.compile(fastnn.optimizers.SGD(0.0), "mse")
        assert model.evaluate(x, y, verbose=0) == expected
        assert model.gradients(x, y)[0] == expected
        assert model.train_on_batch(x, y) == expected
