"""Files: written whole or not at all, where a file belongs; what killed writers left is removed."""

import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from untrained.errors import RequestError

_OLD = 24 * 3600.0
"""A temporary file of this many seconds is nobody's any more."""

_KINDS = (
    (stat.S_ISDIR, "a folder: give a file name"),
    (stat.S_ISFIFO, "a FIFO: give the name of a file"),
    (stat.S_ISSOCK, "a socket: give the name of a file"),
    (stat.S_ISCHR, "a device: give the name of a file"),
    (stat.S_ISBLK, "a device: give the name of a file"),
)


def shown(name: object) -> str:
    """Show a name in a message: in one line, what cannot be printed as an escape."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in str(name)
    )


def real(path: Path) -> Path:
    """Follow all links of a path, also to what does not exist.

    Raises
    ------
    RequestError
        If the path has a NUL in it.
    """
    if "\0" in str(path):
        raise RequestError(f"{shown(path)} has a NUL in its name: give another name")
    return Path(os.path.realpath(path))


def check_file_place(path: Path, *, beside: tuple[str, ...] = ()) -> None:
    """Check that a file can be written to `path`; a link is followed.

    Parameters
    ----------
    path
        May exist.
    beside
        What is added to the name for files that are written beside it.

    Raises
    ------
    RequestError
        If it is something else than a file, its name is none or too long, or its folder does not
        exist or cannot be written to.
    """
    target = real(path)
    if path.name in ("", ".."):
        raise RequestError(f"{shown(path)} is a folder: give a file name")
    for kind, words in _KINDS:
        if (found := status(path)) is not None and kind(found.st_mode):
            raise RequestError(f"{shown(path)} is {words}")
    led_elsewhere = real(path.parent) != target.parent
    check_writable_folder(target.parent, target.parent if led_elsewhere else path.parent)
    if _is_protected(target):
        raise RequestError(
            f"{shown(path)} is another user's, in a folder where only its owner can replace it: "
            "choose another"
        )
    for added in ("", *beside):
        _check_length(path, target.with_name(_temporary_name(target, added)))


def _is_protected(target: Path) -> bool:
    """Whether a folder like /tmp keeps this user from replacing a file in it."""
    found, folder = status(target), status(target.parent)
    if found is None or folder is None or not hasattr(os, "geteuid"):
        return False
    owners = (0, found.st_uid, folder.st_uid)
    return bool(folder.st_mode & stat.S_ISVTX) and os.geteuid() not in owners


def _check_length(path: Path, longest: Path) -> None:
    """Refuse a path when the longest name that is made of it is too long."""
    try:
        longest.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise RequestError(
            f"the name {shown(path.name)} is too long, with what is added to it for files beside "
            "it: give a shorter one"
        ) from error


def check_writable_folder(folder: Path, named: Path | None = None) -> None:
    """Check that files can be made in a folder.

    Raises
    ------
    RequestError
        If it does not exist, is a file or cannot be written to; the message names it as `named`.
    """
    name = shown(folder if named is None else named)
    found = status(folder)
    if found is None:
        raise RequestError(f"the folder {name} does not exist: make it first")
    if not stat.S_ISDIR(found.st_mode):
        raise RequestError(f"{name} is a file: give a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RequestError(f"the folder {name} cannot be written to: choose another")


def status(path: Path) -> os.stat_result | None:
    """What a path leads to; None if to nothing.

    Raises
    ------
    RequestError
        If it cannot lead to anything.
    """
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise RequestError(f"a part of the path {shown(path)} is a file: give a folder") from error
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RequestError(f"{shown(path)} cannot be reached ({reason}): choose another") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it.

    A new file gets the permissions of the user's umask, a replaced one keeps its own.

    Raises
    ------
    RequestError
        If something else than a file stands there.
    OSError
        If that fails; the old file is untouched and the temporary one is removed.
    """
    target = real(path)
    found = status(target)
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise RequestError(f"{shown(path)} is no file: choose another name")
    with _written(target, content, None if found is None else found.st_mode & 0o777) as temporary:
        temporary.replace(target)


def create_file(path: Path, content: bytes) -> None:
    """Write a file as `replace_file` does, but only where nothing stands, also at the last moment.

    Raises
    ------
    FileExistsError
        If something stands there.
    OSError
        If writing fails.
    """
    target = real(path)
    with _written(target, content, None) as temporary:
        try:
            os.link(temporary, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: reserve the name, then put the file there
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            temporary.replace(target)


@contextmanager
def _written(target: Path, content: bytes, mode: int | None) -> Iterator[Path]:
    """Write a temporary file beside `target`; it is gone afterwards, if nothing else before."""
    remove_strays(target)
    temporary = target.with_name(_temporary_name(target))

    def opened(name: str, flags: int) -> int:
        # The system applies the umask itself; reading it would set it for all threads.
        return os.open(name, flags, 0o666 if mode is None else 0o600)

    try:
        with open(temporary, "xb", opener=opened) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _temporary_name(target: Path, added: str = "") -> str:
    return f".{target.name}{added}.{os.getpid()}.{secrets.token_hex(4)}.tmp"


def remove_strays(path: Path) -> None:
    """Remove the temporary files that killed writers of `path` have left; those of others stay."""
    target = real(path)
    ours = re.compile(rf"\.{re.escape(target.name)}\.(\d+)(\.[0-9a-f]{{8}})?\.tmp")
    with suppress(OSError):
        for each in list(os.scandir(target.parent)):
            match = ours.fullmatch(each.name)
            if match and each.is_file(follow_symlinks=False):
                age = time.time() - each.stat(follow_symlinks=False).st_mtime
                if age > _OLD or not is_running(int(match[1])):
                    Path(each.path).unlink(missing_ok=True)


def is_running(process: int) -> bool:
    """Say whether a process of this machine runs; True where that cannot be known."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
