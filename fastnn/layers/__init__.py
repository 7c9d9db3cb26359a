"""Layers: what a model is made of, declared. The engine runs them.

To add one: a class with a constructor that checks its arguments, `output_width`, `weights` (its parameters' names,
shapes, initializers, penalties) and `ops` (the tuples of engine.Plan). Where parameters live is stack.py's.
"""

from fastnn.layers.base import Layer, Weight
from fastnn.layers.core import Activation, Dense, Input
from fastnn.layers.noise import Dropout

__all__ = ["Activation", "Dense", "Dropout", "Input", "Layer", "Weight"]
