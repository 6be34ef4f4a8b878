"""Progress bars on standard error, one for each title."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Tell = Callable[[str, float], None]
"""Takes the title of the current work and the share done, in [0, 1]."""


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Tell]:
    """Yield a function that reports progress; each new title gets its own bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True, quiet=quiet), disable=quiet)
    lines: dict[str, TaskID] = {}

    def report_progress(title: str, share: float) -> None:
        progress.start()  # not earlier: an error in the request prints one line alone
        if title not in lines:
            lines[title] = progress.add_task(title, total=1.0)
        progress.update(lines[title], completed=share)

    try:
        yield report_progress
    finally:
        if lines:
            progress.stop()
