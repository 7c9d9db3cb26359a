"""Makes losses.npz: values and gradients of Keras 3's losses (JAX, float64). As a program it writes it."""

import os
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_suffix(".npz")
ROWS, OUTPUTS = 6, 4
#: Each loss (a class of Keras and of fastnn), its arguments, and the kinds of its truth and prediction.
CASES = {
    "mean_squared_error": ("MeanSquaredError", {}, "values", "values"),
    "mean_absolute_error": ("MeanAbsoluteError", {}, "values", "values"),
    "huber": ("Huber", {}, "values", "values"),
    "huber, 0.3": ("Huber", {"delta": 0.3}, "values", "values"),
    "log_cosh": ("LogCosh", {}, "values", "values"),
    "poisson": ("Poisson", {}, "counts", "positive"),
    "hinge": ("Hinge", {}, "signs", "values"),
    "hinge of bits": ("Hinge", {}, "bits", "values"),
    "squared_hinge": ("SquaredHinge", {}, "signs", "values"),
    "squared_hinge of bits": ("SquaredHinge", {}, "bits", "values"),
    "kl_divergence": ("KLDivergence", {}, "shares", "shares"),
    **{
        f"{kind}, logits={from_logits}, smoothing={smoothing}": (
            kind,
            {"from_logits": from_logits, **({"label_smoothing": smoothing} if smoothing else {})},
            truth,
            "values" if from_logits else prediction,
        )
        for kind, truth, prediction in (
            ("BinaryCrossentropy", "bits", "probabilities"),
            ("CategoricalCrossentropy", "one-hot", "shares"),
            ("SparseCategoricalCrossentropy", "labels", "shares"),
        )
        for from_logits in (False, True)
        for smoothing in (0.0, 0.2)
        if not (kind == "SparseCategoricalCrossentropy" and smoothing)  # Keras has none there
    },
    **{
        f"{kind}, {reduction}": (kind, {"reduction": reduction}, *kinds)
        for kind, *kinds in (("MeanSquaredError", "values", "values"), ("CategoricalCrossentropy", "one-hot", "shares"))
        for reduction in ("sum", "mean_with_sample_weight")
    },
}


def inputs(truth, prediction):
    """(truth, prediction, sample weights) of these kinds, float64; labels are int32."""
    rng = np.random.default_rng(8)
    values, other = 1.5 * rng.normal(size=(2, ROWS, OUTPUTS))
    labels = np.array([0, 3, 1, 2, 3, 1], dtype=np.int32)
    bits = (other > 0).astype(np.float64)
    truths = {
        "values": other,
        "counts": rng.poisson(2.0, (ROWS, OUTPUTS)).astype(np.float64),
        "bits": bits,
        "signs": 2.0 * bits - 1.0,
        "shares": np.exp(other) / np.exp(other).sum(axis=1, keepdims=True),
        "one-hot": np.eye(OUTPUTS)[labels],
        "labels": labels,
    }
    predictions = {
        "values": values,
        "positive": np.exp(values),
        "probabilities": 1.0 / (1.0 + np.exp(-values)),
        "shares": np.exp(values) / np.exp(values).sum(axis=1, keepdims=True),
    }
    return truths[truth], predictions[prediction], np.array([1.0, 0.0, 2.5, 0.5, 1.0, 3.0])


def make():
    """{name of a case, of what}: value and gradient with respect to predictions, plain and weighted."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax

    jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx("float64")
    made = {}
    for case, (kind, arguments, *kinds) in CASES.items():
        loss = getattr(keras.losses, kind)(**arguments, dtype="float64")
        truth, prediction, weight = inputs(*kinds)
        for what, given in (("plain", None), ("weighted", weight)):
            value, gradient = jax.value_and_grad(lambda f, y=truth, w=given, loss=loss: loss(y, f, sample_weight=w))(
                prediction
            )
            made[f"{case}, {what} value"] = np.asarray(value, dtype=np.float64)
            made[f"{case}, {what} gradient"] = np.asarray(gradient, dtype=np.float64)
    return made


if __name__ == "__main__":
    np.savez_compressed(STORED, **make())
