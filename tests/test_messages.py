"""What mistakes are told: what was expected, what came, and where."""

import numpy as np
import pytest

import fastnn
from fastnn import layers

X = np.random.default_rng(0).normal(size=(30, 4))


def model(**compiled):
    made = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(1)], seed=0)
    made.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return made


class Frame:
    """A table with named columns, as pandas and polars have them."""

    columns = ("age", "city", "born")

    def __init__(self):
        self.data = {"age": np.arange(3), "city": np.array(["a", "b", "c"], dtype=object), "born": np.zeros(3, "M8[s]")}

    def __getitem__(self, name):
        return self.data[name]

    def __array__(self, dtype=None, copy=None):
        return np.array([list(row) for row in zip(*self.data.values(), strict=True)], dtype=object)


def estimator(**settings):
    return fastnn.MLPRegressor(hidden_layer_sizes=(3,), **settings)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: model().fit(X, X[:, 0], shuffle="batch"), ValueError, "True, False or 'replacement'.*'batch'"),
        (lambda: model().fit(None, X[:, 0]), TypeError, "real numbers, received: NoneType"),
        (lambda: model().predict({"a": 1}), TypeError, "real numbers, received: dict"),
        (
            lambda: model().predict(Frame()),
            TypeError,
            r"a Frame with the columns 'city' \(object\), 'born' \(datetime64",
        ),
        (lambda: fastnn.utils.to_categorical(["a", "b"]), TypeError, "expected x .* received: dtype=<U1"),
        (lambda: fastnn.utils.to_categorical(None), TypeError, "expected x .* received: NoneType"),
        (lambda: fastnn.utils.to_categorical([np.nan, 1]), ValueError, "expected x to hold class indices, .*NaN"),
        (
            lambda: fastnn.check_setup(estimator(), X, X[:, 0]),
            TypeError,
            "expected a compiled Sequential, .*MLPRegressor",
        ),
        (lambda: fastnn.find_learning_rate(estimator(), X, X[:, 0]), TypeError, "expected a compiled Sequential"),
        (lambda: estimator(n_jobs=0).fit(X, X[:, 0]), ValueError, "expected `n_jobs`.* received: n_jobs=0"),
        (lambda: fastnn.activations.softmax(1.0), ValueError, "expected x to have an axis"),
        (
            lambda: fastnn.losses.mean_squared_error([1, 2, 3], [1, 2]),
            ValueError,
            r"y_pred, received: \(3,\) and \(2,\)",
        ),
        (lambda: fastnn.losses.MeanSquaredError()([1, 2, 3], [[1], [2]]), ValueError, "as many rows as y_pred, 2"),
    ],
)
def test_messages(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("rate", [None, "0.1", [0.1], -0.1, np.inf, np.array([0.1])], ids=repr)
def test_a_function_of_rates_that_returns_no_rate(rate):
    made = model(optimizer=fastnn.optimizers.SGD(lambda step: 0.1 if step < 2 else rate))
    with pytest.raises(ValueError, match=r"schedule to return finite numbers.* at step 2"):
        made.fit(X, X[:, 0], batch_size=10, verbose=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_not_finite_in_sparse_rows_is_named_by_row_and_column(dtype):
    sparse = pytest.importorskip("scipy.sparse")
    x = np.zeros((6, 4))
    x[1, 3] = x[2, 0] = 1.0
    for value, why in (
        (np.nan, "nan"),
        (np.inf, "inf"),
        *(((1e300, "1e.300, which overflows float32"),) if dtype == "float32" else ()),
    ):
        x[4, 2] = value
        made = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(1)], dtype=dtype)
        with pytest.raises(ValueError, match=rf"received: X\[4, 2\]={why}"):
            made.predict(sparse.csr_array(x))


def test_nullable_columns_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1, 2, 3, 4], "size": [0.5, 1.5, 2.5, 0.0], "old": [False, False, True, True]})
    nullable, y = frame.convert_dtypes(), pandas.Series([0, 1, 1, 0])
    made = [fastnn.Sequential([layers.Dense(2, "softmax")], seed=0) for _ in range(2)]
    for each, x, truth in zip(made, (frame.to_numpy("float64"), nullable), (y, y.astype("Int64")), strict=True):
        each.compile("sgd", "sparse_categorical_crossentropy")
        each.fit(x, truth, verbose=0, validation_split=0.5, sample_weight=truth + 1)
    assert np.array_equal(made[0].predict(frame.to_numpy("float64")), made[1].predict(nullable))
    nullable.loc[2, "age"] = pandas.NA
    with pytest.raises(ValueError, match=r"expected X to be finite, received: X\[2, 0\]=nan"):
        made[1].predict(nullable)
    with pytest.raises(TypeError, match=r"a DataFrame with the columns 'city' \("):
        made[1].predict(nullable.assign(city="a"))


def test_activations_of_nothing_are_nothing():
    assert fastnn.activations.softmax(np.empty((0, 3), np.float32)).shape == (0, 3)
    assert fastnn.activations.relu([]).shape == (0,)


def test_plotting_is_there_after_import():
    import subprocess
    import sys

    command = "import fastnn; assert 'plotting' in dir(fastnn); print(callable(fastnn.plotting.plot_history))"
    assert (
        subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout == "True\n"
    )
