"""Tags of a TIFF that say nothing of its samples: kept, and moved with the pixels."""

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from untrained.picture.formats.exif import exif_for
from untrained.picture.metadata import Metadata, Tag
from untrained.picture.picture import Picture

_TEXTS = (271, 272, 305, 306, 315, 33432)
"""Written from the EXIF block."""
_OWN = frozenset(
    # What says how samples are stored or is kept by itself: description, resolution, profile, XMP.
    (*range(254, 301), *range(301, 349), *range(512, 534), 559, 700, 34675, 34022, 50838, 50839)
)
_DIRECTORIES = (ExifTags.IFD.Exif.value, ExifTags.IFD.GPSInfo.value, 40965, 330, 400)
_XMP = 700
_SCALE, _TIEPOINTS, _TRANSFORMATION = 33550, 33922, 34264
"""GeoTIFF (OGC 19-008r4, section 7.2): size of a pixel, known places, and the two in a matrix."""
_TYPES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17)

ExtraTag = tuple[int | str, int, int, Any, bool]


def read_tags(page: Any) -> tuple[tuple[Tag, ...], tuple[str, ...]]:
    """Take the tags of a page that are to be kept, and say which cannot be."""
    kept: list[Tag] = []
    lost: list[str] = []
    for tag in page.tags:
        if tag.code in _OWN or tag.code in _TEXTS or tag.code in _DIRECTORIES:
            continue
        found = Tag(int(tag.code), int(tag.dtype), int(tag.count), tag.value)
        if found.type in _TYPES and _can_be_written(found):
            kept.append(found)
        else:
            lost.append(f"tag {tag.code}")
    return tuple(kept), tuple(lost)


def read_xmp(page: Any) -> bytes | None:
    """Take the XMP packet of a page."""
    value = page.tags.valueof(_XMP)
    return bytes(value) if isinstance(value, bytes) and value else None


def extra_tags(picture: Picture) -> list[ExtraTag]:
    """List what is to be written beside the samples, for tifffile."""
    info = picture.metadata
    found = [_extra(tag) for tag in _moved(info, picture)]
    if info.xmp:
        found.append((_XMP, 1, len(info.xmp), info.xmp, True))
    return found + [(code - 1, 4, 1, 0, True) for code, _ in _exif_directories(picture)]


def with_directories(data: bytes, picture: Picture) -> bytes:
    """Append the EXIF and GPS directories to a TIFF.

    tifffile writes no tags for them, so `extra_tags` has reserved each by the code before it.
    """
    import tifffile  # noqa: PLC0415

    directories = list(_exif_directories(picture))
    if not directories:
        return data
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        order = file.byteorder
        tags = file.pages.first.tags
        reserved = {code: tags[code - 1] for code, _ in directories}
        places = {code: (tag.offset, tag.valueoffset) for code, tag in reserved.items()}
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 0)
    whole = bytearray(data)
    for code, fields in directories:
        whole += bytes(len(whole) % 2)
        directory = ImageFileDirectory_v2(head, group=code)
        for name, value in fields.items():
            directory[name] = value
        entry, value_at = places[code]
        struct.pack_into(f"{order}H", whole, entry, code)
        struct.pack_into(f"{order}I", whole, value_at, len(whole))
        whole += directory.tobytes(len(whole))
    return bytes(whole)


def _exif_directories(picture: Picture) -> Iterator[tuple[int, dict[int, Any]]]:
    """The EXIF and GPS fields of a picture; not in a BigTIFF, whose directories differ."""
    if not picture.metadata.exif or picture.stored.nbytes > _CLASSIC:
        return
    exif = Image.Exif()
    exif.load(exif_for(picture))
    for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        # A directory within a directory, of interoperability, points into the file it was in.
        fields = {
            tag: value
            for tag, value in exif.get_ifd(directory).items()
            if tag != ExifTags.IFD.Interop.value
        }
        if fields:
            yield directory.value, fields


_CLASSIC = 2**31
"""Bytes of samples up to which 32 bits surely reach what follows them."""


def _moved(info: Metadata, picture: Picture) -> Iterator[Tag]:
    """The kept tags, those of places changed with the number of pixels."""
    if info.original is None:
        return
    down, across = (new / old for new, old in zip(picture.size[-2:], info.original, strict=True))
    steps = {
        _SCALE: ((across, -1), (down, -1), (1.0, 1)),
        _TIEPOINTS: ((across, 1), (down, 1), (1.0, 1), (1.0, 1), (1.0, 1), (1.0, 1)),
        _TRANSFORMATION: ((across, -1), (down, -1), (1.0, 1), (1.0, 1)),
    }
    for tag in info.tags:
        factors = steps.get(tag.code)
        if factors is None or (down, across) == (1, 1):
            yield tag
        else:
            each = np.array([factor**power for factor, power in factors])
            value = np.array(tag.value, float) * np.resize(each, tag.length)
            yield tag._replace(value=tuple(value.tolist()))


def _extra(tag: Tag) -> ExtraTag:
    value, count = tag.value, tag.length
    if tag.type == 2:
        value = value if isinstance(value, bytes) else _text(value)
        count = len(value) + 1
    return (_key(tag.code), tag.type, count, value, True)


def _key(code: int) -> int | str:
    """Name a tag for tifffile, which writes some only by their names."""
    import tifffile  # noqa: PLC0415

    return str(tifffile.TIFF.TAGS[code]) if code in tifffile.TIFF.TAG_FILTERED else code


def _text(value: Any) -> bytes:
    words = "\0".join(value) if isinstance(value, list | tuple) else str(value)
    return words.encode("utf-8", "surrogateescape")


def _can_be_written(tag: Tag) -> bool:
    """Try a tag on a picture of one pixel: files hold what no encoder takes."""
    import tifffile  # noqa: PLC0415

    try:
        tifffile.imwrite(
            io.BytesIO(),
            np.zeros((1, 1), np.uint8),
            metadata=None,
            software=False,
            extratags=[_extra(tag)],
        )
    except (ValueError, TypeError, struct.error, IndexError, OverflowError, UnicodeError):
        return False
    return True
