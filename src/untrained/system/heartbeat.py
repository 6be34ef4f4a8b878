"""Heartbeats: how far long work has come, for whoever listens, and a moment to end it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[float], None]
"""Called with the share of the work that is done, in [0, 1]. What it raises ends the work."""

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def beat(share: float) -> None:
    """Say which share of the work under way is done, in [0, 1].

    Work that calls this must leave nothing half done: the listener may raise.
    """
    listener = _LISTENER.get()
    if listener is not None:
        listener(share)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let this listener hear the beats of the work within, of this thread alone."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def mapped(share_of: Callable[[float], float]) -> Iterator[None]:
    """Translate the beats of the work within, which is a part of a larger work, to those of it."""
    listener = _LISTENER.get()
    if listener is None:
        yield
        return
    with listening(lambda share: listener(share_of(share))):
        yield


@contextmanager
def part(number: int, count: int) -> Iterator[None]:
    """Translate the beats of one of `count` parts, numbered from 0, to those of the whole."""
    with mapped(lambda share: (number + share) / count):
        yield
