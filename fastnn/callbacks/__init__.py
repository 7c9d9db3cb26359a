"""Callbacks: what is told of a fit's progress, and may stop it or change its learning rate. Called by fitting.py."""

from fastnn.callbacks.base import Callback, CallbackList
from fastnn.callbacks.checkpoint import ModelCheckpoint
from fastnn.callbacks.csv_logger import CSVLogger
from fastnn.callbacks.diagnosis import Diagnosis
from fastnn.callbacks.functions import LambdaCallback
from fastnn.callbacks.gradients import GradientMonitor, LayerState
from fastnn.callbacks.history import History
from fastnn.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from fastnn.callbacks.monitor import MonitorCallback
from fastnn.callbacks.stopping import EarlyStopping, StopAtTrainingMetric, StopOnSmallChange, TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "Diagnosis",
    "EarlyStopping",
    "GradientMonitor",
    "History",
    "LambdaCallback",
    "LayerState",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ReduceLROnPlateau",
    "StopAtTrainingMetric",
    "StopOnSmallChange",
    "TerminateOnNaN",
]
