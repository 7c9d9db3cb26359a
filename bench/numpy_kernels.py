"""Activations and optimizers as somebody who knows NumPy writes them: one pass a ufunc, `out=`, no temporaries.

Formulas are those of fastnn.testing.reference. A function takes what it overwrites last.
"""

import numpy as np


def relu(z, y):
    np.maximum(z, 0, out=y)


def sigmoid(z, y):
    np.negative(z, out=y)
    np.exp(y, out=y)
    np.add(y, 1, out=y)
    np.reciprocal(y, out=y)


def tanh(z, y):
    np.tanh(z, out=y)


def softmax(z, y):
    np.subtract(z, z.max(axis=1, keepdims=True), out=y)
    np.exp(y, out=y)
    np.divide(y, y.sum(axis=1, keepdims=True), out=y)


def relu_backward(y, dy, dz):
    np.multiply(dy, y > 0, out=dz)


def sigmoid_backward(y, dy, dz):
    np.subtract(1, y, out=dz)
    np.multiply(dz, y, out=dz)
    np.multiply(dz, dy, out=dz)


def tanh_backward(y, dy, dz):
    np.multiply(y, y, out=dz)
    np.subtract(1, dz, out=dz)
    np.multiply(dz, dy, out=dz)


def softmax_backward(y, dy, dz):
    np.multiply(dy, y, out=dz)
    np.subtract(dy, dz.sum(axis=1, keepdims=True), out=dz)
    np.multiply(dz, y, out=dz)


FORWARD = {"relu": relu, "sigmoid": sigmoid, "tanh": tanh, "softmax": softmax}
BACKWARD = {"relu": relu_backward, "sigmoid": sigmoid_backward, "tanh": tanh_backward, "softmax": softmax_backward}


# ---- optimizers: gradient, constants, scratch [2, n], then what is updated in place -------------------------------


def sgd(g, numbers, scratch, w):
    np.multiply(g, numbers["rate"], out=scratch[0])
    np.subtract(w, scratch[0], out=w)


def momentum(g, numbers, scratch, w, v):
    np.multiply(g, numbers["rate"], out=scratch[0])
    np.multiply(v, numbers["momentum"], out=v)
    np.subtract(v, scratch[0], out=v)
    np.add(w, v, out=w)


def nesterov(g, numbers, scratch, w, v):
    momentum_step, gradient_step = scratch
    np.multiply(g, numbers["rate"], out=gradient_step)
    np.multiply(v, numbers["momentum"], out=v)
    np.subtract(v, gradient_step, out=v)
    np.multiply(v, numbers["momentum"], out=momentum_step)
    np.subtract(momentum_step, gradient_step, out=momentum_step)
    np.add(w, momentum_step, out=w)


def rmsprop(g, numbers, scratch, w, v):
    square, step = scratch
    np.multiply(g, g, out=square)
    np.multiply(square, 1 - numbers["rho"], out=square)
    np.multiply(v, numbers["rho"], out=v)
    np.add(v, square, out=v)
    np.add(v, numbers["epsilon"], out=square)
    np.sqrt(square, out=square)
    np.multiply(g, numbers["rate"], out=step)
    np.divide(step, square, out=step)
    np.subtract(w, step, out=w)


def adam(g, numbers, scratch, w, m, v):
    square, step = scratch
    np.subtract(g, m, out=step)
    np.multiply(step, 1 - numbers["beta_1"], out=step)
    np.add(m, step, out=m)
    np.multiply(g, g, out=square)
    np.subtract(square, v, out=square)
    np.multiply(square, 1 - numbers["beta_2"], out=square)
    np.add(v, square, out=v)
    np.sqrt(v, out=square)
    np.add(square, numbers["epsilon"], out=square)
    np.multiply(m, numbers["rate"], out=step)
    np.divide(step, square, out=step)
    np.subtract(w, step, out=w)


OPTIMIZERS = {"sgd": sgd, "momentum": momentum, "nesterov": nesterov, "rmsprop": rmsprop, "adam": adam}
