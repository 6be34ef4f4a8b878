"""EXIF blocks: kept, with corrected orientation and size."""

from pathlib import Path

from PIL import ExifTags, Image

from untrained.picture.formats.tiff_directories import check_directories
from untrained.picture.picture import Picture

ORIENTATION = ExifTags.Base.Orientation.value
"""Tag of the orientation, 1 (upright) to 8."""

_HEADER = 16
"""Bytes of the longest header, that of BigTIFF."""


def exif_bytes(exif: Image.Exif) -> bytes | None:
    """Serialise EXIF, with the orientation reset because the pixels are upright."""
    if not len(exif):
        return None
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    return exif.tobytes()


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
    return exif.tobytes()
