"""warn: a warning at the line that called fastnn, where filters by module and a reader look for it.

Called wherever fastnn warns.
"""

import sys
import warnings

__all__ = ["warn"]

#: Modules between a user's line and one of ours: fastnn's, and scikit-learn's wrapper of an estimator's fit.
_INSIDE = ("fastnn.", "sklearn.callback.")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the nearest line outside of fastnn that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
