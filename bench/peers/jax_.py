"""JAX with a whole epoch as one compiled call: lax.scan over the batches, parameters and optimizer state donated.

Adam is written out, in the form that optax.adam has, so that nothing but jax is needed.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers.peer import Peer


def logits(layers, x):
    for number, (kernel, bias) in enumerate(layers):
        x = x @ kernel + bias
        if number < len(layers) - 1:
            x = jax.nn.relu(x)
    return x


def mean_loss(layers, x, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits(layers, x)), y[:, None], axis=1).mean()


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def run_epoch(configuration, state, X, y, order):
    """One epoch over `order` [steps, batch]; returns the new state and each step's loss."""
    beta_1, beta_2 = configuration.beta_1, configuration.beta_2

    def step(state, index):
        layers, mean, square, count = state
        loss, gradient = jax.value_and_grad(mean_loss)(layers, X[index], y[index])
        count = count + 1
        mean = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, mean, gradient)
        square = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * g * g, square, gradient)
        first, second = 1 - beta_1**count, 1 - beta_2**count

        def update(w, m, v):
            return w - configuration.learning_rate * (m / first) / (jnp.sqrt(v / second) + configuration.epsilon)

        return (jax.tree.map(update, layers, mean, square), mean, square, count), loss

    return lax.scan(step, state, order)


@jax.jit
def shuffled(key, rows):
    return jax.random.permutation(key, rows)


class Jax(Peer):
    def __init__(self, configuration, threads):
        self.configuration = configuration
        self.X, self.y = map(jnp.asarray, configuration.data())
        self.rows = jnp.arange(configuration.rows)
        self.key = jax.random.key(0)
        self.reset()

    def version(self):
        return f"jax {jax.__version__}"

    def reset(self):
        layers = [tuple(map(jnp.asarray, layer)) for layer in self.configuration.parameters()]
        mean, square = (jax.tree.map(jnp.zeros_like, layers) for _ in range(2))
        self.state = layers, mean, square, jnp.zeros((), jnp.float32)

    def train(self, epochs):
        for _ in range(epochs):
            self.key, key = jax.random.split(self.key)
            self._epoch(shuffled(key, self.rows))
        jax.block_until_ready(self.state)

    def train_in(self, order):
        self._epoch(jnp.asarray(order.astype(np.int32)))
        jax.block_until_ready(self.state)

    def _epoch(self, order):
        batches = order.reshape(-1, self.configuration.batch)
        self.state, losses = run_epoch(self.configuration, self.state, self.X, self.y, batches)
        return losses

    def loss(self):
        return float(mean_loss(self.state[0], self.X, self.y))


PEER = Jax
