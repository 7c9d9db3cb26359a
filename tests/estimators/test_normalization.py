"""batch_norm, layer_norm and clipnorm of the estimators, and optimizers that look at whole gradients."""

import copy
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier, MLPRegressor, layers, optimizers
from tests.estimators.side_by_side import make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
NORMS = {"batch_norm": layers.BatchNormalization, "layer_norm": layers.LayerNormalization}


def fitted(**settings):
    _, _, X, y = make_task("several")
    settings = {"max_iter": 4, "random_state": 0, "batch_size": 32} | settings
    return MLPClassifier((6, 5), **settings).fit(X, y), X, y


def through_file(model, folder):
    model.save(folder / "model.safetensors", include_optimizer=True)
    return fastnn.load(folder / "model.safetensors")


@pytest.mark.parametrize("norm", NORMS)
def test_order_of_layers(norm):
    """Dense, normalization, activation, dropout; none behind the last layer; the loss curve of that Sequential."""
    _, _, X, y = make_task("number")
    settings = {"max_iter": 3, "random_state": 0, "batch_size": 26, "shuffle": False, "alpha": 0.0}
    model = MLPRegressor(hidden_layer_sizes=(6, 5), activation="tanh", dropout=0.25, **{norm: True}, **settings)
    first = copy.deepcopy(model).set_params(solver="sgd", learning_rate_init=1e-30, max_iter=1).fit(X, y)
    stack = [fastnn.Input((7,))]
    for units in (6, 5):
        stack += [layers.Dense(units), NORMS[norm](), layers.Activation("tanh"), layers.Dropout(0.25)]
    twin = fastnn.Sequential([*stack, layers.Dense(1)], dtype="float64", seed=first._dropout_seed)
    dense = [layer for layer in twin.layers if isinstance(layer, layers.Dense)]
    for layer, coefs, intercepts in zip(dense, first.coefs_, first.intercepts_, strict=True):
        layer.set_weights([coefs, intercepts])
    twin.compile(optimizers.Adam(0.001, epsilon=1e-8), "half_squared_error")
    history = twin.fit(X, y, epochs=3, batch_size=26, shuffle=False, verbose=0).history["loss"]
    model.fit(X, y)
    np.testing.assert_allclose(model.loss_curve_, history, rtol=1e-10)
    np.testing.assert_allclose(model.predict(X), twin.predict(X).ravel(), rtol=1e-10)
    count = {"batch_norm": 4, "layer_norm": 2}[norm]
    assert [array.shape for array in model.norms_] == [(6,)] * count + [(5,)] * count


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("way", ["pickle", "deepcopy", "file"])
def test_copies_predict_and_train_on_alike(norm, way, tmp_path):
    model, X, y = fitted(**{norm: True})
    model.partial_fit(X, y)
    before = model.predict_proba(X)
    ways = {
        "pickle": lambda model: pickle.loads(pickle.dumps(model)),
        "deepcopy": copy.deepcopy,
        "file": lambda model: through_file(model, tmp_path),
    }
    twin = ways[way](model)
    np.testing.assert_array_equal(twin.predict_proba(X), before)
    for layer in twin.norms_:
        layer *= 1.5
    assert not np.allclose(twin.predict_proba(X), before)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    twin = ways[way](model)
    twin._random_state = copy.deepcopy(model._random_state)
    model.set_params(shuffle=False).partial_fit(X, y)
    twin.set_params(shuffle=False).partial_fit(X, y)
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("norm", NORMS)
def test_early_stopping_gives_back_the_best_statistics_too(norm):
    settings = {norm: True, "early_stopping": True, "learning_rate_init": 0.1, "max_iter": 12}
    model, X, _ = fitted(**settings)
    assert model.best_epoch_ < 12
    short, _, _ = fitted(**settings | {"max_iter": model.best_epoch_})
    for mine, other in zip(model.norms_, short.norms_, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(model.predict_proba(X), short.predict_proba(X))


@pytest.mark.parametrize("norm", NORMS)
def test_clones_and_later_settings(norm):
    model, X, _ = fitted(**{norm: True})
    before = model.predict_proba(X)
    model.set_params(**{norm: False})  # of the next fit
    np.testing.assert_array_equal(model.predict_proba(X), before)
    base = pytest.importorskip("sklearn.base")
    twin = base.clone(model.set_params(**{norm: True}))
    assert getattr(twin, norm)
    assert not hasattr(twin, "norms_")


def test_without_normalization_there_is_none():
    model, _, _ = fitted()
    assert model.norms_ == []


def test_a_file_whose_normalization_does_not_fit(tmp_path):
    model, _, _ = fitted(batch_norm=True)
    model.norms_.pop()
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="its normalization does not fit"):
        fastnn.load(tmp_path / "model.safetensors")


def test_clipped_gradients_are_short():
    """One step of plain descent moves no array of parameters by more than rate times clipnorm."""
    _, _, X, y = make_task("several")
    settings = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.5, "max_iter": 1, "random_state": 0}
    start, plain, clipped = (
        MLPClassifier((6,), **settings | more).fit(100 * X, y)
        for more in ({"learning_rate_init": 1e-300}, {}, {"clipnorm": 0.01})
    )
    for name in ("coefs_", "intercepts_"):
        for first, free, short in zip(*(getattr(m, name) for m in (start, plain, clipped)), strict=True):
            assert np.linalg.norm(free - first) > 0.0051
            assert np.linalg.norm(short - first) == pytest.approx(0.005)


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Adam])
def test_clipnorm_is_the_optimizers(make):
    expected, _, _ = fitted(optimizer=make(0.01, clipnorm=0.1))
    given, _, _ = fitted(optimizer=make(0.01), clipnorm=0.1)
    free, _, _ = fitted(optimizer=make(0.01))
    np.testing.assert_array_equal(given.coefs_[0], expected.coefs_[0])
    assert not np.allclose(given.coefs_[0], free.coefs_[0])


def test_averages_are_adopted():
    """After two steps: Keras starts the average with the first step's parameters."""
    settings = {"shuffle": False, "batch_size": 130}
    first, second = (fitted(optimizer=optimizers.SGD(0.5), max_iter=n, **settings)[0] for n in (1, 2))
    averaged, _, _ = fitted(optimizer=optimizers.SGD(0.5, use_ema=True, ema_momentum=0.75), max_iter=2, **settings)
    np.testing.assert_allclose(averaged.coefs_[0], 0.75 * first.coefs_[0] + 0.25 * second.coefs_[0], rtol=1e-12)


def test_states_start_as_the_optimizer_says():
    """Adagrad's sum of squares starts at initial_accumulator_value: the larger, the shorter the first step."""
    settings = {"max_iter": 1, "batch_size": 130}
    start, near, far = (
        fitted(optimizer=optimizers.Adagrad(rate, initial_accumulator_value=value), **settings)[0].coefs_[0]
        for rate, value in ((0.0, 0.1), (0.1, 100.0), (0.1, 0.0))
    )
    assert np.abs(near - start).max() < 0.01
    assert np.abs(far - start).max() > 0.09


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_norm": True, "layer_norm": True}, "expected batch_norm or layer_norm, received: both"),
        ({"batch_norm": True, "solver": "lbfgs"}, r"expected solver='adam' or solver='sgd' with dropout, norm"),
        ({"clipnorm": 1.0, "solver": "lbfgs"}, r"expected solver='adam' or solver='sgd' with dropout, norm"),
        ({"clipnorm": 0.0}, r"'clipnorm' parameter of MLPClassifier must be None or a float in the range \(0.0, inf\)"),
        ({"batch_norm": 1}, "'batch_norm' parameter of MLPClassifier must be an instance of 'bool'"),
        ({"clipnorm": 1.0, "optimizer": optimizers.SGD(clipvalue=1.0)}, "does not clip otherwise"),
    ],
    ids=str,
)
def test_bad_arguments(settings, message):
    pytest.importorskip("scipy")
    with pytest.raises(ValueError, match=message):
        fitted(**settings)
