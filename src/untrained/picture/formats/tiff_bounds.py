"""Check what a TIFF states about its pages before they are decoded: planes, bytes, pieces.

tifffile takes the counts of OME-XML as they are, and image codecs give a strip or tile the size
that its own header states.
"""

import math
import re
from pathlib import Path
from typing import Any

from untrained.picture.formats import pillow
from untrained.picture.limits import check_bytes, check_picture
from untrained.picture.samples import PictureError

_MOST_PLANES = 10**6

_ALONG = (("Start", "0"), ("End", "0"), ("Step", "1"))
"""Attributes of a further axis of OME-XML, and their defaults."""

_PALETTE = 3

_PICTURES = frozenset((6, 7, 33003, 33004, 33005, 34712, 34892, 34933, 50001))
"""Compressions by JPEG, JPEG 2000, PNG and WebP."""

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


def check_page(path: Path, page: Any, slices: int = 1) -> None:
    """Refuse a page, or `slices` of its kind, over the limit, before decoding it.

    Raises
    ------
    PictureError
        If so; or if one of its strips or tiles is a picture larger than the page says.
    """
    itemsize = page.dtype.itemsize if page.dtype is not None else 1
    size = (slices * int(page.imagedepth), int(page.imagelength), int(page.imagewidth))
    channels = max(int(page.samplesperpixel), 3 if page.photometric == _PALETTE else 1)
    check_picture(path, size if size[0] > 1 else size[1:], channels, itemsize)
    piece = math.prod(page.chunks) if page.is_tiled else 0
    check_bytes(path, piece * itemsize, "a tile")


def check_pieces(path: Path, page: Any) -> None:
    """Refuse strips and tiles that are pictures larger than their page says.

    Raises
    ------
    PictureError
        If one is.
    """
    if int(page.compression) not in _PICTURES:
        return
    file = page.parent.filehandle
    most = 2 * math.prod(page.chunks) + _PADDING
    for place, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        file.seek(place)
        piece = file.read(count)
        kind = pillow.kind_of_stream(piece)
        if kind is None:
            continue
        with pillow.opened(kind, piece) as image:
            if image.width * image.height * len(image.getbands()) > most:
                raise PictureError(
                    f"{path} holds a piece of {image.width}x{image.height} pixels, more than its "
                    "page states: save it anew"
                )
