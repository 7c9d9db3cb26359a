"""The worked examples of the lectures that fastnn is made for, through the public API, as they are printed there."""

import functools

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, metrics
from fastnn.testing.gradcheck import check_gradients

XOR_X = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], dtype=np.float32)
XOR_Y = np.array([-1, 1, 1, -1], dtype=np.float32)


def network(weights, activations, dtype="float32"):
    """Dense layers with these kernels and biases, alternating in `weights`."""
    kernels = [np.asarray(kernel) for kernel in weights[::2]]
    dense = [layers.Dense(kernel.shape[1], name) for kernel, name in zip(kernels, activations, strict=True)]
    model = fastnn.Sequential([fastnn.Input((kernels[0].shape[0],)), *dense], dtype=dtype)
    model.set_weights(weights)
    return model


def test_gradient_descent(dtype):
    """1: a 3-4-1 sigmoid network, binary cross-entropy, rate 0.5."""
    first = [[0.179, -0.186, -0.008, -0.048], [0.044, -0.028, -0.063, -0.131], [0.010, -0.035, -0.004, 0.088]]
    second = [[0.088], [0.171], [0.005], [-0.040]]
    model = network([first, np.zeros(4), second, np.zeros(1)], ["sigmoid", "sigmoid"], dtype)
    model.compile(fastnn.optimizers.SGD(0.5), "binary_crossentropy")
    x, y = [[7.0, 8.0, 10.0]], [1.0]

    hidden, output = model.activations(x)
    # by hand from the weights as printed; that gives 0.8462 for the deck's 0.845, which is 0.0012 off
    np.testing.assert_allclose(hidden, 1 / (1 + np.exp([[-1.705, 1.876, 0.6, 0.504]])), rtol=1e-6)
    np.testing.assert_allclose(hidden[0, 1:], [0.132, 0.354, 0.377], atol=0.001)
    assert hidden[0, 0] == pytest.approx(0.845, abs=0.0012)
    assert output.item() == pytest.approx(0.521, abs=0.001)

    loss, (dw1, _, dw2, db2) = model.gradients(x, y)
    assert loss == pytest.approx(0.652, abs=0.001)
    np.testing.assert_allclose(dw2.ravel(), [-0.405, -0.063, -0.169, -0.181], atol=0.001)
    np.testing.assert_allclose(db2, [-0.479], atol=0.001)
    assert dw1[2, 3] == pytest.approx(0.045, abs=0.001)
    assert dw1[2, 0] == pytest.approx(-0.055, abs=0.001)

    outputs = [model.predict(x).item()]
    for step in range(6):
        model.train_on_batch(x, y)
        outputs.append(model.predict(x).item())
        if step == 0:
            assert model.layers[0].kernel[2, 0] == pytest.approx(0.0375, abs=0.001)
            assert model.layers[0].bias[2] == pytest.approx(0.00027, abs=0.00001)
    np.testing.assert_allclose(outputs, [0.52096, 0.64800, 0.75796, 0.83652, 0.88093, 0.90779, 0.92512], atol=1e-5)


def test_toy_network(dtype):
    """2: three sigmoid layers of two units."""
    weights = [[[1, -1], [-2, 1]], [1, 0], [[2, -2], [-1, -1]], [0, 0], [[3, -1], [-1, 4]], [-2, 2]]
    first, _, last = network(weights, ["sigmoid"] * 3, dtype).activations([[1.0, -1.0]])
    np.testing.assert_allclose(first, [[0.98, 0.12]], atol=0.005)
    np.testing.assert_allclose(last, [[0.62, 0.83]], atol=0.005)


def test_perceptron(dtype):
    """3: 1 + 3 x1 - 2 x2 at (-1, 2) is sigmoid(-6)."""
    model = network([[[3], [-2]], [1]], ["sigmoid"], dtype)
    assert model.predict([[-1, 2]]).item() == pytest.approx(1 / (1 + np.exp(6.0)), rel=1e-6)
    assert model.predict([[-1, 2]]).item() == pytest.approx(0.002, abs=0.0005)


def test_xor_by_hand(dtype):
    """4: units that are 1 if v > 0 else -1: an OR and an AND, and the first without the second."""
    sign = functools.partial(fastnn.activations.sign, zero=-1)
    weights = [[[1, 1], [1, 1]], [1, -1], [[1], [-1]], [-1]]
    np.testing.assert_array_equal(network(weights, [sign, sign], dtype).predict(XOR_X).ravel(), XOR_Y)


@pytest.mark.parametrize("seed", range(20))
def test_xor_learned(seed):
    """4: a 2-4-1 tanh network learns it from any seed."""
    model = fastnn.Sequential([layers.Dense(4, "tanh"), layers.Dense(1, "tanh")], seed=seed)
    model.compile(fastnn.optimizers.Adam(0.05), "mse")
    model.fit(XOR_X, XOR_Y, epochs=500, verbose=0)
    np.testing.assert_array_equal(np.sign(model.predict(XOR_X)).ravel(), XOR_Y)


def test_number_of_parameters(capsys):
    """5: a 3-4-2 network has 20 weights and 6 biases."""
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4), layers.Dense(2)])
    assert model.count_params() == 26
    assert [array.size for array in model.get_weights()] == [12, 4, 8, 2]
    model.summary()
    printed = capsys.readouterr().out
    assert "dense_1 (Dense)  (None, 2)" in printed
    assert "Total params: 26 (104 B)" in printed


def test_iterations_of_an_epoch():
    """6: 2000 examples in batches of 20 are 100 iterations."""
    model = fastnn.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.zeros((2000, 1)), np.zeros(2000), batch_size=20, verbose=0)
    assert model.iterations == 100


@pytest.mark.parametrize("prediction_type", [np.float32, np.float64])
def test_cross_entropy(prediction_type):
    """7: of 0.8 for class 1 and 0.1 for class 0, in natural logarithms; the deck's 0.32 and 0.15 are base 2."""
    rows = losses.BinaryCrossentropy().rows([[1], [0]], np.array([[0.8], [0.1]], dtype=prediction_type))
    np.testing.assert_allclose(rows, [0.223, 0.105], atol=0.0005)
    np.testing.assert_allclose(rows / np.log(2), [0.32, 0.15], atol=0.005)


def test_stars_and_quasars():
    """8: of 100000 stars 1000, of 1000 quasars 900 are called quasars: completeness, contamination, efficiency."""
    y = np.repeat([1, 1, 0, 0], [900, 100, 99000, 1000])
    f = np.repeat([0.9, 0.1, 0.1, 0.9], [900, 100, 99000, 1000])
    assert metrics.recall(y, f) == 0.9
    assert 1 - metrics.recall(1 - y, 1 - f) == pytest.approx(0.01, rel=1e-12)  # false-positive rate
    assert 1 - metrics.precision(y, f) == pytest.approx(0.53, abs=0.005)
    assert metrics.precision(y, f) == pytest.approx(0.47, abs=0.005)
    theirs = pytest.importorskip("sklearn.metrics")
    assert theirs.confusion_matrix(y, f > 0.5).tolist() == [[99000, 1000], [100, 900]]
    assert theirs.recall_score(y, f > 0.5) == metrics.recall(y, f)
    assert theirs.precision_score(y, f > 0.5) == metrics.precision(y, f)


@pytest.mark.parametrize("prediction_type", [np.float32, np.float64])
def test_squared_error(prediction_type):
    """9: f = (0.1, 0.8, 0.6) against y = (1, 0, -1)."""
    f = np.array([0.1, 0.8, 0.6], dtype=prediction_type)
    assert losses.MeanSquaredError()([1, 0, -1], f) == pytest.approx(1.3367, abs=0.00005)
    assert losses.MeanSquaredError()([[1, 0, -1]], f.reshape(1, 3)) == pytest.approx(4.01 / 3, rel=1e-6)


def test_backpropagation():
    """10: a 2-2-3 network, sigmoid and softmax with cross-entropy: every gradient against finite differences."""
    stack = [fastnn.Input((2,)), layers.Dense(2, "sigmoid"), layers.Dense(3, "softmax")]
    model = fastnn.Sequential(stack, dtype="float64", seed=0)
    model.compile(loss="categorical_crossentropy")
    report = check_gradients(model, [[0.5, -1.0], [2.0, 0.3]], [[0, 1, 0], [0, 0, 1]])
    assert report.checked == model.count_params() == 15
    assert report.max_relative_error < 1e-6
