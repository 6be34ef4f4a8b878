"""Folders that hold only what we wrote: a marker in each lists our files and what is in them."""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from untrained.errors import RequestError
from untrained.system import locks
from untrained.system.output_files import (
    check_writable_folder,
    create_file,
    real,
    remove_strays,
    replace_file,
    shown,
    status,
)

MARKER = ".untrained.json"
_LARGEST_MARKER = 2**26

_Listed = dict[str, list[str]]
"""For each file of ours, relative to the folder, the checksums that it may have."""


@dataclass(frozen=True)
class Kind:
    """What a folder is for."""

    name: str
    """What it holds, for messages: a report, a comparison."""
    may_write: Callable[[str], bool]
    """Whether a file of this name, relative to the folder, may be written by this work."""
    option: str
    """The option that names the folder."""
    folders: tuple[str, ...] = ()
    """Folders in it that it writes to."""


@dataclass
class OwnedFolder:
    """A folder that this process holds; made by `claimed`."""

    path: Path
    kind: Kind
    of: str = ""
    goes_on: bool = False
    """Whether it holds what the same work has written before."""
    _listed: _Listed = field(default_factory=dict)

    def earlier(self) -> dict[str, bytes]:
        """Read what the same work has written before and nobody has changed; nothing of others."""
        names = [name for name in self._listed if self.goes_on and self.kind.may_write(name)]
        return {name: (self.path / name).read_bytes() for name in names if self._is_ours(name)}

    def _is_ours(self, name: str) -> bool:
        place = self.path / name
        return os.path.lexists(place) and _checksum_of(place) in self._listed[name]

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files, and remove those of the earlier work of this kind.

        A kill on the way leaves a folder that is still ours: the marker lists each file before it
        is written.

        Raises
        ------
        RequestError
            If a file that is not ours has appeared, or one of ours has been changed meanwhile.
        OSError
            If writing fails.
        """
        if strange := [name for name in files if not self.kind.may_write(name)]:
            raise ValueError(f"{self.kind.name} has no file {strange[0]}")
        _check_names(self.path, self.kind, self._listed)
        old = {name: sums for name, sums in self._listed.items() if self.kind.may_write(name)}
        others = {name: sums for name, sums in self._listed.items() if name not in old}
        new = {name: [_checksum(content)] for name, content in files.items()}
        both = {name: [*old.get(name, []), *new.get(name, [])] for name in {**old, **new}}
        self._mark(others | both)
        for name in old.keys() - new.keys():
            (self.path / name).unlink(missing_ok=True)
        for name, content in files.items():
            place = self.path / name
            place.parent.mkdir(exist_ok=True)
            if name in old:
                replace_file(place, content)
            else:
                create_file(place, content)
        self._mark(others | new)
        for name in {str(Path(each).parent) for each in old} - {"."}:
            with suppress(OSError):  # not empty
                (self.path / name).rmdir()

    def _mark(self, listed: _Listed) -> None:
        content = {
            "written by": "untrained",
            "holds": self.kind.name,
            "of": self.of,
            "files": dict(sorted(listed.items())),
        }
        replace_file(self.path / MARKER, json.dumps(content, indent=1).encode())
        self._listed = listed


@contextmanager
def claimed(
    folder: Path,
    kind: Kind,
    *,
    overwrite: bool = False,
    of: str = "",
    resume: bool = False,
    inputs: Iterable[Path] = (),
) -> Iterator[OwnedFolder]:
    """Hold a folder for what will be written to it, new, empty or ours; make it if it is missing.

    Parameters
    ----------
    folder
        Its parent must exist.
    kind
        What will be written.
    overwrite
        Whether our own files in it may be replaced, as long as nobody has changed them.
    of
        Says whose work it is.
    resume
        Whether the work goes on: into its own folder it does without `overwrite`.
    inputs
        Files and folders that must not lie in it.

    Raises
    ------
    RequestError
        If it may not be written to; nothing was changed.
    """
    check_apart(folder, inputs)
    made = _made(folder, kind)
    try:
        with locks.held(folder):
            remove_strays(folder / MARKER)
            marker = _checked(folder, kind, overwrite=overwrite, resumed=of if resume else None)
            for name in marker["files"]:
                remove_strays(folder / name)
            yield OwnedFolder(folder, kind, of, resume and marker["of"] == of, marker["files"])
    finally:
        if made:
            with suppress(OSError):  # something was written
                folder.rmdir()


def check_apart(folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder that holds an input.

    Raises
    ------
    RequestError
        If it does; the message names both.
    """
    place, found = real(folder), status(folder)
    if found is not None and not stat.S_ISDIR(found.st_mode):
        return
    for each in inputs:
        if place in (real(each), *real(each).parents):
            raise RequestError(
                f"the folder {shown(folder)} contains an input, {shown(each)}: choose another "
                "folder"
            )


def _made(folder: Path, kind: Kind) -> bool:
    """Make a folder; say whether it was missing."""
    if (found := status(folder)) is not None:
        if not stat.S_ISDIR(found.st_mode):
            raise RequestError(f"{shown(folder)} is a file: give a folder for {kind.option}")
        check_writable_folder(folder)
        return False
    check_writable_folder(real(folder).parent, folder.parent)
    try:
        folder.mkdir()
    except OSError as error:
        raise RequestError(
            f"the folder {shown(folder)} cannot be made ({error.strerror}): choose another"
        ) from error
    return True


def _checked(folder: Path, kind: Kind, *, overwrite: bool, resumed: str | None) -> dict[str, Any]:
    """Check that a folder is empty or ours; return its marker."""
    name = shown(folder)
    there = {each.name for each in folder.iterdir()} - {locks.SUFFIX}
    if not there:
        return {"of": None, "files": {}}
    if MARKER not in there:
        raise RequestError(
            f"{name} is not empty and not a folder of ours (it has no {MARKER}): choose another "
            f"{kind.option}, or empty it"
        )
    marker = _read_marker(folder)
    if marker["holds"] != kind.name:
        raise RequestError(
            f"{name} is not empty, it holds {shown(marker['holds'])}: choose another {kind.option}"
        )
    listed: _Listed = marker["files"]
    if not (overwrite or marker["of"] == resumed) and any(map(kind.may_write, listed)):
        raise RequestError(
            f"{name} is not empty, it holds {kind.name}: choose another {kind.option} or give "
            "--overwrite"
        )
    _check_names(folder, kind, listed)
    return marker


def _check_names(folder: Path, kind: Kind, listed: _Listed) -> None:
    """Refuse a file that would be replaced or removed, but is not as we left it."""
    for name in kind.folders:
        place = folder / name
        if os.path.lexists(place) and not stat.S_ISDIR(place.lstat().st_mode):
            raise RequestError(
                f"{shown(place)} should be a folder: move it or choose another {kind.option}"
            )
    for name in filter(kind.may_write, _names(folder)):
        place = folder / name
        known = listed.get(name)
        if known is None:
            raise RequestError(
                f"{shown(place)} is not ours and would be replaced: move it or choose another "
                f"{kind.option}"
            )
        if _checksum_of(place) not in known:
            raise RequestError(
                f"{shown(place)} was changed since we wrote it and would be replaced: move it or "
                f"choose another {kind.option}"
            )


def _names(folder: Path) -> Iterator[str]:
    """List what lies in a folder and in the folders in it, but not through links."""
    for each in list(folder.iterdir()):
        yield each.name
        if each.is_dir() and not each.is_symlink():
            yield from [f"{each.name}/{inner.name}" for inner in each.iterdir()]


def _read_marker(folder: Path) -> dict[str, Any]:
    """Read a marker."""
    place = folder / MARKER
    try:
        found = place.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_MARKER:
            raise ValueError("it is no list of files")
        marker = json.loads(place.read_bytes())
        files = {str(name): [str(each) for each in sums] for name, sums in marker["files"].items()}
        return {"holds": str(marker["holds"]), "of": str(marker["of"]), "files": files}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RequestError(
            f"{shown(place)} cannot be read, so we cannot tell which files are ours: choose "
            "another folder"
        ) from error


def _checksum_of(place: Path) -> str | None:
    """Checksum of a file; None of anything else."""
    if not stat.S_ISREG(place.lstat().st_mode):
        return None
    with place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{file.tell()} {digest}"


def _checksum(content: bytes) -> str:
    return f"{len(content)} {hashlib.sha256(content).hexdigest()}"
