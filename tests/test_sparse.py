"""Sparse X through Sequential: the numbers of dense rows, no dense rows in memory, any format, clear errors."""

import subprocess
import sys

import numpy as np
import pytest

import fastnn
from fastnn import layers, training

sparse = pytest.importorskip("scipy.sparse")
OPTIMIZERS = {
    "sgd": lambda: fastnn.optimizers.SGD(0.1),
    "momentum": lambda: fastnn.optimizers.SGD(0.1, momentum=0.9),
    "adam": lambda: fastnn.optimizers.Adam(0.01),
}


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


def rows(dtype, shape=(300, 200), density=0.02):
    return sparse.random(*shape, density, format="csr", random_state=1, dtype=dtype)


def fitted(x, y, optimizer="sgd", dtype="float32", hidden=layers.Dense, batch_size=32, **options):
    stack = [hidden(37, activation="tanh", **options), layers.Dense(2)]
    model = fastnn.Sequential(stack, dtype=dtype, seed=0)
    model.compile(OPTIMIZERS[optimizer](), "mse")
    history = model.fit(x, y, epochs=3, batch_size=batch_size, verbose=0, validation_split=0.2)
    return model, history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("penalty", [None, "l2"])
@pytest.mark.parametrize("batch_size", [32, 1000])
def test_sparse_rows_give_what_dense_ones_give(optimizer, penalty, batch_size, dtype, rng):
    x, y = rows(dtype), rng.normal(size=(300, 2))
    options = {"optimizer": optimizer, "dtype": dtype, "batch_size": batch_size, "kernel_regularizer": penalty}
    model, history = fitted(x, y, **options)
    dense, expected = fitted(x.toarray(), y, **options)
    tolerance = {"rtol": 1e-4, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-13}
    np.testing.assert_allclose(model.parameters, dense.parameters, **tolerance)
    np.testing.assert_allclose(history.history["val_loss"], expected.history["val_loss"], **tolerance)
    np.testing.assert_allclose(model.predict(x), dense.predict(x.toarray()), **tolerance)
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0), dense.evaluate(x.toarray(), y, verbose=0), **tolerance)
    for made, wanted in zip(model.activations(x), dense.activations(x.toarray()), strict=True):
        np.testing.assert_allclose(made, wanted, **tolerance)
    loss, gradients = model.gradients(x, y)
    wanted_loss, wanted = dense.gradients(x.toarray(), y)
    assert np.isclose(loss, wanted_loss, rtol=1e-5)
    np.testing.assert_allclose(gradients[0], wanted[0], rtol=1e-3, atol=1e-5)


def test_dropped_weights(dtype, rng):
    x, y = rows(dtype), rng.normal(size=(300, 2))
    model, _ = fitted(x, y, dtype=dtype, hidden=layers.DropConnect, rate=0.3)
    dense, _ = fitted(x.toarray(), y, dtype=dtype, hidden=layers.DropConnect, rate=0.3)
    np.testing.assert_allclose(model.parameters, dense.parameters, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_bits_do_not_depend_on_threads(optimizer, dtype, rng, monkeypatch):
    x, y = rows(dtype), rng.normal(size=(300, 2))
    made = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(training.threads, "default_threads", lambda threads=threads: threads)
        made.append(fitted(x, y, optimizer, dtype, batch_size=64)[0].parameters.copy())
    for other in made[1:]:
        assert np.array_equal(made[0], other)


@pytest.mark.parametrize("kind", ["csr_array", "csc_matrix", "csc_array", "coo_array"])
def test_any_format(kind, rng):
    x, y = rows("float64"), rng.normal(size=(300, 2))
    expected, _ = fitted(x, y)
    other = getattr(sparse, kind)(x)
    assert np.array_equal(fitted(other, y)[0].parameters, expected.parameters)
    integers = sparse.csr_matrix((rng.integers(1, 5, x.nnz), x.indices, x.indptr), shape=x.shape)
    assert np.isfinite(fitted(integers, y)[0].parameters).all()


def test_rows_are_never_dense():
    """20000 x 20000, 4 elements a row: 1.6 GB as dense float32 rows, 1 MB in compressed form."""
    code = """
import resource
import numpy as np, scipy.sparse as sparse
import fastnn
columns = np.random.default_rng(0).integers(0, 20000, 80000)
x = sparse.csr_matrix((np.ones(80000, dtype="float32"), columns, np.arange(0, 80001, 4)), shape=(20000, 20000))
y = np.arange(20000) % 2
model = fastnn.Sequential([fastnn.layers.Dense(16, "relu"), fastnn.layers.Dense(1, "sigmoid")], seed=0)
model.compile("adam", "binary_crossentropy")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model.fit(x, y, batch_size=200, epochs=2, verbose=0)
model.predict(x)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    grown = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert grown < 100, f"grown by {grown} MB"


def damaged(x, part, place, value):
    """A copy that scipy.sparse does not check either."""
    x = x.copy()
    getattr(x, part)[place] = value
    return x


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda x: damaged(x, "indices", 5, 2**30),
            ValueError,
            r"columns of X in \[0, 200\), received: 0 to 1073741824",
        ),
        (lambda x: damaged(x, "indices", 5, -1), ValueError, r"columns of X in \[0, 200\), received: -1 to"),
        (lambda x: damaged(x, "indptr", 7, 10**9), ValueError, r"indptr of X to ascend from 0"),
        (lambda x: damaged(x, "indptr", 0, -4), ValueError, r"indptr of X to ascend from 0"),
        (lambda x: x[:, :7], ValueError, r"expected X of shape \(rows, 200\), received: shape=\(300, 7\)"),
        (lambda x: x[:0], ValueError, r"none of them 0, received: shape=\(0, 200\)"),
        (lambda x: x.astype(complex), TypeError, r"expected X to hold real numbers, received: dtype=complex"),
        (lambda x: x * np.nan, ValueError, r"expected X to be finite, received: X\[0, \d+\]=nan"),
    ],
)
def test_bad_input(make, error, text, rng):
    x, y = rows("float32"), rng.normal(size=(300, 2))
    model, _ = fitted(x, y)
    before = model.parameters.copy()
    with pytest.raises(error, match=text):
        model.fit(make(x), y, verbose=0)
    with pytest.raises(error, match=text):
        model.predict(make(x))
    assert np.array_equal(model.parameters, before)


def test_what_needs_dense_rows_says_so(rng):
    x, y = rows("float32"), rng.normal(size=(300, 2))
    model = fastnn.Sequential([layers.BatchNormalization(), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"expected a Dense layer first for sparse X, received: sparse X of shape"):
        model.fit(x, y, verbose=0)
    assert not model.built
    with pytest.raises(ValueError, match=r"expected dense rows for a gradient with respect to them"):
        fitted(x, y)[0].gradients(x, y, inputs=True)
