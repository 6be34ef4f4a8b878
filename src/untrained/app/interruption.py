"""Ctrl-C, and other signals to end: the first ends the fit with the best picture so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from untrained.system.signals import handling


class StepEndedError(Exception):
    """Raised within a step, by a listener to its heartbeats, to end it."""


class Interruption:
    """Whether a signal asked to end, and whether there is a picture to write."""

    def __init__(self) -> None:
        self.asked = False
        self.has_picture = False

    def note(self, _signal: int, _frame: FrameType | None) -> None:
        """Take a signal: the first is a flag; the second ends a fit without a picture."""
        if self.asked and not self.has_picture:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Turn the first signal into a flag, so that steps and writing are finished."""
    interruption = Interruption()
    with handling(interruption.note):
        yield interruption
