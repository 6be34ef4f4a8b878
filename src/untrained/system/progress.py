"""Progress bars on standard error, one for each title."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from untrained.system.terminal import console

Tell = Callable[[str, float], None]
"""Takes the title of the current work and the share done, in [0, 1]."""


def plain(words: str) -> TextColumn:
    """Make a column of words in which no markup is read."""
    return TextColumn(words, markup=False)


@contextmanager
def vanishing(progress: Progress) -> Iterator[None]:
    """Stop the bars at the end; where the work fails they vanish: its error is one line alone."""
    try:
        yield
    except BaseException:
        progress.live.transient = True
        progress.live.stop()
        raise
    if progress.live.is_started:
        progress.stop()


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Tell]:
    """Yield a function that reports progress; each new title gets its own bar."""
    columns = (plain("{task.description}"), BarColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console(quiet=quiet), disable=quiet)
    lines: dict[str, TaskID] = {}

    def report_progress(title: str, share: float) -> None:
        progress.start()  # not earlier: an error in the request prints one line alone
        if title not in lines:
            lines[title] = progress.add_task(title, total=1.0)
        progress.update(lines[title], completed=share)

    with vanishing(progress):
        yield report_progress
