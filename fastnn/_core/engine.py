"""The engine's door: training and prediction go through it.

Declarations of activations, losses and optimizers also read targets, and the first two call their typed kernels on
arrays; data and descent look for NaN by arrays, descent shuffles by random; training, team and config read threads.

A `Plan` says what to run, a `Trainer` runs slices of epochs on it, `predict`, `activations` and a `Predictor` run it
forward; parameters and optimizer state come from `allocate`, the order of an epoch's rows from `permutation`;
`plain_rows` tells rows that it reads as they are, and up to `ROWS_ALONE` of them go forward on one thread in any case.
Who trains for longer than a step says so by `under_way`.
"""

from fastnn._core.company import under_way
from fastnn._core.data import Compressed, plain_rows
from fastnn._core.inference import ROWS_ALONE, Predictor, activations, predict
from fastnn._core.plan import Plan
from fastnn._core.random import permutation
from fastnn._core.trainer import Trainer
from fastnn._core.workspace import allocate

__all__ = [
    "ROWS_ALONE",
    "Compressed",
    "Plan",
    "Predictor",
    "Trainer",
    "activations",
    "allocate",
    "permutation",
    "plain_rows",
    "predict",
    "under_way",
]
