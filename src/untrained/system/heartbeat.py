"""Heartbeats: long work reports its progress to a listener, which may end it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[float], None]
"""Called with the share of the work that is done, in [0, 1]. An exception from it ends the work."""

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def beat(share: float) -> None:
    """Report the share of the current work that is done, in [0, 1].

    Work that calls this must leave nothing half done, because the listener may raise.
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(share)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Set the listener for the work within, in this thread alone."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def mapped(share_of: Callable[[float], float]) -> Iterator[None]:
    """Translate the progress of the work within to that of a larger work."""
    listener = _LISTENER.get()
    if listener is None:
        yield
        return
    with listening(lambda share: listener(share_of(share))):
        yield


@contextmanager
def part(number: int, count: int) -> Iterator[None]:
    """Translate the progress of one of `count` parts, numbered from 0, to that of the whole."""
    with mapped(lambda share: (number + share) / count):
        yield
