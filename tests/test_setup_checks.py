"""check_setup and find_learning_rate: each mistake is found by its check, and the model is left as it was."""

import numpy as np
import pytest

import fastnn
from fastnn import layers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 4))
LABELS = X[:, :3].argmax(axis=1)


def classifier(*, hidden=None, units=3, dtype="float32", regularizer=None, **last):
    hidden = hidden or [layers.Dense(32, "relu", kernel_regularizer=regularizer)]
    model = fastnn.Sequential([*hidden, layers.Dense(units, "softmax", **last)], seed=0, dtype=dtype)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def failed(model, x=X, y=LABELS):
    return {finding.name for finding in fastnn.check_setup(model, x, y).findings if finding.status == "failed"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_setup_passes(dtype):
    report = fastnn.check_setup(classifier(dtype=dtype, regularizer="l2"), X, LABELS)
    assert report.ok, report
    assert [finding.status for finding in report.findings] == ["passed"] * 4
    assert "ln(3)" in repr(report)
    assert len(repr(report).splitlines()) == 4


@pytest.mark.parametrize(
    ("loss", "last", "y"),
    [
        ("mse", layers.Dense(1), 3.0 + X[:, 0]),
        ("huber", layers.Dense(2), X[:, :2]),
        ("poisson", layers.Dense(1, "exponential"), RANDOM.poisson(2.0, 300)),
        ("binary_crossentropy", layers.Dense(1, "sigmoid"), LABELS == 1),
        ("categorical_crossentropy", layers.Dense(3, "softmax"), np.eye(3)[LABELS]),
        (fastnn.losses.SparseCategoricalCrossentropy(from_logits=True), layers.Dense(3), LABELS),
        ("multilabel_crossentropy", layers.Dense(2, "sigmoid"), X[:, :2] > 0),
        ("hinge", layers.Dense(1, "tanh"), np.where(X[:, 0] > 0, 1.0, -1.0)),
    ],
    ids=lambda value: str(getattr(value, "name", value))[:20],
)
def test_every_kind_of_loss(loss, last, y):
    last = type(last).from_config(last.get_config())
    model = fastnn.Sequential([layers.Dense(32, "relu"), layers.Dropout(0.5), last], seed=0)
    model.compile("sgd", loss)
    report = fastnn.check_setup(model, X, y)
    assert report.ok, report


def test_a_class_without_rows_fails_the_first_loss():
    assert failed(classifier(units=30)) == {"first loss"}


def test_rows_that_are_not_scaled_fail_the_first_loss():
    assert "first loss" in failed(classifier(), 1000.0 * X)


def test_a_wrong_bias_fails_the_first_loss():
    assert failed(classifier(bias_initializer=fastnn.initializers.RandomNormal(stddev=5.0, seed=1))) == {"first loss"}


def test_penalties_of_what_does_not_learn_are_none():
    frozen = layers.Dense(32, "relu", kernel_regularizer="l2", trainable=False)
    assert fastnn.check_setup(classifier(hidden=[frozen]), X, LABELS)["penalty"].status == "skipped"


def test_a_crushing_penalty_fails():
    assert failed(classifier(regularizer=fastnn.regularizers.L2(10.0))) == {"penalty"}


def test_units_that_cannot_learn_fail_to_overfit():
    dead = layers.Dense(32, "relu", bias_initializer=fastnn.initializers.Constant(-1000.0))
    assert "overfitting" in failed(classifier(hidden=[dead]))


def test_contradictions_fail_to_overfit():
    assert failed(classifier(), np.ones_like(X)) == {"overfitting"}


def test_a_wrong_gradient_fails():
    class Wrong(fastnn.Sequential):
        def gradients(self, *given, **options):
            loss, parts = super().gradients(*given, **options)
            parts[0] *= 1.01
            return loss, parts

    model = Wrong([layers.Dense(32, "tanh"), layers.Dense(3, "softmax")], seed=0)
    model.compile("adam", "sparse_categorical_crossentropy")
    assert failed(model) == {"gradient"}


def test_nothing_trainable_fails():
    model = classifier(hidden=[layers.Dense(8, "relu", trainable=False)], trainable=False)
    assert failed(model) >= {"gradient"}


def test_y_of_one_value_cannot_be_overfitted():
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    assert fastnn.check_setup(model, X, np.ones(300))["overfitting"].status == "skipped"


@pytest.mark.parametrize("look", [fastnn.check_setup, fastnn.find_learning_rate])
def test_the_model_stays_as_it_is(look):
    model, twin, fresh = classifier(regularizer="l2"), classifier(regularizer="l2"), classifier()
    for trained in (model, twin):
        trained.fit(X, LABELS, verbose=0)
    history, optimizer = model.history, model.optimizer
    before, states = model.parameters.tobytes(), model.training.states.tobytes()
    look(model, X, LABELS)
    assert model.parameters.tobytes() == before
    assert model.training.states.tobytes() == states
    assert model.history is history
    assert model.optimizer is optimizer
    for trained in (model, twin):
        trained.fit(X, LABELS, verbose=0)
    assert model.parameters.tobytes() == twin.parameters.tobytes()
    look(fresh, X, LABELS)
    assert not fresh.built


@pytest.mark.parametrize("look", [fastnn.check_setup, fastnn.find_learning_rate])
def test_bad_input_raises_as_a_fit_does(look):
    with pytest.raises(ValueError, match="compiled model"):
        look(fastnn.Sequential([layers.Dense(1)]), X, LABELS)
    with pytest.raises(ValueError, match="row"):
        look(classifier(), X[:-1], LABELS)


def test_sparse_rows():
    sparse = pytest.importorskip("scipy.sparse")
    assert fastnn.check_setup(classifier(), sparse.csr_matrix(X.astype(np.float32)), LABELS).ok


def test_learning_rates():
    model = classifier()
    found = fastnn.find_learning_rate(model, X, LABELS, [10.0, 1e-7, 1e-2], rows=128)
    assert found.rates.tolist() == [1e-7, 1e-2, 10.0]
    assert found.suggestion == 1e-2
    assert found.losses[1] < 0.9 * found.start
    assert abs(found.losses[0] - found.start) < 1e-3
    again = fastnn.find_learning_rate(model, X, LABELS, [1e-2], rows=128)
    assert again.losses[0] == found.losses[1]  # every rate begins at the same weights
    np.testing.assert_allclose(fastnn.find_learning_rate(model, X, LABELS).rates, 10 ** np.arange(-5, 0.5, 0.5))


def test_learning_rates_are_tried_in_fits():
    """Of so many epochs, in batches of so many rows."""
    found = fastnn.find_learning_rate(classifier(), X, LABELS, [0.01], rows=len(X), batch_size=50, epochs=2)
    model = classifier()
    model.optimizer.learning_rate = 0.01
    model.fit(X, LABELS, batch_size=50, epochs=2, verbose=0)
    assert found.losses[0] == model.evaluate(X, LABELS, verbose=0, return_dict=True)["loss"]
    assert found.losses[0] != fastnn.find_learning_rate(classifier(), X, LABELS, [0.01], rows=len(X)).losses[0]


def test_learning_rates_that_only_diverge():
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile(fastnn.optimizers.SGD(fastnn.schedules.ExponentialDecay(0.1, 10, 0.5)), "mse")
    found = fastnn.find_learning_rate(model, X, X[:, 0], [1e5])
    assert found.suggestion is None
    assert np.isinf(found.losses[0])


@pytest.mark.parametrize("rates", [[], [0.0], [-1.0], [np.nan], ["fast"]])
def test_bad_rates(rates):
    with pytest.raises(ValueError, match="rates"):
        fastnn.find_learning_rate(classifier(), X, LABELS, rates)


def test_frames_of_nullable_numbers():
    pandas = pytest.importorskip("pandas")
    rows = np.random.default_rng(0).normal(size=(40, 3))
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile("adam", "mse")
    frame, truth = pandas.DataFrame(rows).astype("Float64"), pandas.Series(rows.sum(axis=1)).astype("Float64")
    assert str(fastnn.check_setup(model, frame, truth)) == str(fastnn.check_setup(model, rows, rows.sum(axis=1)))


def test_divergence_is_a_finding_not_a_warning():
    rows = np.random.default_rng(0).choice([-3e38, 3e38], size=(40, 3))
    model = fastnn.Sequential([layers.Dense(1)], seed=0)
    model.compile("adam", "mse")
    fastnn.check_setup(model, rows, rows[:, 0] > 0)
