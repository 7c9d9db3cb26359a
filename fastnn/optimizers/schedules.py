"""fastnn.schedules under Keras's name."""

from fastnn.schedules import *  # noqa: F403
from fastnn.schedules import __all__ as __all__
