"""JAX with a whole epoch as one compiled call: lax.scan over the batches, parameters and optimizer state donated.

Adam is written out, in the form that optax.adam has, so that nothing but jax is needed. Dropout draws from XLA's own
generator, which jax's documentation names as the faster one.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers.peer import Peer

MOMENTUM, EPSILON = 0.99, 1e-3  # of batch normalization


def forward(configuration, layers, moving, x, key=None):
    """Logits or values of x, and the moving means and variances after it; with a key as in training.

    `layers` holds kernel, bias, gamma and beta of each layer, the last two unused where nothing is normalized.
    """
    training, after = key is not None, []
    for number, (kernel, bias, gamma, beta) in enumerate(layers):
        x = x @ kernel + bias
        if number == len(layers) - 1:
            return x, after
        if configuration.batch_normalization:
            before = moving[number]
            mean, variance = now = (x.mean(axis=0), x.var(axis=0)) if training else before
            x = (x - mean) * (lax.rsqrt(variance + EPSILON) * gamma) + beta
            after.append(jax.tree.map(lambda old, new: MOMENTUM * old + (1 - MOMENTUM) * new, before, now))
        x = {"relu": jax.nn.relu, "tanh": jnp.tanh}[configuration.activation](x)
        if configuration.dropout and training:
            keep = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - configuration.dropout, x.shape)
            x = jnp.where(keep, x / (1 - configuration.dropout), 0)
    return x, after


def mean_loss(layers, configuration, moving, x, y, key):
    made, after = forward(configuration, layers, moving, x, key)
    if configuration.regression:
        return ((made - y) ** 2).mean(), after
    return -jnp.take_along_axis(jax.nn.log_softmax(made), y[:, None], axis=1).mean(), after


def outputs(configuration, layers, moving, x):
    """Probabilities or values, at inference."""
    made, _ = forward(configuration, layers, moving, x)
    return made if configuration.regression else jax.nn.softmax(made)


def updated(configuration, layers, gradient, states, count):
    """(layers, states) after one step."""
    rate = configuration.learning_rate
    if configuration.optimizer == "sgd":
        (velocity,) = states
        velocity = jax.tree.map(lambda v, g: configuration.momentum * v + g, velocity, gradient)
        return jax.tree.map(lambda w, v: w - rate * v, layers, velocity), (velocity,)
    (mean, square), beta_1, beta_2 = states, configuration.beta_1, configuration.beta_2
    mean = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, mean, gradient)
    square = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * g * g, square, gradient)
    first, second = 1 - beta_1**count, 1 - beta_2**count
    layers = jax.tree.map(
        lambda w, m, v: w - rate * (m / first) / (jnp.sqrt(v / second) + configuration.epsilon), layers, mean, square
    )
    return layers, (mean, square)


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def run_epoch(configuration, state, X, y, order, key):
    """One epoch over `order` [steps, batch]; returns the new state and each step's loss."""

    def step(state, index):
        layers, moving, states, count = state
        batch = (X[index], y[index]) if configuration.shuffled else (X, y)
        count = count + 1
        own = jax.random.fold_in(key, count.astype(jnp.int32))
        gradient_of = jax.value_and_grad(mean_loss, has_aux=True)
        (loss, moving), gradient = gradient_of(layers, configuration, moving, *batch, own)
        layers, states = updated(configuration, layers, gradient, states, count)
        return (layers, moving, states, count), loss

    return lax.scan(step, state, order)


class Jax(Peer):
    def __init__(self, configuration, threads):
        jax.clear_caches()  # of the configuration before
        jax.config.update("jax_enable_x64", configuration.dtype == "float64")
        jax.config.update("jax_default_prng_impl", "rbg")
        self.configuration = configuration
        self.X, self.y = map(jnp.asarray, configuration.data())
        self.random, self.key = np.random.default_rng(0), jax.random.key(0)
        self.reset()

    def version(self):
        return f"jax {jax.__version__}"

    def reset(self):
        dtype = self.configuration.dtype
        layers, moving = [], []
        for kernel, bias in self.configuration.parameters():
            scale = () if not self.configuration.batch_normalization else bias.shape
            layers.append(tuple(map(jnp.asarray, (kernel, bias, np.ones(scale, dtype), np.zeros(scale, dtype)))))
            moving.append((jnp.zeros(bias.shape, dtype), jnp.ones(bias.shape, dtype)))
        moving = moving[:-1] if self.configuration.batch_normalization else []
        slots = 2 if self.configuration.optimizer == "adam" else 1
        states = tuple(jax.tree.map(jnp.zeros_like, layers) for _ in range(slots))
        self.state = layers, moving, states, jnp.zeros((), dtype)

    def train(self, epochs):
        for _ in range(epochs):
            rows = self.configuration.rows
            self._epoch(self.random.permutation(rows) if self.configuration.shuffled else np.arange(rows))
        jax.block_until_ready(self.state)

    def train_in(self, order):
        self._epoch(order)
        jax.block_until_ready(self.state)

    def _epoch(self, order):
        batches = jnp.asarray(order.astype(np.int32).reshape(-1, self.configuration.batch))
        self.state, losses = run_epoch(self.configuration, self.state, self.X, self.y, batches, self.key)
        return losses

    def predict(self, X):
        return self.ways(X)["compiled"]()

    def ways(self, X):
        """Compiled for these rows and parameters, with nothing to look up in a call."""
        layers, moving, *_ = self.state
        x = jnp.asarray(X)
        compiled = jax.jit(lambda x: outputs(self.configuration, layers, moving, x)).lower(x).compile()
        return {"compiled": lambda: np.asarray(compiled(x))}


PEER = Jax
