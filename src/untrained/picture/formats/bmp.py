"""BMP, grey or RGB."""

from pathlib import Path

from untrained.picture.formats import pillow
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture


def is_bmp(data: bytes) -> bool:
    """Say whether these bytes begin a BMP."""
    return data.startswith(b"BM")


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode a picture; PictureError says what is wrong with the file."""
    with pillow.opened("BMP", data) as image:
        return pillow.picture_of(path, image)


def encode(picture: Picture) -> bytes:
    """Encode 8-bit samples."""
    return pillow.encode(picture, "BMP")


register(
    Format(
        name="BMP",
        extensions=(".bmp",),
        matches=is_bmp,
        decode=read,
        encode=encode,
        holds=Holds(dpi=(2**31 - 1) * 0.0254, metadata=frozenset({"dpi"})),
        errors=pillow.errors,
    )
)
