"""8-bit PNG, JPEG, WebP and BMP, through Pillow."""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from untrained.picture.formats.channels import (
    check_size,
    interleaved,
    refuse_pages,
    split_alpha,
    upright,
)
from untrained.picture.formats.exif import ORIENTATION, exif_bytes, exif_for
from untrained.picture.formats.png import copied_chunks, with_chunks
from untrained.picture.jpeg import Compression
from untrained.picture.metadata import Metadata
from untrained.picture.picture import Picture, make_picture
from untrained.picture.samples import PictureError


def read(path: Path, data: bytes) -> Picture:
    """Decode a whole picture; PictureError says what is wrong with it."""
    with opened(data) as image:
        check_size(path, image.height, image.width)
        refuse_pages(path, int(getattr(image, "n_frames", 1)))
        exif = image.getexif()
        metadata = Metadata(
            format=str(image.format),
            icc=image.info.get("icc_profile"),
            dpi=_dpi(image.info.get("dpi")),
            chunks=copied_chunks(data) if image.format == "PNG" else (),
        )
        image.load()
        samples = upright(np.asarray(_expanded(image)), exif.get(ORIENTATION, 1))
        compression = _compression(image)
        if compression is not None:
            turn = exif.get(ORIENTATION, 1)
            compression = compression.upright(turn, (samples.shape[0], samples.shape[1]))
        metadata = replace(metadata, exif=exif_bytes(exif), compression=compression)
        colour, alpha = split_alpha(samples, has_alpha=_expanded(image).mode in ("LA", "RGBA"))
        return make_picture(colour, alpha=alpha, cmyk=image.mode == "CMYK", metadata=metadata)


def encode(name: str, picture: Picture) -> bytes:
    """Encode 8-bit samples as PNG, JPEG (quality 95, 4:4:4), lossless WebP or BMP."""
    samples = interleaved(picture)
    colours = "CMYK" if picture.cmyk else {1: "L", 3: "RGB"}[picture.channels]
    mode = colours if picture.alpha is None else colours + "A"
    size = (picture.width, picture.height)
    image = Image.frombytes(mode, size, samples.tobytes())
    options: dict[str, Any] = {
        "JPEG": {"quality": 95, "subsampling": 0},
        "WebP": {"lossless": True, "quality": 80, "exact": True},
    }.get(name, {})
    info = picture.metadata
    if info.icc and name != "BMP":
        options["icc_profile"] = info.icc
    if info.exif and name != "BMP":
        options["exif"] = exif_for(picture)
    if info.dpi and name in ("JPEG", "BMP", "PNG"):
        options["dpi"] = info.dpi
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    data = buffer.getvalue()
    return with_chunks(data, picture, taken=(b"pHYs",)) if name == "PNG" else data


@contextlib.contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """Open with Pillow, its own limit on pixels set aside: ours is checked right after."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP", "BMP", "TIFF"]) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _compression(image: Image.Image) -> Compression | None:
    """How a JPEG was compressed, where its channels are grey, or luma and colours."""
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


def _expanded(image: Image.Image) -> Image.Image:
    """Palettes, bits and transparent colours as plain samples."""
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


def _dpi(value: Any) -> tuple[float, float] | None:
    return None if value is None else (float(value[0]), float(value[1]))
