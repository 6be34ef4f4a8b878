"""WebP, written losslessly."""

import struct
from pathlib import Path

from untrained.picture.formats import pillow
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.limits import check_picture
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture

_CANVASES = 12
"""Bytes a pixel of the three canvases that libwebp and Pillow hold, the first two on opening."""


def is_webp(data: bytes) -> bool:
    """Say whether these bytes begin a WebP."""
    return data.startswith(b"RIFF") and data[8:12] == b"WEBP"


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode a picture; PictureError says what is wrong with the file."""
    check_picture(path, _stated_size(data), 4, 1, extra=_CANVASES)
    with pillow.opened("WEBP", data) as image:
        return pillow.picture_of(path, image)


def _stated_size(data: bytes) -> tuple[int, int]:
    """Read H and W from the header, which libwebp trusts as soon as it opens the file.

    Raises
    ------
    ValueError
        If there is no such header.
    """
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", body[6:10]))
    else:
        raise ValueError("its first chunk is no picture")
    return height, width


def encode(picture: Picture) -> bytes:
    """Encode losslessly, also the colour of transparent pixels."""
    return pillow.encode(picture, "WEBP", lossless=True, quality=80, exact=True)


register(
    Format(
        name="WebP",
        extensions=(".webp",),
        matches=is_webp,
        decode=read,
        encode=encode,
        holds=Holds(alpha=True, side=16383, metadata=frozenset({"exif", "icc", "xmp"})),
        errors=pillow.errors,
    )
)
