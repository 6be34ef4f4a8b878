"""Signals that ask a program to end: Ctrl-C, SIGTERM, and SIGHUP of a terminal that closes."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]

_ASKING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def handling(handler: Handler) -> Iterator[None]:
    """Let `handler` take the signals within; elsewhere than in the main thread nothing changes.

    SIGHUP stays ignored where it is, as nohup asks.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.SIG_IGN
    taken = [
        number
        for number in _ASKING
        if number == signal.SIGINT or signal.getsignal(number) is not kept
    ]
    before = {number: signal.signal(number, handler) for number in taken}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextmanager
def ending_at_once(last_words: str, status: int) -> Iterator[None]:
    """Let a signal end the work within by KeyboardInterrupt, so that it tidies up.

    While a module is imported the process ends there and then, with the last words on standard
    error and this exit status: packages turn the exception into others, and nothing is begun yet.
    """

    def handler(_number: int, frame: FrameType | None) -> None:
        if _imports(frame):
            os.write(2, f"untrained: {last_words}\n".encode())
            os._exit(status)
        raise KeyboardInterrupt

    with handling(handler):
        yield


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def finished_first(kept: str) -> Iterator[None]:
    """Let the work within, short and best not broken off, finish; a signal ends it afterwards.

    Raises
    ------
    KeyboardInterrupt
        At the end, with `kept` as its message, if a signal came.
    """
    came: list[int] = []
    with handling(lambda number, _frame: came.append(number)):
        yield
    if came:
        raise KeyboardInterrupt(kept)
