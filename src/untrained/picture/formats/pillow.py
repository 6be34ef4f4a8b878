"""Decode and encode 8-bit PNG, JPEG, WebP and BMP through Pillow."""

import contextlib
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import (
    BmpImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from untrained.picture.formats.channels import (
    interleaved,
    refuse_pages,
    split_alpha,
    upright,
)
from untrained.picture.formats.exif import ORIENTATION, check_exif, exif_bytes, exif_for
from untrained.picture.limits import check_picture
from untrained.picture.metadata import Metadata
from untrained.picture.picture import Picture, make_picture
from untrained.picture.samples import PictureError

Kind = Literal["PNG", "JPEG", "WEBP", "BMP", "TIFF", "JPEG2000"]

_STREAMS: dict[Kind, tuple[bytes, ...]] = {
    "JPEG": (b"\xff\xd8\xff",),
    "JPEG2000": (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "WEBP": (b"RIFF",),
}
"""First bytes of pictures that other files hold."""

_OPEN: dict[Kind, Callable[[io.BytesIO], Image.Image]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "JPEG2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
}


def errors() -> tuple[type[Exception], ...]:
    """List what Pillow raises for a damaged file with a readable header."""
    return (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)


def picture_of(path: Path, image: Image.Image) -> Picture:
    """Decode an opened picture; PictureError says what is wrong with the file."""
    check_picture(path, (image.height, image.width), _channels(image), 1)
    refuse_pages(path, int(getattr(image, "n_frames", 1)))
    image.load()
    check_exif(path, image.info.get("exif"))
    exif = image.getexif()
    metadata = Metadata(
        format=str(image.format),
        icc=image.info.get("icc_profile"),
        dpi=_dpi(image.info.get("dpi")),
        xmp=_bytes(image.info.get("xmp")),
        comment=_bytes(image.info.get("comment")) if image.format == "JPEG" else None,
    )
    expanded = _expanded(image)
    mode = expanded.mode
    samples = np.asarray(expanded)
    # The samples are a copy: let go of what Pillow holds.
    del expanded
    image.close()
    samples = upright(samples, exif.get(ORIENTATION, 1))
    metadata = replace(metadata, exif=exif_bytes(exif))
    colour, alpha = split_alpha(samples, has_alpha=mode in ("LA", "RGBA"))
    del samples
    return make_picture(colour, alpha=alpha, cmyk=mode == "CMYK", metadata=metadata)


def encode(picture: Picture, kind: Kind, **options: Any) -> bytes:
    """Encode 8-bit samples, with profile, EXIF and resolution if the format can hold them.

    Parameters
    ----------
    picture
        The picture to encode.
    kind
        Pillow's name for the format.
    options
        Further options of Pillow's `save`.
    """
    samples = interleaved(picture)
    colours = "CMYK" if picture.cmyk else {1: "L", 3: "RGB"}[picture.channels]
    mode = colours if picture.alpha is None else colours + "A"
    image = Image.frombytes(mode, (picture.width, picture.height), samples.tobytes())
    info = picture.metadata
    if info.icc and kind != "BMP":
        options["icc_profile"] = info.icc
    if info.exif and kind != "BMP":
        options["exif"] = exif_for(picture)
    if info.xmp and kind in ("JPEG", "WEBP"):
        options["xmp"] = info.xmp
    if info.comment and kind == "JPEG":
        options["comment"] = info.comment
    if info.known_dpi and kind != "WEBP":
        options["dpi"] = info.known_dpi
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


@contextlib.contextmanager
def opened(kind: Kind, data: bytes) -> Iterator[Image.Image]:
    """Open with the plugin itself, because `Image.open` applies a process-wide pixel limit.

    The caller checks our own limit next.

    Raises
    ------
    UnidentifiedImageError
        If the header cannot be read, as from `Image.open`.
    PictureError
        If Pillow refuses the size all the same; its WebP plugin does so before decoding.
    """
    try:
        image = _OPEN[kind](io.BytesIO(data))
    except (SyntaxError, IndexError, KeyError, TypeError, EOFError, struct.error) as error:
        raise UnidentifiedImageError(f"its header cannot be read: {error}") from error
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"the {kind} is too large for Pillow, cut it into parts: {error}"
        ) from error
    with image:
        yield image


def kind_of_stream(data: bytes) -> Kind | None:
    """Recognise a picture that another file holds; None if Pillow does not know it."""
    return next((kind for kind, heads in _STREAMS.items() if data.startswith(heads)), None)


def _expanded(image: Image.Image) -> Image.Image:
    """Convert palettes, bits and transparent colours to plain samples."""
    clear = "transparency" in image.info
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if clear or image.mode == "PA" else "RGB")
    if image.mode in ("L", "RGB") and clear:
        return image.convert("LA" if image.mode == "L" else "RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    raise PictureError(f"colour mode {image.mode} is not supported: save the picture as RGB")


def _channels(image: Image.Image) -> int:
    """Count the channels of a picture and its alpha once it is expanded."""
    colours = {"1": 1, "P": 3, "PA": 3}.get(image.mode, len(image.getbands()))
    return colours + (image.mode == "PA" or "transparency" in image.info)


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) and value else None


def _dpi(value: Any) -> tuple[float, float] | None:
    return None if value is None else (float(value[0]), float(value[1]))
