import numpy as np
import pytest

import fastnn
from fastnn import augmentation, layers

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(50, 12)).astype(np.float32)
Y = X.sum(axis=1)
LABELS = np.arange(50) % 3
IMAGE = np.arange(1.0, 13.0).reshape(1, 12)


def trained(x=X, y=Y, loss="mse", width=1, last="linear", dtype="float32", epochs=2, **options):
    model = fastnn.Sequential(
        [layers.Dense(6, "tanh"), layers.Dropout(0.3), layers.BatchNormalization(), layers.Dense(width, last)],
        seed=1,
        dtype=dtype,
    )
    model.compile("adam", loss, ["mae"] if width == 1 else ["accuracy"])
    model.fit(x, y, batch_size=16, epochs=epochs, verbose=0, **options)
    return model


def draw():
    return np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shuffle", [True, False, "replacement"])
@pytest.mark.parametrize("augment", [lambda x, generator: x, lambda x, y, generator: (x, y)])
def test_the_identity_changes_no_bit(augment, shuffle, dtype):
    options = {"shuffle": shuffle, "sample_weight": np.linspace(0, 2, 50), "validation_data": (X, Y), "dtype": dtype}
    plain, same = trained(**options), trained(**options, augment=augment)
    np.testing.assert_array_equal(same.parameters, plain.parameters)
    assert same.history.history == plain.history.history


def test_the_identity_changes_no_bit_of_labels_and_bytes():
    options = {"x": (X > 0).astype(np.uint8), "y": LABELS, "width": 3, "last": "softmax"}
    plain = trained(loss="sparse_categorical_crossentropy", **options)
    same = trained(loss="sparse_categorical_crossentropy", **options, augment=lambda x, y, generator: (x, y))
    np.testing.assert_array_equal(same.parameters, plain.parameters)
    assert same.history.history == plain.history.history


def test_repeatable_by_the_seed_and_keyed_by_the_step(tmp_path):
    noise = augmentation.Noise(0.5)
    once, again = trained(augment=noise, epochs=3), trained(augment=noise, epochs=3)
    np.testing.assert_array_equal(once.parameters, again.parameters)
    assert not np.array_equal(once.parameters, trained(epochs=3).parameters)
    drawn = []
    trained(augment=lambda x, generator: drawn.append(generator.random()) or x)
    assert len(set(drawn)) == 8
    path = tmp_path / "fit.safetensors"
    resumed = trained(augment=noise, callbacks=[fastnn.callbacks.ModelCheckpoint(path)])
    resumed.fit(X, Y, batch_size=16, epochs=3, verbose=0, augment=noise, resume=path)
    np.testing.assert_array_equal(once.parameters, resumed.parameters)


def test_what_a_function_is_given_and_what_trains():
    """One step of a linear unit on a batch that the function replaced: by hand; metrics judge the new truth."""
    seen = []

    def negated(x, y, generator):
        seen.append((x.shape, x.dtype, y.shape))
        x *= -1  # its own copy
        return x, y + 1

    model = fastnn.Sequential([layers.Dense(1, use_bias=False)], seed=0, dtype="float64")
    model.compile(fastnn.optimizers.SGD(0.1), "mse", ["mae"])
    model.build((12,))
    w, x = model.layers[0].kernel.copy(), X.copy()
    history = model.fit(x, Y, batch_size=50, shuffle=False, verbose=0, augment=negated).history
    error = -X.astype(float) @ w - (Y[:, None].astype(float) + 1)
    np.testing.assert_allclose(model.layers[0].kernel, w + 0.1 * 2 * X.T.astype(float) @ error / 50, rtol=1e-10)
    np.testing.assert_allclose([history["loss"], history["mae"]], [[(error**2).mean()], [abs(error).mean()]], rtol=1e-9)
    np.testing.assert_array_equal(x, X)
    assert seen == [((50, 12), np.float64, (50, 1))]


@pytest.mark.parametrize(
    ("augment", "error", "text"),
    [
        (lambda x, generator: x[:, 1:], ValueError, "augmented X of shape"),
        (lambda x, generator: x[1:], ValueError, "augmented X of shape"),
        (lambda x, generator: x * np.nan, ValueError, "augmented X to be finite"),
        (lambda x, generator: None, TypeError, "augmented X"),
        (lambda x, y, generator: x, TypeError, "pair"),
        (lambda x, y, generator: (x, y[1:]), ValueError, "augmented y"),
        (lambda x, y, generator: (x, y * np.inf), ValueError, "augmented y to be finite"),
        (lambda x: x, TypeError, "function of"),
        (3, TypeError, "function of"),
    ],
)
def test_bad_results_leave_the_model_as_it_was(augment, error, text):
    model = trained()
    before, taken = model.parameters.copy(), model.iterations
    with np.errstate(all="ignore"), pytest.raises(error, match=text):
        model.fit(X, Y, verbose=0, augment=augment)
    np.testing.assert_array_equal(model.parameters, before)
    assert model.iterations == taken
    model.fit(X, Y, verbose=0)


def test_labels_are_checked_again():
    with pytest.raises(ValueError, match="augmented y to hold class indices"):
        trained(X, LABELS, "sparse_categorical_crossentropy", 3, "softmax", augment=lambda x, y, generator: (x, y + 3))


def test_sparse_rows_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    model = fastnn.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="dense"):
        model.fit(sparse.csr_matrix(X), Y, augment=augmentation.Noise(), verbose=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 2), (1, 12), (12, 1)])
@pytest.mark.parametrize(
    "make",
    [
        lambda shape: augmentation.Shift(shape, 0, 0),
        lambda shape: augmentation.Rotate(shape, 0),
        lambda shape: augmentation.Scale(shape, (1, 1)),
        lambda shape: augmentation.Shear(shape, 0),
        lambda shape: augmentation.Noise(0),
    ],
)
def test_nothing_drawn_is_the_identity(make, shape, dtype):
    x = X.astype(dtype)
    made = make(shape)(x, draw())
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, x)


def test_shift_of_a_known_image():
    made = augmentation.Shift((3, 4), (1, 1), (-2, -2), fill=9)(IMAGE, draw()).reshape(3, 4)
    np.testing.assert_array_equal(made, [[9, 9, 9, 9], [3, 4, 9, 9], [7, 8, 9, 9]])
    half = augmentation.Shift((1, 3), 0, (0.5, 0.5))(np.array([[2.0, 4.0, 8.0]]), draw())
    np.testing.assert_array_equal(half, [[1, 3, 6]])
    gone = augmentation.Shift((3, 4), (50, 50), 0, fill=7)(IMAGE, draw())
    np.testing.assert_array_equal(gone, np.full((1, 12), 7))


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
def test_rotate_by_right_angles(turns):
    image = X[:1, :9].astype(float)
    made = augmentation.Rotate((3, 3), (90 * turns, 90 * turns))(image, draw())
    np.testing.assert_allclose(made.reshape(3, 3), np.rot90(image.reshape(3, 3), turns), atol=1e-12)
    colour = X[:1, :12].astype(float)
    made = augmentation.Rotate((2, 2, 3), (90 * turns, 90 * turns))(colour, draw())
    np.testing.assert_allclose(made.reshape(2, 2, 3), np.rot90(colour.reshape(2, 2, 3), turns), atol=1e-12)


def test_scale_and_shear_of_known_images():
    smaller = augmentation.Scale((1, 5), (0.5, 0.5))(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), draw())
    np.testing.assert_array_equal(smaller, [[0, 1, 3, 5, 0]])
    slanted = augmentation.Shear((3, 4), (-1, -1))(IMAGE, draw()).reshape(3, 4)
    np.testing.assert_array_equal(slanted, [[0, 1, 2, 3], [5, 6, 7, 8], [10, 11, 12, 0]])


def test_each_row_its_own_draw_and_the_spread_of_noise():
    rows = np.tile(IMAGE, (400, 1))
    moved = augmentation.Shift((3, 4))(rows, draw())
    assert len(np.unique(moved, axis=0)) == 400
    noise = augmentation.Noise(0.5)(np.zeros((100, 100)), draw())
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.5], atol=0.02)


def test_compose_and_its_config():
    shift, noise = augmentation.Shift((3, 4), 2), augmentation.Noise()
    generator = draw()
    by_hand = noise(shift(IMAGE, generator), generator)
    np.testing.assert_array_equal(augmentation.Compose([shift, noise])(IMAGE, draw()), by_hand)
    assert augmentation.Shift(**shift.get_config()).down == (-2, 2)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: augmentation.Shift((3,)), ValueError),
        (lambda: augmentation.Shift((3, 0)), ValueError),
        (lambda: augmentation.Shift((3, 4), (2, 1)), ValueError),
        (lambda: augmentation.Rotate((3, 4), -1), ValueError),
        (lambda: augmentation.Scale((3, 4), (0, 1)), ValueError),
        (lambda: augmentation.Noise(-1), ValueError),
        (lambda: augmentation.Compose([3]), TypeError),
        (lambda: augmentation.Shift((3, 3))(IMAGE, draw()), ValueError),
    ],
)
def test_bad_arguments(make, error):
    with pytest.raises(error, match=r"expected .*received"):
        make()
