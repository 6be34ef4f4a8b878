"""Keep other packages quiet: their warnings, their logs and their output.

All are switches of the whole process. Here several threads may use them at once: the first to
enter sets them, the last to leave restores them.
"""

import contextlib
import io
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any, TextIO

_lock = threading.Lock()
_users = 0
_kept = contextlib.ExitStack()


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """Ignore warnings within, also those of other threads."""
    global _users  # noqa: PLW0603
    with _lock:
        if _users == 0:
            _kept.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _kept.close()


_log_users = 0
_kept_logs = contextlib.ExitStack()


@contextlib.contextmanager
def without_logs(*names: str) -> Iterator[None]:
    """Drop within what these packages log; handlers of their own loggers stay."""
    global _log_users  # noqa: PLW0603
    with _lock:
        if _log_users == 0:
            for name in names:
                _kept_logs.enter_context(_apart(logging.getLogger(name)))
        _log_users += 1
    try:
        yield
    finally:
        with _lock:
            _log_users -= 1
            if _log_users == 0:
                _kept_logs.close()


@contextlib.contextmanager
def _apart(logger: logging.Logger) -> Iterator[None]:
    """Keep records from the handlers of the root, and from that of last resort."""
    nowhere, propagated = logging.NullHandler(), logger.propagate
    logger.addHandler(nowhere)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = propagated
        logger.removeHandler(nowhere)


class _Muted(io.TextIOBase):
    """A standard output that drops what some threads write."""

    def __init__(self, target: TextIO) -> None:
        self.target = target
        self.threads: set[int] = set()

    def write(self, text: str) -> int:
        """Write, unless this thread is muted."""
        if threading.get_ident() in self.threads:
            return len(text)
        return self.target.write(text)

    def flush(self) -> None:
        """Flush the output behind it."""
        self.target.flush()

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the output behind it."""
        return getattr(self.target, name)


@contextlib.contextmanager
def without_output() -> Iterator[None]:
    """Drop what this thread prints within; other threads go on printing."""
    me = threading.get_ident()
    with _lock:
        muted = sys.stdout if isinstance(sys.stdout, _Muted) else _Muted(sys.stdout)
        sys.stdout = muted
        outermost = me not in muted.threads
        muted.threads.add(me)
    try:
        yield
    finally:
        with _lock:
            if outermost:
                muted.threads.discard(me)
            if not muted.threads and sys.stdout is muted:
                sys.stdout = muted.target
