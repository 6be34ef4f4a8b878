"""Keep an unfinished fit beside its output, now and then; a fault in that never ends the fit."""

from pathlib import Path

from untrained.fitting.checkpoint import save_fit
from untrained.fitting.fit_like import FitLike
from untrained.fitting.memory import ran_out
from untrained.system.terminal import say


class Keeper:
    """Saves a fit; says once that it cannot.

    Parameters
    ----------
    path
        Where.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault: str | None = None
        """Why the last saving failed; None if it did not."""

    def save(self, fit: FitLike) -> None:
        """Save a fit; where that fails, warn the first time."""
        warned = self.fault is not None
        self.fault = fault_of_saving(self._path, fit)
        if self.fault is not None and not warned:
            say(
                f"warning: the unfinished fit cannot be kept in {self._path} ({self.fault}); it "
                "goes on, but could not be resumed"
            )


def fault_of_saving(path: Path, fit: FitLike) -> str | None:
    """Save a fit; say why that failed, None if it did not."""
    try:
        save_fit(path, fit)
    except OSError as error:
        return error.strerror or str(error)
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        return "memory ran out"
    return None
