"""fastnn.schedules under Keras's name."""

from fastnn.schedules import *
from fastnn.schedules import __all__ as __all__
