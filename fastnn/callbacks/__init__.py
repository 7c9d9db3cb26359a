"""Callbacks: what is told of a fit's progress, and may stop it or change its learning rate. Called by training.py."""

from fastnn.callbacks.base import Callback, CallbackList
from fastnn.callbacks.functions import LambdaCallback
from fastnn.callbacks.history import History
from fastnn.callbacks.monitor import MonitorCallback
from fastnn.callbacks.stopping import EarlyStopping

__all__ = [
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "MonitorCallback",
]
