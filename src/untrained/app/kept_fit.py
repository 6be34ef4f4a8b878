"""Where a fit is kept: beside its output, or in a temporary folder of the user where that fails."""

from contextlib import suppress
from pathlib import Path

from untrained.app.keeping import fault_of_saving
from untrained.errors import RequestError, WorkError
from untrained.fitting.fit_like import FitLike
from untrained.system import rescue
from untrained.system.output_files import check_file_place, remove_strays, shown
from untrained.system.rescue import SUFFIX, beside
from untrained.system.terminal import say

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
    return _SIGN in start


def keep(output: Path, fit: FitLike) -> Path:
    """Keep a fit beside its output, or else in the temporary folder; return where.

    Raises
    ------
    WorkError
        If it cannot be kept in either.
    """
    place = beside(output)
    if (first := fault_of_saving(place, fit)) is None:
        return place
    place = _elsewhere(output)
    try:
        rescue.make_private(place.parent)
        second = fault_of_saving(place, fit)
    except OSError as error:
        second = error.strerror or str(error)
    if second is None:
        return place
    raise WorkError(
        f"the fit could not be kept in {shown(beside(output))} ({first}) nor in {shown(place)} "
        f"({second})"
    )


def keep_interrupted(output: Path, fit: FitLike) -> str:
    """Keep an unfinished fit; say in words how to go on, or why that is not possible."""
    try:
        place = keep(output, fit)
    except WorkError as error:
        return f"{error}: it cannot be resumed"
    return "go on with --resume" + ("" if place == beside(output) else f" (kept in {shown(place)})")


def forget(output: Path) -> None:
    """Remove what was kept for an output that is now written."""
    try:
        beside(output).unlink(missing_ok=True)
    except OSError as error:
        why = f"cannot remove {beside(output)} ({error.strerror})"
        say(f"warning: {why}: remove it by hand")
    if rescue.is_private(_elsewhere(output).parent):
        with suppress(OSError):
            _elsewhere(output).unlink(missing_ok=True)
