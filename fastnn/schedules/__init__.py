"""Learning-rate schedules: the rate of a step as a function of the steps taken before.

Python and vectorized: the optimizer asks for a slice of an epoch at once. To add one: a class with `rates` in one of
the modules here, and its name below.
"""

from fastnn.schedules.base import Schedule, get
from fastnn.schedules.cosine import CosineDecay, CosineDecayRestarts, OneCycle
from fastnn.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    LinearDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepDecay,
)
from fastnn.schedules.warmup import LinearWarmup

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LinearDecay",
    "LinearWarmup",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "Schedule",
    "StepDecay",
    "get",
]
