"""Bad input to Sequential: a clear exception before anything runs, and the model as it was.

One row a mistake. What each message must contain is what the user can act on: the names, and what was received.
estimators/test_bad_input.py does the same to the estimators.
"""

import pickle

import numpy as np
import pytest

import fastnn
from fastnn import data, layers, training

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(30, 4)).astype(np.float32)
Y = np.arange(30) % 3
NUMBERS = X.sum(axis=1)
HUGE = 1 << 50  # units whose parameters no machine holds


def spoiled(array, value):
    """`array` in float64 with one bad value."""
    bad = array.astype(np.float64)
    bad.flat[7] = value
    return bad


def masked(array):
    """`array` with one masked value, far behind."""
    return np.ma.masked_array(array, mask=np.arange(array.size).reshape(array.shape) == array.size - 1)


def state(thing):
    """All of a model that training could have changed."""
    return pickle.dumps(thing)


def sequential(built):
    """A compiled model: fitted, or of unknown input."""
    model = fastnn.Sequential([layers.Dense(5, "tanh"), layers.Dense(3, "softmax")], seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    if built:
        model.fit(X, Y, verbose=0)
    return model


DATA = {
    "no rows": ({"x": X[:0], "y": Y[:0]}, "at least one row"),
    "one row flat": ({"x": X[0], "y": Y[:1]}, r"shape \(rows, features\), received: shape=\(4,\)"),
    "three dimensions": ({"x": X.reshape(30, 2, 2)}, r"received: shape=\(30, 2, 2\)"),
    "text": ({"x": X.astype(str)}, "real numbers, received: dtype=<U"),
    "complex": ({"x": X + 0j}, "real numbers, received: dtype=complex"),
    "ragged": ({"x": [[1.0, 2.0], [3.0]]}, "rectangular"),
    "a number": ({"x": 3.0}, r"X of shape \(rows, features\), received: shape=\(\)"),
    "no x": ({"x": None}, "X to be an array of real numbers, received: NoneType"),
    "masked x": ({"x": masked(X)}, r"X to have no masked values.*X\.filled"),
    "masked y": ({"y": masked(Y)}, "y to have no masked values"),
    "masked weights": ({"sample_weight": masked(np.ones(30))}, "sample_weight to have no masked values"),
    "a number as y": ({"y": 3.0}, r"y of shape \(rows,\), class indices, received: shape=\(\)"),
    "ragged y": ({"y": [[1], [2, 3]]}, "y to be a rectangular array"),
    "a number as weights": ({"sample_weight": 3.0}, r"sample_weight of shape \(rows,\), received: shape=\(\)"),
    "ragged weights": ({"sample_weight": [[1], [2, 3]]}, "sample_weight to be a rectangular array"),
    "more weights": ({"sample_weight": np.ones(33)}, r"as many rows as X, 30, received: shape=\(33,\)"),
    "NaN in x": ({"x": spoiled(X, np.nan)}, r"X\[1, 3\]=nan"),
    "infinity in x": ({"x": spoiled(X, -np.inf)}, r"X\[1, 3\]=-inf"),
    "too large for float32": ({"x": spoiled(X, 1e300)}, r"X\[1, 3\]=1e\+300, which overflows float32"),
    "fewer y": ({"y": Y[:-1]}, r"as many rows as X, 30, received: shape=\(29,\)"),
    "no y": ({"y": None}, "received: y=None"),
    "one-hot y": ({"y": np.eye(3)[Y]}, r"class indices, received: shape=\(30, 3\)"),
    "unknown class": ({"y": Y + 1}, r"from 0 to 2 \(3 outputs\), received: y\[2\]=3"),
    "NaN in y": ({"y": spoiled(Y, np.nan)}, r"received: y\[7\]=nan"),
    "infinity in y": ({"y": spoiled(Y, np.inf)}, r"received: y\[7\]=inf"),
    "weights of other rows": ({"sample_weight": np.ones(3)}, r"as many rows as X, 30, received: shape=\(3,\)"),
    "NaN in weights": ({"sample_weight": spoiled(np.ones(30), np.nan)}, "sample_weight.*=nan"),
    "negative weights": ({"sample_weight": -np.ones(30)}, "received: -1.0"),
}
SETTINGS = {
    "batch of 0": ({"batch_size": 0}, "positive integer, received: batch_size=0"),
    "half an epoch": ({"epochs": 0.5}, "received: epochs=0.5"),
    "unknown verbose": ({"verbose": 7}, "received: verbose=7"),
    "all for validation": ({"validation_split": 1.0}, "received: validation_split=1.0"),
    "wider validation": ({"validation_data": (np.zeros((2, 9)), [0, 1])}, "validation X"),
    "NaN in validation": ({"validation_data": (spoiled(X, np.nan), Y)}, r"validation X\[1, 3\]=nan"),
    "validation without y": ({"validation_data": X}, r"\(x, y\).*received: ndarray"),
    "a weight without class": ({"class_weight": {0: 1.0, 3: 1.0}}, r"classes from 0 to 2, received: 3"),
    "class weights in a list": ({"class_weight": 3}, "received: class_weight=3"),
    "callbacks by name": ({"callbacks": "early_stopping"}, "received: callbacks='early_stopping'"),
    "a number as callback": ({"callbacks": [3]}, "received: 3"),
}


@pytest.mark.parametrize("built", [True, False], ids=["built", "unbuilt"])
@pytest.mark.parametrize(("wrong", "text"), [*DATA.values(), *SETTINGS.values()], ids=[*DATA, *SETTINGS])
def test_fit(wrong, text, built):
    model = sequential(built)
    before = state(model)
    with pytest.raises((ValueError, TypeError), match=text):
        model.fit(**{"x": X, "y": Y, **wrong})
    assert state(model) == before


@pytest.mark.parametrize("wrong", [row[0] for row in DATA.values()], ids=DATA)
def test_fit_with_a_split_says_the_same(wrong):
    model = sequential(built=False)
    before = state(model)
    errors = []
    for fraction in (0.0, 0.2):
        with pytest.raises((ValueError, TypeError)) as caught:
            model.fit(**{"x": X, "y": Y, **wrong}, validation_split=fraction)
        errors.append((caught.type, str(caught.value).replace("(24, ", "(30, ")))  # rows left for training
    assert errors[0] == errors[1]
    assert state(model) == before


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        (np.ones((30, 2)), r"of shape \(rows,\), received: shape=\(30, 2\)"),
        (np.ones(3), r"to have as many rows as X, 30, received: shape=\(3,\)"),
        (np.full(30, np.nan), "to be finite, received: .*=nan"),
        (-np.ones(30), "to be >= 0, received: -1.0"),
        (np.zeros(30), "to have a positive value, received: all zeros"),
    ],
)
def test_weights_have_the_name_of_their_argument(weights, text):
    for name in ("validation sample_weight", "sample_weight"):
        with pytest.raises(ValueError, match=f"^expected {name} {text}"):
            data.weights(weights, 30, "float32", name)


def test_weights_of_validation_data_are_called_so():
    model = sequential(True)
    x, y = X[:10], Y[:10]
    with pytest.raises(ValueError, match=r"^expected validation sample_weight to have as many rows as X, 10"):
        model.fit(x, y, validation_data=(x, y, np.ones(3)), verbose=0)
    with pytest.raises(ValueError, match=r"^expected validation sample_weight to have a positive value"):
        model.fit(x, y, sample_weight=[1] * 8 + [0] * 2, validation_split=0.2, verbose=0)


@pytest.mark.parametrize("method", ["evaluate", "train_on_batch", "gradients"])
@pytest.mark.parametrize(("wrong", "text"), DATA.values(), ids=DATA)
def test_other_methods(method, wrong, text):
    for built in (True, False):
        model = sequential(built)
        before = state(model)
        with pytest.raises((ValueError, TypeError), match=text):
            getattr(model, method)(**{"x": X, "y": Y, **wrong})
        assert state(model) == before


@pytest.mark.parametrize("method", ["predict", "activations", "__call__"])
@pytest.mark.parametrize(("wrong", "text"), [row for row in DATA.values() if "x" in row[0]])
def test_inference(method, wrong, text):
    for built in (True, False):
        model = sequential(built)
        before = state(model)
        with pytest.raises((ValueError, TypeError), match=text):
            getattr(model, method)(wrong["x"])
        assert state(model) == before


def test_another_width():
    model = sequential(built=True)
    before = state(model)
    for call in (model.predict, model.activations, lambda x: model.fit(x, Y), lambda x: model.evaluate(x, Y)):
        with pytest.raises(ValueError, match=r"expected X of shape \(rows, 4\), received: shape=\(30, 3\)"):
            call(X[:, :3])
    assert state(model) == before


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m: m.compile("adamm", "mse"), "one of 'sgd'.*received: 'adamm'"),
        (lambda m: m.compile("adam", "msee"), "one of 'mean_squared_error'.*received: 'msee'"),
        (lambda m: m.compile("adam", "mse", ["accuracie"]), "one of 'accuracy'.*received: 'accuracie'"),
        (lambda m: m.compile("adam", "mse", 3), "received: metrics=3"),
        (lambda m: m.compile(3, "mse"), "received: 3"),
        (lambda m: m.compile("adam", "poisson_deviance"), "received: 'poisson_deviance'"),
        (lambda m: m.compile("adam", "half_poisson_deviance"), "exponential last layer.*sensible pairs"),
        (lambda m: m.add(layers.Dense(HUGE)), "cannot allocate|Unable to allocate"),
        (lambda m: m.add(3), "expected a layer of fastnn.layers, received: 3"),
        (lambda m: m.add(fastnn.Input((4,))), "Input as the first layer"),
        (lambda m: m.build((5,)), r"expected input_shape=\(4,\), received: input_shape=\(5,\)"),
        (lambda m: m.set_weights(3), "received: weights=3"),
        (lambda m: m.set_weights(m.get_weights()[:-1]), "4 arrays, received: 3"),
        (lambda m: m.predictor(0), "received: max_rows=0"),
        (lambda m: m.predict(X, batch_size=-1), "received: batch_size=-1"),
    ],
)
def test_changes_of_a_model(change, text):
    model = sequential(built=True)
    before = state(model)
    with pytest.raises((ValueError, TypeError, MemoryError), match=text):
        change(model)
    assert state(model) == before


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.Dense(-3), "positive integer, received: units=-3"),
        (lambda: layers.Dense(0), "received: units=0"),
        (lambda: layers.Dense(2.5), "received: units=2.5"),
        (lambda: layers.Dense("3"), "received: units='3'"),
        (lambda: layers.Dense(3, "rellu"), "one of 'linear'.*received: 'rellu'"),
        (lambda: layers.Dense(3, kernel_initializer="zero"), "one of 'zeros'.*received: 'zero'"),
        (lambda: layers.Dense(3, kernel_regularizer="l3"), "one of 'l1'.*received: 'l3'"),
        (lambda: layers.Dropout(1), "received: rate=1"),
        (lambda: fastnn.Input(None), "received: shape=None"),
        (lambda: fastnn.Input(("4",)), "received: shape='4'"),
        (lambda: fastnn.Sequential(3), "received: layers=3"),
        (lambda: fastnn.Sequential(["dense"]), "received: 'dense'"),
        (lambda: fastnn.Sequential(dtype="float16"), "'float32', 'float64', received: dtype='float16'"),
        (lambda: fastnn.Sequential(seed=-1), "received: seed=-1"),
        (lambda: fastnn.optimizers.SGD(-0.1), "received: learning_rate=-0.1"),
        (lambda: fastnn.optimizers.Adam(beta_1=1.0), "received: beta_1=1.0"),
    ],
)
def test_constructors(make, text):
    with pytest.raises((ValueError, TypeError), match=text):
        make()


@pytest.mark.parametrize("method", ["get_weights", "count_params", "summary", "predictor", "build"])
def test_unbuilt(method):
    model = fastnn.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match=r"width of the input: add Input\(shape=\(n,\)\) first"):
        getattr(model, method)()
    assert not model.built


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "gradients"])
def test_not_compiled(method):
    model = fastnn.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match=r"call model.compile\(optimizer, loss\) first"):
        getattr(model, method)(X, Y)
    assert not model.built


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "gradients"])
def test_loss_that_does_not_fit(method):
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile("sgd", "binary_crossentropy")  # the width of the input is not known yet
    before = state(model)
    with pytest.raises(ValueError, match=r"outputs in \[0, 1\], received: activation='linear'.*sensible pairs"):
        getattr(model, method)(X, Y > 0)
    assert state(model) == before


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy", "poisson"])
def test_loss_that_does_not_fit_is_told_when_built(loss):
    with pytest.raises(ValueError, match="sensible pairs") as built:
        fastnn.Sequential([fastnn.Input((4,)), layers.Dense(1)]).compile("sgd", loss)
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile("sgd", loss)
    before = state(model)
    for call in (lambda: model.build((4,)), lambda: model.predict(X), lambda: model.fit(X, NUMBERS, verbose=0)):
        with pytest.raises(ValueError, match="sensible pairs") as caught:
            call()
        assert str(caught.value) == str(built.value)
        assert state(model) == before
    model.compile("sgd", "mse")
    model.fit(X, NUMBERS, verbose=0)


@pytest.mark.parametrize("method", ["predict", "fit", "evaluate", "train_on_batch", "gradients"])
def test_parameters_that_memory_does_not_hold(method):
    model = fastnn.Sequential([layers.Dense(HUGE, use_bias=False), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(MemoryError, match="allocate"):
        getattr(model, method)(*((X,) if method == "predict" else (X, NUMBERS)))
    assert not model.built


@pytest.mark.parametrize("built", [True, False], ids=["built", "unbuilt"])
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "gradients"])
def test_steps_that_memory_does_not_hold(method, built, monkeypatch):
    def refuse(*args, **options):
        raise MemoryError("cannot allocate 1,000 bytes")

    model = sequential(built)
    model.compile("rmsprop", "sparse_categorical_crossentropy")  # no optimizer state yet
    before = state(model)
    with monkeypatch.context() as patch:
        patch.setattr(training.engine, "Trainer", refuse)
        with pytest.raises(MemoryError, match="1,000 bytes"):
            getattr(model, method)(X, Y)
    assert state(model) == before
