"""The process: what it owes its user before, beside and after the command line."""

import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from untrained.system.signals import ending_at_once
from untrained.system.terminal import hold_standard_files

INTERRUPTED = 130
NOTHING_WRITTEN = "interrupted: nothing was written"


@contextmanager
def own_process() -> Iterator[None]:
    """Take signals from the first import on, and let no package speak on the terminal.

    What other packages warn of is for programmers; ``python -W`` shows it all the same.
    """
    hold_standard_files()
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    try:
        with ending_at_once(NOTHING_WRITTEN, INTERRUPTED):
            yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        # All is done and said: a late Ctrl-C must not break the interpreter's own end.
        for name in ("SIGINT", "SIGTERM"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def run() -> None:
    """Run the command line in a process of its own."""
    with own_process():
        from untrained.app.cli import main  # noqa: PLC0415

        main()
