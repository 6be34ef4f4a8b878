"""Where unwritten work is kept: beside its output, or in a temporary folder of this user alone."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from untrained.errors import WorkError
from untrained.system.output_files import real, replace_file, shown

SUFFIX = ".resume"


def beside(output: Path) -> Path:
    """Where a fit is kept as long as it can be: beside its output."""
    return output.with_name(output.name + SUFFIX)


def place_for(path: Path) -> Path:
    """Where work for an output is kept in the temporary folder, by whatever path it is named."""
    name = hashlib.sha256(os.fsencode(real(path))).hexdigest()[:32]
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"untrained{user}" / name


def is_private(folder: Path) -> bool:
    """Say whether a folder is ours, and nobody else can have put something in it."""
    with suppress(OSError):
        found = folder.lstat()
        mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        open_to_others = os.name != "nt" and found.st_mode & 0o077
        return stat.S_ISDIR(found.st_mode) and mine and not open_to_others
    return False


def make_private(folder: Path) -> None:
    """Make a folder that only this user can enter.

    Raises
    ------
    OSError
        If it cannot be made, or is another user's.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not is_private(folder):
        raise PermissionError(f"{folder} is not a folder of this user alone")


def keep_files(path: Path, files: Mapping[str, bytes], why: Exception) -> WorkError:
    """Keep finished files that could not be written to `path`, and make the error that says so."""
    reason = shown(getattr(why, "strerror", None) or str(why))
    place = place_for(path)
    try:
        make_private(place.parent)
        make_private(place)
        for name, content in files.items():
            (place / name).parent.mkdir(exist_ok=True)
            replace_file(place / name, content)
    except OSError as error:
        return WorkError(
            f"{shown(path)} could not be written ({reason}), nor kept in {place} "
            f"({error.strerror or error})"
        )
    return WorkError(
        f"{shown(path)} could not be written ({reason}): what was to be written is in {place}"
    )
