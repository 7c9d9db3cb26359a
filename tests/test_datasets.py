"""The rows of a fit: set apart for validation, put into an order, weighed by class."""

import numpy as np
import pytest

import fastnn
from fastnn import datasets, layers
from tests.test_training import LABELS, X, Y, classifier, regression


def test_validation_split_takes_the_last_rows():
    split, given = regression(), regression()
    first = split.fit(X, Y, epochs=3, validation_split=0.2, verbose=0).history
    second = given.fit(X[:40], Y[:40], epochs=3, validation_data=(X[40:], Y[40:]), verbose=0).history
    assert first == second
    with pytest.raises(ValueError, match=r"received: validation_split=0.99 of 50 rows"):
        regression().fit(X, Y, validation_split=0.99)
    with pytest.raises(ValueError, match=r"received: validation_split=1.0"):
        regression().fit(X, Y, validation_split=1.0)
    with pytest.raises(ValueError, match=r"expected `validation_data` to be \(x, y\)"):
        regression().fit(X, Y, validation_data=X)
    with pytest.raises(ValueError, match=r"validation X of shape|validation X of 4 columns"):
        regression().fit(X, Y, validation_data=(X[:, :3], Y))


def test_shuffling():
    seen = []

    class Order(fastnn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    model = regression(layers.Dense(1, kernel_initializer="ones"), optimizer=fastnn.optimizers.SGD(0.0))
    rows = np.arange(8.0).reshape(-1, 1)
    model.fit(rows, np.zeros(8), batch_size=1, epochs=2, verbose=0, callbacks=[Order()])
    first, second = seen[:8], seen[8:]
    assert sorted(first) == sorted(second) == list(np.arange(8.0) ** 2)
    assert first != second
    seen.clear()
    model.fit(rows, np.zeros(8), batch_size=1, shuffle=False, verbose=0, callbacks=[Order()])
    assert seen == list(np.arange(8.0) ** 2)


def recorded_batches(rows, **options):
    """The squares of the rows that came, in order: a model that multiplies by 1 and does not learn."""
    seen = []
    model = regression(layers.Dense(1, kernel_initializer="ones"), optimizer=fastnn.optimizers.SGD(0.0))
    tell = fastnn.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    x = np.arange(float(rows)).reshape(-1, 1)
    model.fit(x, np.zeros(rows), batch_size=1, verbose=0, callbacks=[tell], **options)
    return np.sqrt(seen).astype(int)


def test_drawing_with_replacement():
    seen = recorded_batches(100, shuffle="replacement", epochs=60)
    assert seen.size == 6000
    np.testing.assert_array_equal(seen, recorded_batches(100, shuffle="replacement", epochs=60))
    counts = np.bincount(seen, minlength=100)  # 60 each, in the mean
    assert counts.min() > 0
    assert ((counts - 60) ** 2 / 60).sum() < 150  # chi-squared with 99 degrees of freedom: 5 in 10000 lie above 150
    first = np.bincount(seen[:100], minlength=100)
    assert (first == 0).sum() == pytest.approx(100 / np.e, abs=15)  # rows that an epoch leaves out
    assert (np.bincount(recorded_batches(100)) == 1).all()


@pytest.mark.parametrize("shuffle", ["batch", 2, None, 0.5])
def test_wrong_shuffle(shuffle):
    with pytest.raises(ValueError, match=f"received: shuffle={shuffle!r}"):
        regression().fit(X, Y, shuffle=shuffle)


def test_class_weight_is_sample_weight_by_class():
    by_class, by_row = classifier(), classifier()
    weight = {0: 1.0, 1: 2.0, 2: 0.5}
    rows = np.array([weight[label] for label in LABELS])
    first = by_class.fit(X, LABELS, class_weight=weight, verbose=0).history
    assert first == by_row.fit(X, LABELS, sample_weight=rows, verbose=0).history
    loss = by_class.train_on_batch(X, LABELS, class_weight=weight)
    assert loss == by_row.train_on_batch(X, LABELS, rows) != by_row.train_on_batch(X, LABELS)


@pytest.mark.parametrize(
    ("loss", "activation", "y", "labels"),
    [
        ("sparse_categorical_crossentropy", "softmax", LABELS, LABELS),
        ("categorical_crossentropy", "softmax", np.eye(3)[LABELS], LABELS),
        ("binary_crossentropy", "sigmoid", LABELS > 0, LABELS > 0),
        ("binary_crossentropy", "sigmoid", np.where(LABELS > 0, 0.9, 0.1), LABELS > 0),  # soft truth is rounded
    ],
    ids=["labels", "one-hot", "binary", "soft"],
)
def test_class_weight_of_every_kind_of_truth(loss, activation, y, labels):
    def fit(**weights):
        model = fastnn.Sequential([layers.Dense(1 if activation == "sigmoid" else 3, activation)], seed=0)
        model.compile("sgd", loss)
        return model.fit(X, y, verbose=0, **weights).history

    by_class = fit(class_weight={1: 3.0})  # the others weigh 1, as in Keras
    assert by_class == fit(sample_weight=np.where(labels == 1, 3.0, 1.0))
    assert by_class != fit()
    both = fit(class_weight={1: 3.0}, sample_weight=np.linspace(0.5, 2.0, 50))
    assert both == fit(sample_weight=np.where(labels == 1, 3.0, 1.0) * np.linspace(0.5, 2.0, 50).astype(np.float32))


@pytest.mark.parametrize(
    ("class_weight", "text"),
    [
        ({3: 1.0}, "classes from 0 to 2, received: 3"),
        ({"a": 1.0}, "classes from 0 to 2, received: 'a'"),
        ({0.5: 1.0}, "received: 0.5"),
        ({0: -1.0}, r"`class_weight\[0\]` to be a number >= 0, received: class_weight\[0\]=-1.0"),
        ({0: 0, 1: 0, 2: 0}, "some row a positive weight"),
        ({0: 1e-60, 1: 0, 2: 0}, "some row a positive weight"),  # 0 in float32
        ({1: 1e60}, r"finite, received: class_weight\[1\]=1e\+60, which overflows float32"),
        ([1.0, 2.0, 3.0], "to be a dict"),
    ],
)
def test_wrong_class_weight(class_weight, text):
    model = classifier()
    with pytest.raises((TypeError, ValueError), match=text):
        model.fit(X, LABELS, class_weight=class_weight)
    assert not model.built


@pytest.mark.parametrize(
    ("class_weight", "sample_weight", "text"),
    [
        ({1: 1e30}, 1e30 * (LABELS < 2), r"finite, received: 1e\+30 times 1e\+30 in row \d+, which overflows float32"),
        ({1: 0.0}, 1.0 * (LABELS == 1), "some row a positive weight, received: all zeros"),
        ({1: 1e-30}, 1e-30 * (LABELS == 1), "some row a positive weight, received: all zeros"),
    ],
)
def test_products_of_weights_are_weights(class_weight, sample_weight, text):
    with pytest.raises(ValueError, match="expected sample_weight times `class_weight` to .*" + text):
        datasets.class_weights(LABELS, 3, class_weight, "float32", sample_weight.astype(np.float32))
    with pytest.raises(ValueError, match="expected sample_weight times `class_weight` to .*" + text):
        classifier().fit(X, LABELS, class_weight=class_weight, sample_weight=sample_weight)


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (np.linspace(0, 5, 50), r"classes from 0 to 1.*received: \[1.53\d*\] in row 15"),
        (np.sign(Y), r"received: \[-1.\]"),
    ],
)
def test_class_weight_needs_classes(y, text):
    """A truth of -1 is no class either: it would have taken the weight of the last one."""
    model = regression()
    with pytest.raises(ValueError, match=text):
        model.fit(X, y, class_weight={0: 2.0}, verbose=0)
    assert not model.built
