import numpy as np
import pytest

from fastnn import losses, metrics


def test_accuracy_resolves_by_the_shapes():
    assert metrics.accuracy([[1.0], [0.0]], [[0.6], [0.7]]) == 0.5
    assert metrics.accuracy([2, 0], [[0, 0, 1], [0, 1, 0]]) == 0.5
    assert metrics.accuracy([[0, 1], [1, 0]], [[0.4, 0.6], [0.4, 0.6]]) == 0.5


def test_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(0)
    y, f = generator.normal(size=(2, 20, 3))
    assert metrics.mean_squared_error(y, f) == pytest.approx(sklearn.mean_squared_error(y, f))
    assert metrics.mean_absolute_error(y, f) == pytest.approx(sklearn.mean_absolute_error(y, f))
    assert metrics.r2_score(y, f) == pytest.approx(sklearn.r2_score(y, f))
    constant = np.zeros((20, 1))
    assert metrics.r2_score(constant, constant) == sklearn.r2_score(constant, constant) == 1.0


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"received: \(2, 1\) and \(2, 2\)"):
        metrics.mean_squared_error([1, 2], [[1, 2], [3, 4]])


def test_get():
    assert metrics.get("acc").name == "acc"
    assert metrics.get("mae").function is metrics.mean_absolute_error

    def bias(y_true, y_pred):
        return np.mean(y_pred - y_true)

    assert metrics.get(bias) == ("bias", bias)
    with pytest.raises(ValueError, match=r"expected metric to be one of .*received: 'f1'"):
        metrics.get("f1")
    with pytest.raises(TypeError, match="received: 3"):
        metrics.get(3)


def test_direction():
    assert metrics.larger_is_better("val_accuracy")
    assert metrics.larger_is_better("sparse_categorical_accuracy")
    assert metrics.larger_is_better("r2_score")
    assert not metrics.larger_is_better("val_loss")
    assert not metrics.larger_is_better("mae")


def test_ranks_and_counts_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(1)
    y, f = generator.integers(0, 2, 200), generator.integers(0, 20, 200) / 20  # with ties
    assert metrics.auc(y, f) == pytest.approx(sklearn.roc_auc_score(y, f), rel=1e-14)
    assert np.isnan(metrics.auc(np.ones(3), [0.1, 0.2, 0.3]))
    predicted = f > 0.5
    assert metrics.precision(y, f) == sklearn.precision_score(y, predicted)
    assert metrics.recall(y, f) == sklearn.recall_score(y, predicted)
    assert metrics.zero_one_loss(y, f) == pytest.approx(sklearn.zero_one_loss(y, predicted), rel=1e-14)
    labels, scores = generator.integers(0, 7, 50), generator.normal(size=(50, 7))
    expected = sklearn.top_k_accuracy_score(labels, scores, k=3)
    assert metrics.sparse_top_k_categorical_accuracy(labels, scores, k=3) == expected
    assert metrics.top_k_categorical_accuracy(np.eye(7)[labels], scores, k=3) == expected


def test_losses_are_metrics():
    y, f = np.array([[1.0], [0.0]]), np.array([[0.8], [0.1]])
    for name in ("huber", "binary_crossentropy", "hinge", "log_cosh"):
        assert metrics.get(name).function(y, f) == losses.get(name)(y, f)
