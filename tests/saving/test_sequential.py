"""Sequential.save and fastnn.load: what comes back is what went in."""

import functools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import fastnn
from fastnn import initializers, layers, losses, metrics, optimizers, regularizers
from tests.saving.models import LAYERS, OPTIMIZERS, X, Y, compiled, deep, layer, state

FILES = Path(__file__).parents[1] / "files"


def again(model, path, include_optimizer=False, **given):
    model.save(path, include_optimizer)
    return fastnn.load(path, **given)


def same(loaded, model):
    assert type(loaded) is type(model)
    assert loaded.name == model.name
    assert loaded.dtype == model.dtype
    assert loaded.seed == model.seed
    assert [one.get_config() for one in loaded.layers] == [one.get_config() for one in model.layers]
    assert loaded.parameters.tobytes() == model.parameters.tobytes()
    assert loaded.predict(X).tobytes() == model.predict(X).tobytes()


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name, dtype, path):
    model = compiled("sgd", layer(name), dtype=dtype)
    model.fit(X, Y, epochs=1, verbose=0)
    same(again(model, path), model)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name, path):
    model = compiled(OPTIMIZERS[name]())
    model.fit(X, Y, epochs=1, verbose=0)
    loaded = again(model, path, include_optimizer=True)
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert state(loaded) == state(model)
    for one in (model, loaded):
        one.fit(X, Y, epochs=1, verbose=0)
    assert state(loaded) == state(model)


def test_without_the_optimizer_it_starts_anew(path):
    model = compiled("adam")
    model.fit(X, Y, epochs=1, verbose=0)
    loaded = again(model, path)
    assert loaded.training.states is None
    assert loaded.iterations == 0
    assert "optimizer.states" not in load_file(path)


DECLARATIONS = [
    (room, name, kind) for room in (initializers, losses, optimizers, regularizers) for name, kind in room.NAMES.items()
]


@pytest.mark.parametrize(("room", "name", "kind"), DECLARATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_every_declaration_is_allowed(room, name, kind):
    from fastnn.saving import Decoder, Encoder

    thing = room.get(name)
    written = json.loads(json.dumps(Encoder().encode(thing, "it")))
    assert written["type"] == "object"
    back = Decoder(None).decode(written, "it")
    assert type(back) is type(thing)
    assert back.get_config() == thing.get_config()


@pytest.mark.parametrize("name", metrics.NAMES)
def test_every_metric(name):
    from fastnn.saving import Decoder, Encoder

    function = metrics.get(name).function
    assert Decoder(None).decode(Encoder().encode(function, "it"), "it") is function


def test_what_was_compiled(path):
    model = compiled(
        optimizers.SGD(0.5, momentum=0.25, weight_decay=0.125), loss=losses.MeanSquaredError(), metrics=["mae", "mse"]
    )
    loaded = again(model, path)
    assert loaded.evaluate(X, Y, verbose=0, return_dict=True) == model.evaluate(X, Y, verbose=0, return_dict=True)
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert not again(deep(), path).compiled


def test_history(path):
    model = compiled(metrics=["mae"])
    history = model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    history.history["extra"] = [float("nan"), float("-inf")]
    loaded = again(model, path)
    assert loaded.history.epoch == [0, 1]
    np.testing.assert_equal(loaded.history.history, history.history)


def test_a_model_without_width(path):
    model = fastnn.Sequential([layers.Dense(3, "relu", name="only")], seed=4)
    loaded = again(model, path)
    assert not loaded.built
    assert loaded.predict(X).tobytes() == model.predict(X).tobytes()
    assert again(fastnn.Sequential(name="empty"), path).layers == []


def test_no_seed_is_kept_too(path):
    """What a model without seed draws is in the file: order of the data, dropout."""
    model = compiled("adam", layers.Dropout(0.5), seed=None)
    loaded = again(model, path, include_optimizer=True)
    for one in (model, loaded):
        one.fit(X, Y, epochs=2, verbose=0)
    assert state(loaded) == state(model)


def test_partial_and_frozen(path):
    sign = functools.partial(fastnn.activations.sign, zero=-1)
    model = deep(layers.Dense(4, sign, trainable=False, name="signs", bias_initializer=initializers.Constant(0.5)))
    loaded = again(model, path)
    same_layer = loaded.layers[1]
    assert not same_layer.trainable
    assert same_layer.activation.keywords == {"zero": -1}
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_loading_draws_nothing(path, monkeypatch):
    model = deep()
    model.save(path)
    monkeypatch.setattr(initializers.GlorotUniform, "__call__", None)
    np.testing.assert_array_equal(fastnn.load(path).predict(X), model.predict(X))


def test_any_reader_opens_the_weights(path):
    model = deep()
    model.save(path)
    kernel = load_file(path)["dense.kernel"]
    np.testing.assert_array_equal(kernel, model.layers[0].kernel)
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    assert metadata["fastnn"] == "1"
    assert json.loads(metadata["model"])["layers"][0]["name"] == "layers.Dense"


def test_weights_changed_by_others_are_read(path):
    """A safetensors file that another program has written again, its metadata kept."""
    from safetensors.numpy import save_file

    deep().save(path)
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    save_file({name: array * 2 for name, array in load_file(path).items()}, path, metadata)
    np.testing.assert_array_equal(fastnn.load(path).layers[0].kernel, 2 * deep().layers[0].kernel)


# ---- Python code of the user's --------------------------------------------------------------------------------------


def halving(step):
    return 0.1 * 0.5**step


class Threes(initializers.Initializer):
    def __init__(self, value=3.0):
        self.value = value

    def values(self, generator, shape):
        return np.full(shape, self.value)


def largest_error(y_true, y_pred):
    return float(np.abs(y_true - y_pred).max())


def test_custom_objects(path):
    model = deep(layers.Dense(2, kernel_initializer=Threes(2.0)))
    model.compile(optimizers.SGD(halving), "mse", [largest_error])
    model.save(path)
    handed = {"halving": halving, "Threes": Threes, "largest_error": largest_error}
    loaded = fastnn.load(path, custom_objects=handed)
    assert loaded.optimizer.learning_rate is halving
    assert loaded.layers[1].kernel_initializer.value == 2.0
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    for name in handed:
        rest = {key: value for key, value in handed.items() if key != name}
        with pytest.raises(ValueError, match=f"custom_objects to have '{name}'.*Python code and not in the file"):
            fastnn.load(path, custom_objects=rest)
    with pytest.raises(TypeError, match="expected `custom_objects` to be a dict"):
        fastnn.load(path, custom_objects=[halving])


def named(name, function):
    function.__name__ = name
    return function


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def rate(self, step):
        return 0.1 * self.factor

    def worst(self, y_true, y_pred):
        return self.factor * largest_error(y_true, y_pred)

    __call__ = worst


def test_objects_of_one_name_are_handed_over_one_by_one(path):
    rate, double = named("f", lambda step: 0.25), named("f", lambda y, p: 2 * largest_error(y, p))
    other, third = type("Threes", (Threes,), {}), Scaled(3.0)
    layers_ = [layers.Dense(2, kernel_initializer=kind()) for kind in (Threes, other, Threes)]
    model = deep(*layers_)
    functions = {"a": double, "b": double, "c": third.worst, "d": Scaled(4.0), "e": Scaled(5.0), "f": third.worst}
    model.compile(
        optimizers.SGD(rate), "mse", [metrics.FunctionMetric(function, name) for name, function in functions.items()]
    )
    model.save(path)
    handed = {"Threes": Threes, "Threes_1": other, "f": rate, "f_1": double, "worst": third.worst}
    handed |= {"Scaled": Scaled(4.0), "Scaled_1": Scaled(5.0)}
    loaded = fastnn.load(path, custom_objects=handed)
    assert loaded.optimizer.learning_rate is rate
    kinds = [type(layer.kernel_initializer) for layer in loaded.layers]
    assert kinds == [type(layer.kernel_initializer) for layer in model.layers]
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    with pytest.raises(ValueError, match=r"custom_objects to have 'f_1', the metrics.0 of this model"):
        fastnn.load(path, custom_objects={name: each for name, each in handed.items() if name != "f_1"})


def test_a_checkpoint_of_objects_of_one_name_goes_on(path):
    def make():
        model = deep(layers.Dense(2, kernel_initializer=named("f", lambda shape, dtype: np.ones(shape))))
        model.compile(optimizers.SGD(named("f", lambda step: 0.01)), "mse")
        return model

    make().fit(X, Y, epochs=1, verbose=0, callbacks=[fastnn.callbacks.ModelCheckpoint(path)])
    assert len(make().fit(X, Y, epochs=2, verbose=0, resume=path).epoch) == 2


def test_what_a_file_cannot_hold(path):
    model = compiled()
    model.optimizer.beta_1 = object()
    path.write_bytes(b"before")
    with pytest.raises(TypeError, match=r"expected optimizer.beta_1 to be a value that a file can hold"):
        model.save(path)
    assert path.read_bytes() == b"before"


# ---- files of released versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(FILES.glob("sequential-*.safetensors")), ids=lambda file: file.stem)
def test_stored_files_load_for_ever(file):
    expected = json.loads(file.with_suffix(".json").read_text())
    model = fastnn.load(file)
    # float32, and sums of some tenths: what is left near 0 is as exact as they are
    np.testing.assert_allclose(model.predict(expected["X"]), expected["predictions"], rtol=1e-6, atol=2.0**-24)
    if "history" in expected:
        assert model.history.history == expected["history"]
        assert model.iterations == expected["iterations"]
        model.fit(expected["X"], expected["predictions"], verbose=0)


def test_a_stored_file_of_this_version():
    versions = set()
    for file in FILES.glob("*.safetensors"):
        header = json.loads(file.read_bytes()[8:][: struct.unpack("<Q", file.read_bytes()[:8])[0]])
        versions.add(header["__metadata__"]["fastnn"])
    from fastnn.saving import container

    assert versions == {str(version) for version in range(1, container.VERSION + 1)}
