"""PNG: 8 bits through Pillow, 16 bits through imagecodecs.

Pillow would silently reduce 16-bit colour to 8 bits.
"""

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image

from untrained.picture.formats import pillow
from untrained.picture.formats.channels import (
    interleaved,
    refuse_pages,
    split_alpha,
    upright,
)
from untrained.picture.formats.exif import ORIENTATION, check_exif, exif_bytes, exif_for
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.limits import check_picture, inflated
from untrained.picture.metadata import Metadata, PagesAre
from untrained.picture.picture import Picture, in_grey_levels, make_picture
from untrained.picture.samples import PictureError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
"""Channels by the header's colour type, alpha among them."""

_MOST_PROFILE = 16 * 2**20
"""Most bytes of a colour profile; those of printers have two million."""

_MANY_CHUNKS = 10_000
_FEW_BYTES = 256
"""A file has no more chunks than these, or one in so many bytes: reading each takes time."""

_XMP = b"XML:com.adobe.xmp\0"
"""Begins the text chunk of an XMP packet."""
_COPIED_CHUNKS = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME")


def is_png(data: bytes) -> bool:
    """Say whether these bytes begin a PNG."""
    return data.startswith(_SIGNATURE)


def read(path: Path, data: bytes, _pages: PagesAre = "auto") -> Picture:
    """Decode a picture; PictureError says what is wrong with the file."""
    most = max(_MANY_CHUNKS, len(data) // _FEW_BYTES)
    if sum(1 for _ in itertools.islice(_places(data), most + 1)) > most:
        raise PictureError(f"{path} is a PNG of more than {most} chunks: save it anew")
    if len(data) > 25 and data[24] == 16:
        return _read_deep(path, data)
    with pillow.opened("PNG", data) as image:
        picture = pillow.picture_of(path, image)
    metadata = replace(picture.metadata, chunks=_copied_chunks(data))
    return replace(picture, metadata=metadata)


def encode(picture: Picture) -> bytes:
    """Encode samples of 8 or 16 bits with the kept chunks."""
    if picture.stored.dtype.itemsize == 2:
        return _encode_deep(picture)
    return _with_chunks(pillow.encode(picture, "PNG"), picture, taken=(b"pHYs",))


def _read_deep(path: Path, data: bytes) -> Picture:
    import imagecodecs

    width, height = struct.unpack(">II", data[16:24])
    check_picture(path, (height, width), _COLOURS.get(data[25], 4), 2)
    chunks = {name: body for name, body in _chunks(data) if name != b"IDAT"}
    if b"IEND" not in chunks:
        raise PictureError(f"{path} is truncated: give the whole file")
    if b"acTL" in chunks:
        refuse_pages(path, struct.unpack(">I", chunks[b"acTL"][:4])[0])
    exif = Image.Exif()
    if b"eXIf" in chunks:
        check_exif(path, chunks[b"eXIf"])
        exif.load(chunks[b"eXIf"])
    samples = upright(imagecodecs.png_decode(data), exif.get(ORIENTATION, 1))
    count = 1 if samples.ndim == 2 else samples.shape[2]
    colour, alpha = split_alpha(samples, has_alpha=count in (2, 4))
    metadata = Metadata(
        format="PNG",
        exif=exif_bytes(exif),
        icc=_icc_of_chunk(path, chunks.get(b"iCCP")),
        chunks=_copied_chunks(data),
        xmp=_xmp(data),
    )
    return make_picture(colour, alpha=alpha, metadata=metadata)


def _encode_deep(picture: Picture) -> bytes:
    import imagecodecs

    data = bytes(imagecodecs.png_encode(interleaved(picture)))
    info = picture.metadata
    chunks = info.chunks
    if info.icc:
        chunks = (*chunks, (b"iCCP", b"ICC profile\0\0" + zlib.compress(info.icc)))
    if info.exif:
        chunks = (*chunks, (b"eXIf", exif_for(picture).removeprefix(b"Exif\0\0")))
    if info.known_dpi and b"pHYs" not in dict(chunks):
        per_metre = [round(dots / 0.0254) for dots in info.known_dpi]
        chunks = (*chunks, (b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    return _with_chunks(data, replace(picture, metadata=replace(info, chunks=chunks)))


def _copied_chunks(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Select the ancillary chunks that a restored PNG keeps, as name and content."""
    return tuple((name, body) for name, body in _chunks(data) if name in _COPIED_CHUNKS)


def _with_chunks(data: bytes, picture: Picture, taken: tuple[bytes, ...] = ()) -> bytes:
    """Insert the kept ancillary chunks after the header of a PNG."""
    chunks = [(name, body) for name, body in picture.metadata.chunks if name not in taken]
    after_header = len(_SIGNATURE) + 12 + 13
    if picture.metadata.xmp and not any(body.startswith(_XMP) for _, body in chunks):
        chunks.append((b"iTXt", _XMP + bytes(4) + picture.metadata.xmp))
    packed = b"".join(_packed_chunk(name, body) for name, body in chunks)
    return data[:after_header] + packed + data[after_header:]


def _packed_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the chunks of a PNG; stop at a truncated one."""
    for at, length in _places(data):
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]


def _places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the chunks of a PNG begin, and the length of their content."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            return
        yield at, length
        at += 12 + length


def _xmp(data: bytes) -> bytes | None:
    """Find the XMP packet, if it is not compressed."""
    packets = (body for name, body in _chunks(data) if name == b"iTXt" and body.startswith(_XMP))
    found = next(packets, b"").removeprefix(_XMP)
    if found[:2] != b"\0\0":
        return None
    return found[2:].partition(b"\0")[2].partition(b"\0")[2] or None


def _icc_of_chunk(path: Path, body: bytes | None) -> bytes | None:
    if body is None:
        return None
    start = body.index(b"\0") + 2
    return inflated(path, body[start:], "a colour profile", _MOST_PROFILE)


def _errors() -> tuple[type[Exception], ...]:
    """List what Pillow raises, and RuntimeError, which imagecodecs raises."""
    return (*pillow.errors(), RuntimeError)


def _prepare(picture: Picture) -> Picture:
    return picture if picture.display_range is None else in_grey_levels(picture)


register(
    Format(
        name="PNG",
        extensions=(".png",),
        matches=is_png,
        decode=read,
        encode=encode,
        prepare=_prepare,
        holds=Holds(
            ("bool", "uint8", "uint16"),
            alpha=True,
            side=1_000_000,
            dpi=(2**32 - 1) * 0.0254,
            metadata=frozenset({"exif", "icc", "dpi", "xmp"}),
        ),
        errors=_errors,
    )
)
