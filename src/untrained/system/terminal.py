"""Words on the terminal: as they are, in any encoding, and also where nobody listens."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console


def console(*, quiet: bool = False) -> "Console":
    """Make a console on standard error that prints a sentence as it is, on one line.

    No markup is read in it, as in the name of a file ``[red].png``, and none of it is coloured.
    """
    from rich.console import Console  # noqa: PLC0415

    return Console(
        stderr=True, quiet=quiet, markup=False, emoji=False, highlight=False, soft_wrap=True
    )


def one_line(words: object) -> str:
    """Put words on one line; what steers a terminal is shown by its code."""
    text = " ".join(str(words).split()) or type(words).__name__
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def say(words: object) -> None:
    """Say one line on standard error, even where progress is not shown."""
    sys.stderr.write(f"untrained: {one_line(words)}\n")


class BadOutputError(OSError):
    """What was said on standard output did not all arrive."""


class _Patient:
    """A standard stream that outlives its reader, a full disk and letters it cannot write."""

    def __init__(self, target: TextIO) -> None:
        self.target = target
        self.fault: OSError | None = None

    def write(self, text: str) -> int:
        """Write; after the first fault nothing more."""
        encoding = getattr(self.target, "encoding", None) or "utf-8"
        known = text.encode(encoding, "backslashreplace").decode(encoding)
        self._try(lambda: self.target.write(known))
        return len(text)

    def flush(self) -> None:
        """Flush; after the first fault not again."""
        self._try(self.target.flush)

    def _try(self, work: Any) -> None:
        if self.fault is None:
            try:
                work()
            except OSError as error:
                self.fault = error
                self._silence()

    def _silence(self) -> None:
        """Send what is still held back nowhere: the interpreter flushes it at its end."""
        with suppress(OSError, io.UnsupportedOperation):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.target.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the stream behind it."""
        return getattr(self.target, name)


@contextmanager
def patient_streams() -> Iterator[None]:
    """Let nothing that is said end the work: a closed stream, a reader that left, a full disk.

    Raises
    ------
    BadOutputError
        At the end, if the disk behind standard output was full, say. A reader that has left wanted
        no more: that is no fault.
    """
    before = sys.stdout, sys.stderr
    out, err = (_Patient(_there(stream)) for stream in before)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    try:
        yield
        out.flush()
        err.flush()
    finally:
        sys.stdout, sys.stderr = before
    if out.fault is not None and not isinstance(out.fault, BrokenPipeError):
        raise BadOutputError(f"cannot write to standard output: {out.fault.strerror}")


def _there(stream: TextIO | None) -> TextIO:
    """The stream; one that leads nowhere where it was closed before the program began."""
    return io.StringIO() if stream is None else stream


def hold_standard_files() -> None:
    """Open the standard files that were closed: the next file opened would take their number.

    Then whatever a library writes to standard error would end up in the user's picture.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
