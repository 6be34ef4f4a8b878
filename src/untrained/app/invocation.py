"""The command as the user typed it, for reports."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_arguments: ContextVar[tuple[str, ...] | None] = ContextVar("arguments", default=None)


@contextmanager
def of(arguments: Sequence[str]) -> Iterator[None]:
    """Note the arguments of the command that runs within."""
    token = _arguments.set(tuple(arguments))
    try:
        yield
    finally:
        _arguments.reset(token)


def typed() -> str | None:
    """The command that runs, quoted for a shell; None outside the command line."""
    arguments = _arguments.get()
    return None if arguments is None else shlex.join(["untrained", *arguments])
