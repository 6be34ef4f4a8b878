"""EXIF blocks: kept, with corrected orientation and size."""

from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from untrained.picture.formats.tiff_directories import check_directories
from untrained.picture.picture import Picture

ORIENTATION = ExifTags.Base.Orientation.value
"""Tag of the orientation, 1 (upright) to 8."""

_HEADER = 16
"""Bytes of the longest header, that of BigTIFF."""
_BLOCKS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)


def exif_bytes(exif: Image.Exif) -> bytes | None:
    """Serialise EXIF, with the orientation reset because the pixels are upright."""
    if not len(exif):
        return None
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    return serialised(exif)


def check_exif(path: Path, block: bytes | None) -> None:
    """Refuse an EXIF block whose fields take more memory than the block has bytes.

    Raises
    ------
    PictureError
        If they do, or if its directories form a loop.
    """
    while block is not None and block.startswith(b"Exif\0\0"):
        block = block[6:]
    if block is not None and len(block) >= _HEADER and block.startswith((b"II", b"MM")):
        check_directories(path, block)


def exif_for(picture: Picture) -> bytes:
    """Return the EXIF block with its width and height, if present, set to those of this picture."""
    exif = Image.Exif()
    exif.load(picture.metadata.exif or b"")
    fields = exif.get_ifd(ExifTags.IFD.Exif)
    sides = {
        ExifTags.Base.ExifImageWidth.value: picture.width,
        ExifTags.Base.ExifImageHeight.value: picture.height,
    }
    for tag, side in sides.items():
        if tag in fields:
            fields[tag] = side
    return serialised(exif)


def text_bytes(text: Any) -> bytes:
    """Return the bytes of a text field as they were: Pillow decodes each byte to a character."""
    if isinstance(text, bytes):
        return text
    try:
        return str(text).encode("latin-1")
    except UnicodeEncodeError:
        return str(text).encode("utf-8", "surrogateescape")


def serialised(exif: Image.Exif) -> bytes:
    """Serialise; text as bytes, because Pillow writes ``?`` for what is not ASCII."""
    for fields in (exif, *(exif.get_ifd(block) for block in _BLOCKS if block in exif)):
        for tag, value in list(fields.items()):
            if isinstance(value, str) and not value.isascii():
                fields[tag] = text_bytes(value)
    return exif.tobytes()
