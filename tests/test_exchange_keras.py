"""from_keras: a Keras model and its copy predict the same. Keras is an oracle: without it these are skipped."""

import os

import numpy as np
import pytest

import fastnn
from tests import exchange_cases as cases

pytestmark = pytest.mark.filterwarnings("ignore:.*__array__")  # Keras's variables and NumPy 2
INPUTS = (cases.INPUTS,)


@pytest.fixture
def keras():
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.environ.setdefault("JAX_ENABLE_X64", "1")  # else float64 weights become float32
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    return keras


def compare(model):
    """Both predict the same, after all weights have been moved; returns the copy."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if type(layer).__name__ == "Normalization":  # has its own
            continue
        weights = [w + (rng.uniform(0.1, 0.5, size=w.shape) if w.dtype.kind == "f" else 0) for w in layer.get_weights()]
        layer.set_weights(weights)
    made = fastnn.from_keras(model)
    assert made.dtype == "float32"
    x = cases.rows("float32")
    cases.check_close(made.predict(x), np.asarray(model(x)))
    return made


@pytest.mark.parametrize("name", list(fastnn.activations.NAMES))
def test_activations(keras, name):
    if not hasattr(keras.activations, name):
        pytest.skip(f"Keras has no {name}")
    dense = keras.layers.Dense
    # a bounded layer between, because some grow fast
    stack = [dense(9, name), dense(5, "tanh"), keras.layers.Activation(name), dense(4, name)]
    model = compare(keras.Sequential([keras.Input(INPUTS), *stack]))
    assert len(model.layers) == 4


def test_dense_and_dropout(keras):
    layers = keras.layers
    made = compare(
        keras.Sequential(
            [
                keras.Input(INPUTS),
                layers.Dense(9, "relu", kernel_regularizer="l2", kernel_initializer="he_normal", name="first"),
                layers.Dropout(0.3),
                layers.Dense(6, use_bias=False, trainable=False),
                layers.Dense(3, "softmax", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2)),
            ],
            name="mine",
        )
    )
    assert made.name == "mine"
    assert [type(layer).__name__ for layer in made.layers] == ["Dense", "Dropout", "Dense", "Dense"]
    first, dropout, frozen, last = made.layers
    assert first.name == "first"
    assert type(first.kernel_initializer).__name__ == "HeNormal"
    assert dropout.rate == 0.3
    assert not frozen.trainable
    assert last.kernel_regularizer.l2 == pytest.approx(0.2)


def normalized(keras):
    return adapted(keras.layers.Normalization())


def adapted(normalization):
    normalization.adapt(cases.rows("float32") + 3)
    return normalization


LAYERS = {
    "BatchNormalization": lambda keras: keras.layers.BatchNormalization(momentum=0.8, epsilon=0.01),
    "BatchNormalization plain": lambda keras: keras.layers.BatchNormalization(center=False, scale=False),
    "LayerNormalization": lambda keras: keras.layers.LayerNormalization(epsilon=0.01),
    "Normalization": normalized,
    "Normalization of all columns alike": lambda keras: adapted(keras.layers.Normalization(axis=None)),
    "Normalization by numbers": lambda keras: keras.layers.Normalization(mean=2.0, variance=3.0),
    "Rescaling": lambda keras: keras.layers.Rescaling(0.5, -1.0),
    "PReLU": lambda keras: keras.layers.PReLU(),
    "GaussianNoise": lambda keras: keras.layers.GaussianNoise(0.2),
    "GaussianDropout": lambda keras: keras.layers.GaussianDropout(0.2),
    "AlphaDropout": lambda keras: keras.layers.AlphaDropout(0.2),
    "ReLU": lambda keras: keras.layers.ReLU(),
    "ReLU of all kinds": lambda keras: keras.layers.ReLU(max_value=1.5, negative_slope=0.2, threshold=0.3),
    "LeakyReLU": lambda keras: keras.layers.LeakyReLU(),
    "ELU": lambda keras: keras.layers.ELU(0.7),
    "Softmax": lambda keras: keras.layers.Softmax(),
    "Identity": lambda keras: keras.layers.Identity(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(keras, name):
    layer = LAYERS[name](keras)
    compare(keras.Sequential([keras.Input(INPUTS), layer, keras.layers.Dense(9, "tanh")]))


def test_images(keras):
    model = keras.Sequential([keras.Input((3, 4)), keras.layers.Flatten(), keras.layers.Dense(3)])
    x = np.random.default_rng(0).normal(size=(5, 3, 4)).astype("float32")
    cases.check_close(fastnn.from_keras(model).predict(x), np.asarray(model(x)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda layers: layers.PReLU(shared_axes=[1]), r"shared_axes=\[1\]"),
        (lambda layers: layers.Normalization(mean=0.0, variance=1.0, invert=True), "invert=True"),
        (lambda layers: layers.Softmax(axis=0), "axis=0"),
    ],
    ids=["shared_axes", "invert", "axis"],
)
def test_settings_without_a_counterpart(keras, make, message):
    with pytest.raises(ValueError, match=message):
        fastnn.from_keras(keras.Sequential([keras.Input(INPUTS), make(keras.layers)]))


def relu(x):
    return 3.0 * x


@pytest.mark.parametrize("kind", ["of a known name", "lambda", "layer"])
def test_activations_that_are_not_keras_own(keras, kind):
    """A configuration says no more of a function than its name."""
    function = {"of a known name": relu, "lambda": lambda x: x, "layer": keras.layers.LeakyReLU()}[kind]
    for layer in (keras.layers.Dense(3, function, name="own"), keras.layers.Activation(function, name="own")):
        with pytest.raises(ValueError, match=r"layer 'own'.*of keras\.activations.*received: activation=<"):
            fastnn.from_keras(keras.Sequential([keras.Input(INPUTS), layer]))


def test_functional_and_nested(keras):
    dense = keras.layers.Dense
    inner = keras.Sequential([keras.Input((5,)), dense(4, "tanh")])
    source = keras.Input(INPUTS)
    made = compare(keras.Model(source, dense(2)(inner(dense(5, "relu")(source)))))
    assert [layer.units for layer in made.layers] == [5, 4, 2]


def test_layers_that_are_called_again(keras):
    """Copied where they have no weights, else named."""
    dense, bend = keras.layers.Dense(7, name="twice"), keras.layers.LeakyReLU(0.1)
    stack = [keras.layers.Dense(5), bend, keras.layers.Dense(7), bend]
    source = x = keras.Input(INPUTS)
    for layer in stack:
        x = layer(x)
    for model in (keras.Sequential([keras.Input(INPUTS), *stack]), keras.Model(source, x)):
        assert [type(layer).__name__ for layer in compare(model).layers] == ["Dense", "Activation"] * 2
    inner = keras.Sequential([keras.Input(INPUTS), dense])
    for model in (
        keras.Sequential([keras.Input(INPUTS), dense, dense]),
        keras.Model(source, dense(bend(dense(source)))),
        keras.Model(source, inner(inner(source))),
    ):
        with pytest.raises(ValueError, match=r"with weights to be called once, received: 'twice' \(Dense\) again"):
            fastnn.from_keras(model)
    compare(keras.Model(source, dense(source)))  # what other models do with it is theirs


def test_several_inputs_and_outputs(keras):
    source, other = keras.Input(INPUTS), keras.Input((3,))
    hidden = keras.layers.Dense(4)(source)
    out = keras.layers.Dense(2)(hidden)
    assert compare(keras.Model(source, hidden)).output_shape == (None, 4)
    with pytest.raises(ValueError, match="layers in a row with one output, received: 'two'"):
        fastnn.from_keras(keras.Model(source, [out, hidden], name="two"))
    with pytest.raises(ValueError, match="breaks the row"):
        fastnn.from_keras(keras.Model([source, other], out))

    class Own(keras.Model):
        def call(self, x):
            return x

    own = Own(name="own")
    own(np.ones((1, 2)))
    with pytest.raises(ValueError, match="layers in a row with one output, received: 'own'"):
        fastnn.from_keras(own)


def test_nothing_but_identities(keras):
    model = keras.Sequential([keras.Input(INPUTS), keras.layers.Identity()])
    assert len(compare(model).layers) == 1


def test_normalization_of_a_constant_column(keras):
    x = cases.rows("float32")
    x[:, 2] = 5
    normalization = keras.layers.Normalization()
    normalization.adapt(x)
    model = keras.Sequential([keras.Input(INPUTS), normalization])
    cases.check_close(fastnn.from_keras(model).predict(x), np.asarray(model(x)))


def test_float64_without_weights(keras):
    rescaling = keras.layers.Rescaling(0.1, dtype="float64")
    assert fastnn.from_keras(keras.Sequential([keras.Input(INPUTS), rescaling])).dtype == "float64"


def test_float64(keras):
    keras.config.set_dtype_policy("float64")
    try:
        model = keras.Sequential([keras.Input(INPUTS), keras.layers.Dense(5, "tanh")])
    finally:
        keras.config.set_dtype_policy("float32")
    made = fastnn.from_keras(model)
    assert made.dtype == "float64"
    x = cases.rows("float64")
    # Keras on JAX computes in float32 all the same
    np.testing.assert_allclose(made.predict(x), np.asarray(model(x)), atol=1e-5)
    np.testing.assert_array_equal(made.layers[0].kernel, model.layers[0].get_weights()[0])


def test_what_has_no_counterpart(keras):
    layers = keras.layers
    with pytest.raises(TypeError, match="expected a Keras model of layers in a row, received: 3"):
        fastnn.from_keras(3)
    with pytest.raises(ValueError, match="expected a built Keras model"):
        fastnn.from_keras(keras.Sequential([layers.Dense(3)]))
    with pytest.raises(ValueError, match=r"received: 'other' \(GroupNormalization\)"):
        fastnn.from_keras(keras.Sequential([keras.Input(INPUTS), layers.GroupNormalization(1, name="other")]))
    with pytest.raises(ValueError, match=r"expected a Keras layer that fastnn has too, received: 'other' \(Dense\)"):
        fastnn.from_keras(
            keras.Sequential([keras.Input(INPUTS), layers.Dense(3, keras.activations.log_softmax, name="other")])
        )
    source = keras.Input(INPUTS)
    a, b = layers.Dense(3)(source), layers.Dense(3)(source)
    with pytest.raises(ValueError, match="layers in a row"):
        fastnn.from_keras(keras.Model(source, layers.Add()([a, b])))
    with pytest.raises(ValueError, match=r"rows \[n, features\]"):
        fastnn.from_keras(keras.Sequential([keras.Input((3, 4)), layers.Dense(3)]))


def test_constraints_come_along_where_fastnn_has_them(keras):
    unit = keras.constraints.UnitNorm()
    dense = keras.layers.Dense(4, kernel_constraint=keras.constraints.MaxNorm(0.7), bias_constraint=unit)
    layer = compare(keras.Sequential([keras.Input(INPUTS), dense])).layers[0]
    assert repr(layer.kernel_constraint) == "MaxNorm(max_value=0.7)"
    assert layer.bias_constraint is None
