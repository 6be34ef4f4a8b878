"""EXIF blocks: kept, with the fields corrected that speak of orientation and size."""

from PIL import ExifTags, Image

from untrained.picture.picture import Picture

ORIENTATION = ExifTags.Base.Orientation.value
"""Tag of the orientation, 1 (upright) to 8."""


def exif_bytes(exif: Image.Exif) -> bytes | None:
    """EXIF as a block, orientation reset since the pixels are upright."""
    if not len(exif):
        return None
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    return exif.tobytes()


def exif_for(picture: Picture) -> bytes:
    """EXIF whose fields of width and height, when present, are those of this picture."""
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
