"""WebP, written losslessly."""

from pathlib import Path

from untrained.picture.formats import pillow
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture


def is_webp(data: bytes) -> bool:
    """Say whether these bytes begin a WebP."""
    return data.startswith(b"RIFF") and data[8:12] == b"WEBP"


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode a picture; PictureError says what is wrong with the file."""
    with pillow.opened("WEBP", data) as image:
        return pillow.picture_of(path, image)


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
        holds=Holds(alpha=True, side=16383),
        errors=pillow.errors,
    )
)
