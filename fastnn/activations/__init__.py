"""Activation functions: names, arguments, formulas and ranges.

To add one that the kernels know: a function in the file of its family, with its docstring and the range of its values,
and its name here.
"""

from fastnn.activations.outputs import exponential, linear, softmax
from fastnn.activations.rectifiers import elu, gelu, leaky_relu, mish, relu, relu6, selu, silu, softplus
from fastnn.activations.registry import NAMES, RANGES, differentiable, get, kernel
from fastnn.activations.squashing import (
    hard_sigmoid,
    hard_tanh,
    heaviside,
    piecewise_linear,
    sigmoid,
    sign,
    softsign,
    tanh,
)

#: Keras's second name of silu.
swish = NAMES["swish"] = silu

__all__ = [
    "NAMES",
    "RANGES",
    "differentiable",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "hard_tanh",
    "heaviside",
    "kernel",
    "leaky_relu",
    "linear",
    "mish",
    "piecewise_linear",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "sign",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
