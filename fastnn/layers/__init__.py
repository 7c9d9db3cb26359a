"""Layers: what a model is made of, declared. The engine runs them.

To add one: a class with a constructor that checks its arguments, `output_width`, `weights` (its parameters' names,
shapes, initializers, penalties) and `ops` (the tuples of engine.Plan). Where parameters live is parameters.py's.
"""

from fastnn.layers.activation import ELU, LeakyReLU, ReLU, Softmax
from fastnn.layers.base import Layer, Weight
from fastnn.layers.core import Activation, Dense, Flatten, Input
from fastnn.layers.noise import AlphaDropout, DropConnect, Dropout, GaussianDropout, GaussianNoise, Noise, RReLU
from fastnn.layers.normalization import BatchNormalization, LayerNormalization, Normalization, Rescaling
from fastnn.layers.prelu import PReLU
from fastnn.layers.residual import Residual

__all__ = [
    "ELU",
    "Activation",
    "AlphaDropout",
    "BatchNormalization",
    "Dense",
    "DropConnect",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Input",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Noise",
    "Normalization",
    "PReLU",
    "RReLU",
    "ReLU",
    "Rescaling",
    "Residual",
    "Softmax",
    "Weight",
]
