"""A spinner for work of unknown length, shown once it has lasted."""

import threading
from types import TracebackType
from typing import Self

from rich.console import Console

_SECONDS = 0.6
"""Most wrong requests are refused before: their error is one line alone."""


class Waiting:
    """Shows a spinner on a terminal from a little after its beginning until `stop`.

    Parameters
    ----------
    console
        Where.
    words
        What is going on.
    """

    def __init__(self, console: Console, words: str) -> None:
        spinner = "line" if console.options.ascii_only else "dots"
        self._status = console.status(words, spinner=spinner)
        self._lock = threading.Lock()
        self._over = not console.is_terminal or console.quiet
        self._timer = threading.Timer(_SECONDS, self._begin)
        self._timer.daemon = True

    def _begin(self) -> None:
        with self._lock:
            if not self._over:
                self._status.start()

    def stop(self) -> None:
        """Take the spinner away; a second call does nothing."""
        with self._lock:
            self._over = True
            self._timer.cancel()
            self._status.stop()

    def __enter__(self) -> Self:
        """Begin to wait."""
        if not self._over:
            self._timer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()
