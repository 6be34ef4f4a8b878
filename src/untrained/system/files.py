"""Open the files that a user names: regular files only, so that nothing blocks or runs on.

A pipe, a socket or a device may wait for ever or never end, and opening some devices acts on them.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)

_STEP = 2**20
"""Bytes to read at once beyond the size that a file states."""

_KINDS = (
    (stat.S_ISDIR, "it is a folder, not a file"),
    (stat.S_ISFIFO, "it is a pipe, not a file: save what it carries to a file first"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file to read, after following links; never wait for another process.

    Raises
    ------
    OSError
        If it cannot be opened or is no regular file; `strerror` says why.
    """
    try:
        _refuse_others(Path(path).stat())
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:
        raise OSError(errno.EINVAL, "its name holds a null character") from error
    try:
        # The name may stand for something else by now.
        _refuse_others(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: str | Path, most: int) -> bytes:
    """Read a regular file whole, but not one of more than `most` bytes.

    Raises
    ------
    FileTooLarge
        If it has more; the size that it states, or more than `most` if it states less.
    OSError
        As for `open_regular`.
    """
    with open_regular(path) as file:
        stated = os.fstat(file.fileno()).st_size
        if stated > most:
            raise FileTooLarge(stated)
        data, rest = file.read(stated), bytearray()
        # Files of the system state no size, and others may grow.
        while part := file.read(_STEP):
            rest += part
            if len(data) + len(rest) > most:
                raise FileTooLarge(len(data) + len(rest))
    return data + bytes(rest) if rest else data


class FileTooLarge(OSError):
    """A file has more bytes than may be read."""

    def __init__(self, size: int) -> None:
        super().__init__(errno.EFBIG, f"it has more than {size - 1} bytes")
        self.size = size


def _refuse_others(status: os.stat_result) -> None:
    for is_kind, words in _KINDS:
        if is_kind(status.st_mode):
            raise OSError(errno.EINVAL, words)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
