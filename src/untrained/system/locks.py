"""Locks: one process a time writes an output. A lock ends with its process, also by a kill."""

import errno
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from untrained.errors import RequestError
from untrained.system.output_files import real, shown

SUFFIX = ".untrained-lock"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


def lock_of(path: Path) -> Path:
    """Where the lock of a file lies: beside it, hidden; that of a folder lies in the folder."""
    target = real(path)
    return target / SUFFIX if target.is_dir() else target.with_name(f".{target.name}{SUFFIX}")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold an output, a file or a folder, for this process; the lock file is removed at the end.

    Raises
    ------
    RequestError
        If another process holds it, by whatever path, or the lock cannot be made.
    """
    place = lock_of(path)
    lock = _acquired(place, path)
    try:
        if not isinstance(lock, SoftFileLock):  # which signs itself
            _sign(place)
    except BaseException:
        lock.release()
        raise
    try:
        yield
    finally:
        # Removed while it is held: whoever opened it before finds that it has no name any more.
        with suppress(OSError):
            place.unlink(missing_ok=True)
        lock.release()
        if os.name == "nt":
            with suppress(OSError):
                place.unlink(missing_ok=True)


def _acquired(place: Path, path: Path) -> BaseFileLock:
    lock: BaseFileLock = FileLock(place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                lock.acquire(timeout=0)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                lock = SoftFileLock(place)
                lock.acquire(timeout=0)
    except Timeout as error:
        if not os.path.lexists(place):
            raise RequestError(
                f"{shown(path)} cannot be written (no file can be made beside it): choose another"
            ) from error
        who = _holder(place)
        raise RequestError(
            f"another untrained{who} is writing {shown(path)}: wait for it or choose another name"
        ) from error
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RequestError(f"{shown(path)} cannot be written ({reason}): choose another") from error
    return lock


def _sign(place: Path) -> None:
    """Write who holds a lock; where a lock also keeps others from writing, nobody is named."""
    with suppress(OSError, UnicodeDecodeError):
        if not place.read_text().strip().isdecimal() and place.stat().st_size:
            raise RequestError(f"{shown(place)} is no lock of ours: move it")
        place.write_text(f"{os.getpid()}\n")


def _holder(place: Path) -> str:
    with suppress(OSError, ValueError):
        return f" (process {int(place.read_text().split()[0])})"
    return ""
