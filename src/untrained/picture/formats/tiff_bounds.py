"""Check what a TIFF states about its pages before they are decoded: planes, bytes, pieces.

tifffile takes the counts of OME-XML as they are, and image codecs give a strip or tile the size
that its own header states.
"""

import math
import re
import struct
from pathlib import Path
from typing import Any

from untrained.picture.formats import pillow
from untrained.picture.limits import check_bytes, check_picture
from untrained.picture.samples import PictureError

_MOST_PLANES = 10**6

_ALONG = (("Start", "0"), ("End", "0"), ("Step", "1"))
"""Attributes of a further axis of OME-XML, and their defaults."""

_PALETTE = 3

_PICTURES = frozenset((6, 7, 33003, 33004, 33005, 34712, 34887, 34892, 34933, 50001))
"""Compressions by JPEG, JPEG 2000, LERC, PNG and WebP."""

_LERC = b"Lerc2 "
_WITH_CHECKSUM = 3
"""Version of LERC from which a checksum is before the sides."""

_MOST_PIECES = 10**6
_MOST_SHARED = 64 * 2**20
"""Bytes that strips and tiles may share, in files that are smaller."""

_PADDING = 2**16
"""Samples by which a codec may round up the sides of a piece."""


def check_ome(path: Path, xml: str) -> None:
    """Refuse OME-XML that counts more planes than there can be, before lists are made of them.

    Raises
    ------
    PictureError
        If so, or if it places its planes in other files, which are not opened.
    """
    for pixels in re.findall(r"<(?:\w+:)?Pixels\b([^>]*)>", xml):
        _few(path, math.prod(map(int, re.findall(r'\bSize[A-WZ]="[\s+]*(\d{1,18})', pixels))))
    for number in re.findall(r'\b(?:PlaneCount|NumPlanes|IFD|First\w)="\s*(\d+)', xml):
        _few(path, int(number[:18]))
    for words in re.findall(r"<(?:\w+:)?Along\w\b([^>]*)>", xml):
        found = dict(re.findall(r'\b(Start|End|Step)="\s*([^"\s]*)', words))
        start, end, step = (float(found.get(k, d)) for k, d in _ALONG)
        _few(path, abs(end - start) / (abs(step) or math.inf))
    parts = set(re.findall(r"<(?:\w+:)?UUID\b[^>]*>([^<]*)<", xml))
    if len(parts) > 1 or "BinaryOnly" in xml:
        raise PictureError(
            f"{path} is part of an OME-TIFF of several files, and only one is read: give a file "
            "that holds the whole picture"
        )


def _few(path: Path, planes: float) -> None:
    if not planes <= _MOST_PLANES:
        raise PictureError(f"{path} counts {planes:.0f} planes: give a file of fewer")


def check_page(path: Path, page: Any) -> None:
    """Refuse a page over the limit, before decoding it.

    Raises
    ------
    PictureError
        If it is; one line.
    """
    size = (int(page.imagedepth), int(page.imagelength), int(page.imagewidth))
    channels = max(int(page.samplesperpixel), 3 if page.photometric == _PALETTE else 1)
    check_picture(path, size if size[0] > 1 else size[1:], channels, _itemsize(page))


def check_pieces(path: Path, *pages: Any) -> None:
    """Refuse absurdly many strips or tiles, shared ones, and ones larger than their page says.

    Raises
    ------
    PictureError
        If there is one; one line.
    """
    # A later page of a series only has its offsets: its keyframe says how it is stored.
    scattered = sum(len(page.dataoffsets) for page in pages if not page.keyframe.is_contiguous)
    if scattered > _MOST_PIECES:
        raise PictureError(f"{path} has {scattered} strips or tiles: save it anew with fewer")
    for page in pages:
        kept = page.keyframe
        if kept.is_tiled:
            check_bytes(path, math.prod(kept.chunks) * _itemsize(kept), "a tile")
        if sum(page.databytecounts) > max(_MOST_SHARED, 2 * page.parent.filehandle.size):
            raise PictureError(f"{path} has strips or tiles that share their bytes: save it anew")
        if int(kept.compression) in _PICTURES:
            _check_pictures(path, page)


def _itemsize(page: Any) -> int:
    return 1 if page.dtype is None else int(page.dtype.itemsize)


def _check_pictures(path: Path, page: Any) -> None:
    """Refuse strips and tiles whose own header states more than their page."""
    file = page.parent.filehandle
    most = 2 * math.prod(page.keyframe.chunks) + _PADDING
    for place, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        file.seek(place)
        width, height, samples = _stated(file.read(count))
        if width * height * samples > most:
            raise PictureError(
                f"{path} holds a piece of {width}x{height} pixels, more than its page states: save "
                "it anew"
            )


def _stated(piece: bytes) -> tuple[int, int, int]:
    """Read width, height and samples a pixel from the header of a picture; 0 if unknown."""
    if piece.startswith(_LERC):
        version = int.from_bytes(piece[6:10], "little")
        sides = piece[14:22] if version >= _WITH_CHECKSUM else piece[10:18]
        height, width = struct.unpack("<II", sides)
        return width, height, 1
    kind = pillow.kind_of_stream(piece)
    if kind is None:
        return 0, 0, 0
    with pillow.opened(kind, piece) as image:
        return image.width, image.height, len(image.getbands())
