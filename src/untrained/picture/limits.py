"""How much memory a file may ask for, judged before its content is decoded.

A file of a few bytes may state a picture of many gigabytes. What counts is the picture's own bytes:
its samples as stored and, for a picture, its float32 pixels.
"""

import contextlib
import math
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path

from untrained.arguments import short
from untrained.errors import RequestError
from untrained.picture.region import sides_in_words
from untrained.picture.samples import PictureError

VARIABLE = "UNTRAINED_READ_LIMIT"
"""Environment variable that sets the limit."""

MOST = 4 * 2**30
"""The default limit in bytes, on a machine with four times as much memory; else a quarter."""

_PIXEL = 4
"""Bytes of a float32 sample of the pixels."""

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}

_chosen: ContextVar[int | None] = ContextVar("chosen read limit", default=None)


def read_limit() -> int:
    """Return the limit in bytes: the one chosen, that of the environment, or the default.

    Raises
    ------
    RequestError
        If the environment variable holds no size.
    """
    if (chosen := _chosen.get()) is not None:
        return chosen
    if words := os.environ.get(VARIABLE):
        return size_from_words(words, VARIABLE)
    from untrained.system.machine import whole_memory  # noqa: PLC0415

    total = whole_memory()
    return MOST if total is None else min(MOST, total // 4)


@contextlib.contextmanager
def limited(limit: int | str | None, name: str = "limit") -> Iterator[None]:
    """Read within under this limit: bytes, or words such as ``8GB``; None changes nothing.

    Raises
    ------
    RequestError
        If it is no size; the message calls it `name`.
    """
    if limit is None:
        yield
        return
    token = _chosen.set(size_from_words(limit, name))
    try:
        yield
    finally:
        _chosen.reset(token)


def size_from_words(words: int | str, name: str) -> int:
    """Convert ``8GB``, ``500 MB``, ``2GiB`` or a number of bytes.

    Raises
    ------
    RequestError
        If it is no size above 0; the message calls it `name`.
    """
    text = words.lower() if isinstance(words, str) else short(words)
    found = re.fullmatch(r"([0-9]{1,30}(?:\.[0-9]{0,30})?)\s*([kmgt]i?|)b?", text.strip())
    size = int(float(found[1]) * (_UNITS | _BINARY)[found[2]]) if found else 0
    if isinstance(words, bool) or size < 1:
        raise RequestError(f"{name} {short(words)} is no size: give bytes, or a size such as 8GB")
    return size


def check_picture(
    path: Path, size: Sequence[int], channels: int, itemsize: int, *, extra: int = 0
) -> None:
    """Refuse a picture whose own bytes are over the limit.

    Parameters
    ----------
    path
        The file, for the message.
    size
        H and W, or D, H and W.
    channels
        Channels and alpha.
    itemsize
        Bytes of a sample as stored.
    extra
        Further bytes for each pixel that its decoder needs at once.
    """
    needed = math.prod(size) * (channels * (itemsize + _PIXEL) + extra)
    kind = "channel" if channels == 1 else "channels"
    check_bytes(path, needed, f"{sides_in_words(tuple(size))} pixels of {channels} {kind}")


def check_bytes(path: Path, needed: int, what: str) -> None:
    """Refuse what needs more bytes of memory than the limit; `what` says what it is."""
    if needed > read_limit():
        raise _over(f"{path} holds {what}, which take", needed)


def file_over_limit(path: Path, size: int) -> PictureError:
    """Make the error of a file that is itself over the limit."""
    return _over(f"the file {path} takes", size)


def _over(what: str, needed: int) -> PictureError:
    return PictureError(
        f"{what} {in_bytes(needed)} of memory, over the limit of {in_bytes(read_limit())}: cut it "
        f"into parts, or raise the limit (--read-limit {_rounded_up(needed)}, in Python limit=, or "
        f"{VARIABLE})"
    )


def inflated(
    path: Path, data: bytes, what: str, most: int, *, wbits: int = zlib.MAX_WBITS
) -> bytes:
    """Inflate a zlib stream, but to no more than `most` bytes.

    Raises
    ------
    PictureError
        If it holds more; `what` names it.
    zlib.error
        If it is damaged or ends early.
    """
    stream = zlib.decompressobj(wbits)
    content = stream.decompress(data, most + 1)
    if len(content) > most:
        raise PictureError(
            f"{path} holds {what} of more than {in_bytes(most)} once inflated: save it without"
        )
    if not stream.eof:
        raise zlib.error(f"{what} ends early")
    return content


def in_bytes(count: int) -> str:
    """Write a number of bytes with the unit that suits it: 4.29 GB."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}" if count < 1000 * factor else f"{count:.1e} bytes"
    return f"{count} bytes"


def _rounded_up(count: int) -> str:
    """Write a size that a user can give, no less than `count`."""
    return f"{math.ceil(count / 10**9)}GB" if count > 10**9 else f"{math.ceil(count / 10**6)}MB"
