"""Where a fit is kept: beside its output, or in a temporary folder of the user where that fails."""

from contextlib import suppress
from pathlib import Path

from untrained.errors import RequestError, WorkError
from untrained.fitting.checkpoint import save_fit
from untrained.fitting.fit_like import FitLike
from untrained.system import rescue
from untrained.system.output_files import check_file_place, remove_strays, shown
from untrained.system.rescue import SUFFIX, beside

_LOOKED_AT = 2**24
_SIGN = b"untrained fit "


def _elsewhere(output: Path) -> Path:
    place = rescue.place_for(output)
    return place.with_name(place.name + SUFFIX)


def found(output: Path) -> Path | None:
    """The fit that was kept last for an output; None if there is none."""
    places = [beside(output)]
    if rescue.is_private(_elsewhere(output).parent):
        places.append(_elsewhere(output))
    there = [place for place in places if place.is_file()]
    return max(there, key=lambda place: place.stat().st_mtime, default=None)


def check(output: Path) -> None:
    """Check that the usual place is free or holds a saved fit: it will be replaced and removed.

    Raises
    ------
    RequestError
        If something else stands there.
    """
    place = beside(output)
    check_file_place(place)
    remove_strays(place)
    remove_strays(output)
    if place.exists() and not _is_fit(place):
        raise RequestError(
            f"{shown(place)} is not a saved fit and would be replaced: move it, or choose another "
            "name for the result"
        )


def _is_fit(place: Path) -> bool:
    """Whether it is a saved fit, also a damaged one of any version."""
    with place.open("rb") as file:
        start = file.read(_LOOKED_AT)
    return not start or _SIGN in start


def keep(output: Path, fit: FitLike) -> Path:
    """Keep a fit beside its output, or else in the temporary folder; return where.

    Raises
    ------
    WorkError
        If it cannot be kept in either.
    """
    try:
        save_fit(beside(output), fit)
    except OSError as first:
        place = _elsewhere(output)
        try:
            rescue.make_private(place.parent)
            save_fit(place, fit)
        except OSError as second:
            raise WorkError(
                f"the fit could not be kept in {shown(beside(output))} ({_why(first)}) nor in "
                f"{shown(place)} ({_why(second)})"
            ) from second
        return place
    return beside(output)


def forget(output: Path) -> None:
    """Remove what was kept for an output that is now written."""
    beside(output).unlink(missing_ok=True)
    if rescue.is_private(_elsewhere(output).parent):
        with suppress(OSError):
            _elsewhere(output).unlink(missing_ok=True)


def _why(error: OSError) -> str:
    return error.strerror or str(error)
