"""Bad input to both faces: a clear exception before anything runs, and the model as it was.

One row a mistake. What each message must contain is what the user can act on: the names, and what was received.
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


# ---- Sequential ------------------------------------------------------------------------------------------------------


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


# ---- estimators ------------------------------------------------------------------------------------------------------


def estimator(kind, fitted):
    model = getattr(fastnn, kind)(hidden_layer_sizes=(5,), max_iter=2, random_state=0, tol=0, n_iter_no_change=2)
    if fitted:
        with pytest.warns(UserWarning, match="Maximum iterations"):
            model.fit(X, Y if kind == "MLPClassifier" else NUMBERS)
    return model


ROWS_OF_X = {
    "no rows": (X[:0], r"0 sample|at least one row"),
    "one row flat": (X[0], r"Expected 2D array|2D"),
    "text": (np.full((30, 4), "a"), r"could not convert|numbers for X|not compatible with arrays of bytes"),
    "complex": (X + 0j, "Complex data not supported"),
    "NaN": (spoiled(X, np.nan), "contains NaN"),
    "infinity": (spoiled(X, np.inf), "contains infinity"),
    "masked": (masked(X), r"X to have no masked values.*X\.filled"),
}
BOTH = ("MLPClassifier", "MLPRegressor")


@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "new"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("x", "text"), ROWS_OF_X.values(), ids=ROWS_OF_X)
def test_x_of_estimators(x, text, kind, method, fitted):
    model = estimator(kind, fitted)
    y = (Y if kind == "MLPClassifier" else NUMBERS)[: len(x)]
    more = {"classes": [0, 1, 2]} if kind == "MLPClassifier" and method == "partial_fit" else {}
    before = state(model)
    with pytest.raises((ValueError, TypeError), match=text):
        getattr(model, method)(x, y, **more)
    assert state(model) == before


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(("x", "text"), [*ROWS_OF_X.values(), (X[:, :3], "X has 3 features, but .* expecting 4")])
def test_predictions_of_estimators(x, text, kind):
    model = estimator(kind, fitted=True)
    before = state(model)
    with pytest.raises((ValueError, TypeError), match=text):
        model.predict(x)
    assert state(model) == before


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("method", ["predict", "score", "predict_proba"])
def test_estimators_that_are_not_fitted(kind, method):
    model = estimator(kind, fitted=False)
    if hasattr(model, method):
        with pytest.raises((ValueError, AttributeError), match="is not fitted yet"):
            getattr(model, method)(*((X, NUMBERS) if method == "score" else (X,)))


@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "new"])
@pytest.mark.parametrize(
    ("kind", "settings", "more", "text"),
    [
        ("MLPClassifier", {}, {"y": Y[:-1]}, "inconsistent numbers of samples"),
        ("MLPClassifier", {}, {"y": NUMBERS}, "Unknown label type"),
        ("MLPClassifier", {}, {"y": None}, "requires y to be passed"),
        ("MLPClassifier", {}, {"sample_weight": np.ones(3)}, r"sample_weight.shape == \(3,\)"),
        ("MLPClassifier", {}, {"sample_weight": masked(np.ones(30))}, "sample_weight to have no masked values"),
        *((kind, {}, {"y": masked(Y)}, "y to have no masked values") for kind in BOTH),
        ("MLPClassifier", {"early_stopping": True, "validation_fraction": 0.01}, {}, "validation set"),
        ("MLPRegressor", {}, {"y": spoiled(NUMBERS, np.nan)}, "contains NaN"),
        ("MLPRegressor", {}, {"y": spoiled(NUMBERS, -np.inf)}, "contains infinity"),
        ("MLPRegressor", {}, {"y": spoiled(NUMBERS, 1e300)}, r"y\[7, 0\]=1e\+300, which overflows float32"),
        ("MLPRegressor", {"loss": "poisson"}, {"y": -np.abs(NUMBERS)}, r">= 0, received: -"),
        ("MLPRegressor", {"loss": "hubber"}, {}, "Got 'hubber'"),
        *(
            (kind, settings, {}, text)
            for kind in BOTH
            for settings, text in [
                ({"hidden_layer_sizes": (5, -1)}, "must be > 0, got"),
                ({"hidden_layer_sizes": -1}, "Got -1 instead"),
                ({"hidden_layer_sizes": (2.5,)}, r"integers, received: \(2.5,\)"),
                ({"hidden_layer_sizes": ("5",)}, r"integers, received: \('5',\)"),
                ({"hidden_layer_sizes": (True,)}, r"integers, received: \(True,\)"),
                ({"hidden_layer_sizes": (HUGE,)}, "llocate"),
                ({"hidden_layer_sizes": (5, 1 << 40)}, "llocate"),
                ({"activation": "rellu"}, "Got 'rellu'"),
                ({"solver": "adamm"}, "among {'adam', 'lbfgs', 'sgd'}. Got 'adamm'"),
                ({"batch_size": 0}, "Got 0 instead"),
                ({"max_iter": 2.5}, "Got 2.5 instead"),
                ({"random_state": "zero"}, "Got 'zero' instead"),
            ]
        ),
    ],
)
def test_fits_of_estimators(kind, settings, more, text, fitted):
    model = estimator(kind, fitted).set_params(**settings)
    before = state(model)
    arguments = {"X": X, "y": Y if kind == "MLPClassifier" else NUMBERS, **more}
    with pytest.raises((ValueError, TypeError, MemoryError), match=text):
        model.fit(**arguments)
    assert state(model) == before


def test_a_new_fit_leaves_the_arrays_of_the_last():
    """What somebody took out of a model, and what an error gives back, is no memory of the next network."""
    model = estimator("MLPRegressor", fitted=True)
    kept, before = model.coefs_, model.coefs_[0].copy()
    model.set_params(random_state=1, max_iter=1, n_iter_no_change=1)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, NUMBERS)
    np.testing.assert_array_equal(kept[0], before)
    assert (model.coefs_[0] != before).any()
