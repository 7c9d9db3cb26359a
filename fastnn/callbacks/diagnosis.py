"""What the losses of a fit's epochs say of it: the rules of `History.diagnose`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fastnn import arguments

LEAST_EPOCHS = 6
#: In units of the gain, the first epoch's training loss less the lowest.
ROUGH, RISE, GAP = 0.1, 0.1, 0.5
#: Share of the changes that are rises, where a loss jumps up and down.
UPWARDS = 0.25
#: The second half's fall as a share of the first half's, where a loss falls in nearly a straight line.
STRAIGHT = 0.5
#: In units of the spread of an epoch's steps: more than chance makes of one batch.
CHANCE = 5.0
#: Relative change of a loss that counts as none.
NOTHING = 1e-6


class Diagnosis(NamedTuple):
    """What `History.diagnose` found.

    Attributes
    ----------
    verdict : str
        "underfitting", "good fit", "overfitting", "learning rate too high" or "learning rate too low".
    reason : str
        The rule that held, with its numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.callbacks.Diagnosis("good fit", "the loss has settled at 0.1").verdict
    'good fit'
    """

    verdict: str
    reason: str


def diagnose(
    history: Mapping[str, Sequence[float]],
    target: float | None = None,
    first_steps: Sequence[np.ndarray] = (),
    last_steps: Sequence[np.ndarray] = (),
) -> Diagnosis:
    """Name what the losses show; see `History.diagnose`, which has the rules.

    `first_steps` and `last_steps` are the losses of the steps of the first and of the last epoch, where they are known.
    """
    if target is not None:
        target = arguments.number("target", target)
    loss = np.asarray(history.get("loss", []), dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(loss))
    if bad.size:
        return Diagnosis("learning rate too high", f"the loss is {loss[bad[0]]} in epoch {bad[0] + 1}: it diverges")
    if loss.size < LEAST_EPOCHS:
        raise ValueError(f"expected a history of at least {LEAST_EPOCHS} epochs to diagnose, received: {loss.size}")
    first, last, lowest = float(loss[0]), float(loss[-1]), float(loss.min())
    gain, half = first - lowest, loss.size // 2
    changes = np.diff(loss[half:])
    total, upwards = float(np.abs(changes).sum()), float(changes[changes > 0].sum())
    if last > first + NOTHING * abs(first):
        return Diagnosis("learning rate too high", f"the loss ends at {last:.4g}, above the first epoch's {first:.4g}")
    if first_steps and last_steps and (reason := _raised(first_steps, last_steps, lowest)):
        return Diagnosis("learning rate too high", reason)
    if gain <= NOTHING * abs(first) and first:
        return Diagnosis("learning rate too low", f"the loss stays at {first:.4g}: nothing is learnt")
    if total / changes.size > ROUGH * gain and upwards > UPWARDS * total:
        return Diagnosis(
            "learning rate too high",
            f"the loss jumps by {total / changes.size:.4g} an epoch, up as well as down, where all of training gained "
            f"{gain:.4g}",
        )
    validation = np.asarray(history.get("val_loss", []), dtype=np.float64)
    if validation.size and not np.isfinite(validation[-1]):
        return Diagnosis(
            "learning rate too high",
            f"the validation loss ends at {validation[-1]}: outputs are too large there, or its rows or truths are",
        )
    if validation.size == loss.size and (reason := _overfits(loss, validation, gain)):
        return Diagnosis("overfitting", reason)
    falls = float(loss[0] - loss[half]), float(loss[half] - loss[-1])
    if falls[1] > STRAIGHT * falls[0] and upwards < UPWARDS * total:
        return Diagnosis(
            "learning rate too low",
            f"the loss falls in nearly a straight line, by {falls[0]:.4g} in the first half of the epochs and by "
            f"{falls[1]:.4g} in the second: a higher rate, or more epochs",
        )
    wanted = 0.5 * first if target is None else float(target)
    if last > wanted:
        return Diagnosis("underfitting", f"the loss has settled at {last:.4g}, above {wanted:.4g}")
    seen = "" if validation.size == loss.size else "; without validation data overfitting cannot be seen"
    return Diagnosis("good fit", f"the loss has settled at {last:.4g}{seen}")


def _raised(first_steps: Sequence[np.ndarray], last_steps: Sequence[np.ndarray], lowest: float) -> str | None:
    """How the first epoch's steps raised the loss for good, if they did; `lowest` is that of all epochs."""
    steps = np.concatenate(first_steps)
    start, spread = float(steps[0]), float(np.std(np.concatenate(last_steps)))
    middle = float(np.median(steps))
    if middle - start <= max(start - lowest, CHANCE * spread):
        return None
    return (
        f"the first epoch's steps raised the loss from {start:.4g} to {middle:.4g}, further than all of training "
        f"brought it below, to {lowest:.4g}"
    )


def _overfits(loss: np.ndarray, validation: np.ndarray, gain: float) -> str | None:
    """How the validation loss parts from the training loss, if it does; both are of the same epochs."""
    best, last = int(np.argmin(np.where(np.isfinite(validation), validation, np.inf))), float(loss[-1])
    rise, gap = float(validation[-1] - validation[best]), float(validation[-1]) - last
    if rise > RISE * gain and last < loss[best]:
        return (
            f"the validation loss has risen from {validation[best]:.4g} in epoch {best + 1} to {validation[-1]:.4g}, "
            "while the training loss fell"
        )
    if gap > GAP * gain:
        return f"the validation loss, {validation[-1]:.4g}, is far above the training loss, {last:.4g}"
    return None
