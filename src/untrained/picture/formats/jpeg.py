"""JPEG, grey, RGB or CMYK, and how it was compressed."""

from dataclasses import replace
from pathlib import Path

from PIL import Image

from untrained.picture.formats import pillow
from untrained.picture.formats.exif import ORIENTATION, check_exif
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.jpeg_tables import Compression
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError

_KEPT = frozenset({"exif", "icc", "dpi", "xmp", "comment"})
_EXIF, _SEVERAL = b"Exif\0\0", b"MPF\0"
_SCAN = b"\xff\xda"
_MOST_SCANS = 100
"""Each scan goes over the whole picture; encoders make some ten."""

_MOST_EXIF, _MOST_ICC = 65533, 255 * 65519
"""Most bytes of an EXIF block and of a profile."""


def is_jpeg(data: bytes) -> bool:
    """Say whether these bytes begin a JPEG."""
    return data.startswith(b"\xff\xd8\xff")


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode a picture; PictureError says what is wrong with the file."""
    if (scans := data.count(_SCAN)) > _MOST_SCANS:
        raise PictureError(f"{path} is a JPEG of {scans} scans: save it anew with fewer")
    exif, *several = _directories(data)
    for block in (exif, *several):
        check_exif(path, block)
    with pillow.opened("JPEG", data) as image:
        turn = image.getexif().get(ORIENTATION, 1)
        picture = pillow.picture_of(path, image)
        compression = _compression(image)
    if several:
        said = ("a further picture, such as a gain map or a large thumbnail",)
        picture = replace(picture, metadata=replace(picture.metadata, left_out=said))
    if compression is None:
        return picture
    compression = compression.upright(turn, (picture.height, picture.width))
    return replace(picture, metadata=replace(picture.metadata, compression=compression))


def encode(picture: Picture) -> bytes:
    """Encode at quality 95 without chroma subsampling."""
    return pillow.encode(picture, "JPEG", quality=95, subsampling=0)


def _refusal(picture: Picture) -> str | None:
    """Say why EXIF or profile do not fit: a marker has 64 kB, and a profile at most 255 markers."""
    info = picture.metadata
    blocks = {"an EXIF block": (info.exif, _MOST_EXIF), "a profile": (info.icc, _MOST_ICC)}
    for name, (block, most) in blocks.items():
        if block and len(block) > most:
            return f"JPEG holds {name} of at most {most} bytes; the picture has one of {len(block)}"
    return None


def _directories(data: bytes) -> list[bytes]:
    """List the blocks of EXIF, of all its segments, and of the pictures of a multi-picture file."""
    exif: list[bytes] = []
    blocks: list[bytes] = []
    at = 2
    while data[at : at + 1] == b"\xff" and data[at : at + 2] != _SCAN:
        body = data[at + 4 : at + 2 + int.from_bytes(data[at + 2 : at + 4])]
        if body.startswith(_EXIF):
            exif.append(body[len(_EXIF) :])
        elif body.startswith(_SEVERAL):
            blocks.append(body[len(_SEVERAL) :])
        at += max(4, 4 + len(body))
    return [b"".join(exif), *blocks]


def _compression(image: Image.Image) -> Compression | None:
    """Read the compression of a JPEG with grey, or luma and chroma channels; else None."""
    channels = getattr(image, "layer", None)
    if image.format != "JPEG" or not channels or image.mode not in ("L", "RGB"):
        return None
    if image.mode == "L":
        halving = (1, 1)
    else:
        names, across, down, _ = zip(*channels, strict=True)
        plain = image.info.get("adobe_transform") == 0 or names == tuple(b"RGB")
        halving = (down[0] // down[1], across[0] // across[1])
        if plain or max(halving) > 2 or {*across[1:], *down[1:]} != {1}:
            return None
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    return Compression(tuple(tuple(tables[channel[3]]) for channel in channels), halving)


register(
    Format(
        name="JPEG",
        extensions=(".jpg", ".jpeg"),
        matches=is_jpeg,
        decode=read,
        encode=encode,
        holds=Holds(
            cmyk=True,
            side=65500,
            dpi=65535,
            metadata=_KEPT,
        ),
        errors=pillow.errors,
        refusal=_refusal,
    )
)
