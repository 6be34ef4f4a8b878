"""Ctrl-C: the first press ends the fit with the best picture so far."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StepEndedError(Exception):
    """Raised within a step, by a listener to its heartbeats, to end it."""


class Interruption:
    """Whether Ctrl-C (or SIGTERM) was pressed, and whether there is a picture to write."""

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
    """Turn the first Ctrl-C (or SIGTERM) into a flag, so that steps and writing are finished."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interruption.note) for number in signals}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
