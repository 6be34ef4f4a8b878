"""Picture files: read and write PNG, JPEG, TIFF, WebP and BMP without losing a bit.

Pillow reads and writes 8-bit files; it would quietly halve the depth of a 16-bit colour PNG, so
those go through imagecodecs, and TIFF goes through tifffile.
"""

import contextlib
import io
import os
import struct
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from untrained.errors import RequestError
from untrained.image import (
    Metadata,
    Picture,
    PictureError,
    Samples,
    as_picture,
    make_picture,
)

LARGEST = 500_000_000
"""Pixels above which a file is refused by its header."""

_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_COPIED_CHUNKS = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME")
_ORIENTATION = ExifTags.Base.Orientation.value


def read(path: str | Path) -> Picture:
    """Read a picture.

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, WebP or BMP of one page; EXIF orientation is applied.

    Raises
    ------
    PictureError
        If there is no such file or it is no whole picture of these formats; one line.
    """
    path = Path(path)
    data = _bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decoder(data)(path, data)
    except RequestError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"{path} is not a PNG, JPEG, TIFF, WebP or BMP picture") from error
    except MemoryError as error:
        raise PictureError(f"{path} does not fit in memory") from error
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is damaged or not a picture: {what}") from error


def mask(source: Any, size: tuple[int, int]) -> Tensor:
    """Read a mask.

    Parameters
    ----------
    source
        Path of a picture, a Picture, or an array ``(H, W[, C])``; bool, integer or float.
    size
        H and W that it must have.

    Returns
    -------
    Bool ``(1, 1, H, W)``, True where the mean of the channels is over half of white.

    Raises
    ------
    PictureError
        If it cannot be read or has another size.
    """
    picture = read(source) if isinstance(source, str | Path) else as_picture(source)
    if (picture.height, picture.width) != size:
        raise PictureError(
            f"the mask is {picture.width}x{picture.height}, the picture {size[1]}x{size[0]}: they "
            "must match"
        )
    return picture.pixels.mean(dim=1, keepdim=True) > 0.5


def check_writable(path: str | Path, picture: Picture, *, overwrite: bool = False) -> None:
    """Check before the long work that a picture like this one can be written.

    Raises
    ------
    PictureError
        If the folder does not exist or is not writable, the file exists and may not be replaced, or
        the format named by the extension is unknown or cannot hold the picture.
    """
    path = Path(path)
    _encoder(path)(picture)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise PictureError(f"the folder {path.parent} does not exist: make it first")
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a file name")
    if not os.access(folder, os.W_OK):
        raise PictureError(f"the folder {path.parent} cannot be written to")
    if path.exists() and not overwrite:
        raise PictureError(f"{path} exists: choose another name or give --overwrite")


def write(path: str | Path, picture: Any, *, overwrite: bool = False) -> None:
    """Write a picture, whole or not at all.

    Parameters
    ----------
    path
        Its extension says the format. JPEG is written at quality 95 without chroma subsampling,
        WebP without loss.
    picture
        A Picture, a Restoration, or an array or tensor as for `as_picture`.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    PictureError
        As for `check_writable`.
    OSError
        If the disk is full or fails; an old file is untouched.
    """
    path = Path(path)
    shown = picture if isinstance(picture, Picture) else getattr(picture, "restored", None)
    shown = as_picture(picture) if shown is None else shown
    check_writable(path, shown, overwrite=overwrite)
    replace_file(path, _encoder(path)(shown)())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it.

    Raises
    ------
    OSError
        If that fails; an old file is untouched and no temporary one stays.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_permissions(target))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _permissions(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o777
    current = os.umask(0)
    os.umask(current)
    return 0o666 & ~current


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a picture file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from error
    if not data:
        raise PictureError(f"{path} is empty")
    return data


def _decoder(data: bytes) -> Callable[[Path, bytes], Picture]:
    if data.startswith(_TIFF):
        return _read_tiff
    if data.startswith(_PNG) and len(data) > 25 and data[24] == 16:
        return _read_deep_png
    return _read_pillow


def _check_size(path: Path, height: int, width: int) -> None:
    if height * width > LARGEST:
        raise PictureError(
            f"{path} says it has {width}x{height} pixels, over {LARGEST // 10**6} megapixels: cut "
            "it into parts"
        )


def _refuse_pages(path: Path, count: int) -> None:
    if count > 1:
        raise PictureError(f"{path} holds {count} pictures: give a file of one")


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Open with Pillow, its own limit on pixels set aside: ours is checked right after."""
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP", "BMP", "TIFF"]) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _read_pillow(path: Path, data: bytes) -> Picture:
    with _opened(data) as image:
        _check_size(path, image.height, image.width)
        _refuse_pages(path, int(getattr(image, "n_frames", 1)))
        exif = image.getexif()
        metadata = Metadata(
            format=str(image.format),
            icc=image.info.get("icc_profile"),
            dpi=_dpi(image.info.get("dpi")),
            chunks=_copied_chunks(data) if image.format == "PNG" else (),
            quantization=dict(getattr(image, "quantization", None) or {}) or None,
        )
        image.load()
        upright = _upright(np.asarray(_expanded(image)), exif.get(_ORIENTATION, 1))
        metadata = replace(metadata, exif=_exif_bytes(exif))
        colour, alpha = _split(upright, has_alpha=_expanded(image).mode in ("LA", "RGBA"))
        return make_picture(colour, alpha=alpha, cmyk=image.mode == "CMYK", metadata=metadata)


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


def _split(samples: Samples, *, has_alpha: bool) -> tuple[Samples, Samples | None]:
    if samples.ndim == 2:
        samples = samples[..., None]
    samples = np.ascontiguousarray(samples)
    if not has_alpha:
        return samples, None
    return np.ascontiguousarray(samples[..., :-1]), np.ascontiguousarray(samples[..., -1])


def _upright(samples: Samples, orientation: int) -> Samples:
    """Apply an EXIF orientation, 1 to 8."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return np.ascontiguousarray(samples)


def _exif_bytes(exif: Image.Exif) -> bytes | None:
    """EXIF as a block, orientation reset since the pixels are upright."""
    if not len(exif):
        return None
    if _ORIENTATION in exif:
        exif[_ORIENTATION] = 1
    return exif.tobytes()


def _dpi(value: Any) -> tuple[float, float] | None:
    return None if value is None else (float(value[0]), float(value[1]))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the chunks of a PNG; stops at a cut one."""
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        if at + 12 + length > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _copied_chunks(data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, body) for name, body in _chunks(data) if name in _COPIED_CHUNKS)


def _read_deep_png(path: Path, data: bytes) -> Picture:
    import imagecodecs

    width, height = struct.unpack(">II", data[16:24])
    _check_size(path, height, width)
    chunks = dict(_chunks(data))
    if b"IEND" not in chunks:
        raise PictureError(f"{path} is cut short")
    if b"acTL" in chunks:
        _refuse_pages(path, struct.unpack(">I", chunks[b"acTL"][:4])[0])
    exif = Image.Exif()
    if b"eXIf" in chunks:
        exif.load(chunks[b"eXIf"])
    samples = _upright(imagecodecs.png_decode(data), exif.get(_ORIENTATION, 1))
    count = 1 if samples.ndim == 2 else samples.shape[2]
    colour, alpha = _split(samples, has_alpha=count in (2, 4))
    metadata = Metadata(
        format="PNG",
        exif=_exif_bytes(exif),
        icc=_icc_of_chunk(chunks.get(b"iCCP")),
        chunks=_copied_chunks(data),
    )
    return make_picture(colour, alpha=alpha, metadata=metadata)


def _icc_of_chunk(body: bytes | None) -> bytes | None:
    if body is None:
        return None
    return zlib.decompress(body[body.index(b"\0") + 2 :])


def _read_tiff(path: Path, data: bytes) -> Picture:
    import tifffile  # noqa: PLC0415

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages: list[Any] = [page for page in file.pages if not page.aspage().is_reduced]
        _refuse_pages(path, len(pages))
        page = pages[0].aspage()
        _check_size(path, page.imagelength, page.imagewidth)
        _refuse_pages(path, page.imagedepth)
        samples = page.asarray()
        samples = np.moveaxis(samples, 0, -1) if page.axes.startswith("S") else samples
        samples = _tiff_samples(path, page, samples)
        orientation = page.tags.valueof(_ORIENTATION, 1)
        extra = tuple(int(e) for e in page.extrasamples or ())
        cmyk = int(page.photometric or 0) == tifffile.PHOTOMETRIC.SEPARATED
        icc, description = page.tags.valueof(34675), page.tags.valueof(270)
        dpi = _tiff_dpi(page)
    colour, alpha = _split(_upright(samples, orientation), has_alpha=extra[-1:] in ((1,), (2,)))
    metadata = Metadata(
        format="TIFF",
        exif=_tiff_exif(data),
        icc=icc,
        dpi=dpi,
        description=description if isinstance(description, str) else None,
    )
    return make_picture(colour, alpha=alpha, cmyk=cmyk and colour.shape[-1] == 4, metadata=metadata)


def _tiff_samples(path: Path, page: Any, samples: Samples) -> Samples:
    """Undo palettes, inverted grey and depths below 8 bits."""
    import tifffile  # noqa: PLC0415

    if samples.ndim not in (2, 3):
        raise PictureError(f"{path} holds an array of shape {samples.shape}: give one picture")
    photometric = int(page.photometric if page.photometric is not None else 1)
    if photometric == tifffile.PHOTOMETRIC.PALETTE:
        return np.asarray((page.colormap.T[samples] >> 8).astype(np.uint8))
    bits = page.bitspersample
    if samples.dtype == bool or (samples.dtype == np.uint8 and bits < 8):
        samples = (samples.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8)
    if photometric == tifffile.PHOTOMETRIC.MINISWHITE and samples.dtype.kind == "u":
        samples = np.iinfo(samples.dtype).max - samples
    return samples


def _tiff_dpi(page: Any) -> tuple[float, float] | None:
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if not x or not y or page.tags.valueof(296, 2) not in (2, 3):
        return None
    inch = 2.54 if page.tags.valueof(296, 2) == 3 else 1.0
    return (inch * x[0] / x[1], inch * y[0] / y[1])


def _tiff_exif(data: bytes) -> bytes | None:
    """EXIF fields of a TIFF, where Pillow understands its header."""
    try:
        with _opened(data) as image:
            whole = image.getexif()
            kept = Image.Exif()
            for tag in (271, 272, 305, 306, 315, 33432):
                if tag in whole:
                    kept[tag] = whole[tag]
            for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
                if fields := whole.get_ifd(ifd):
                    kept.get_ifd(ifd).update(fields)
                    kept[ifd] = dict(fields)
            return kept.tobytes() if len(kept) else None
    except UnidentifiedImageError:
        return None


_Encode = Callable[[], bytes]


def _encoder(path: Path) -> Callable[[Picture], _Encode]:
    """The writer that the extension names: it checks a picture, then encodes it."""
    name = _FORMATS.get(path.suffix.lower())
    if name is None:
        raise PictureError(
            f"{path.name} has no extension of a known format: use one of {', '.join(_FORMATS)}"
        )
    return lambda picture: _checked(name, picture)


_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
    ".bmp": "BMP",
}


def _checked(name: str, picture: Picture) -> _Encode:
    """Refuse what the format cannot hold; give the encoding still to be done."""
    depth = picture.stored.dtype
    if name == "TIFF":
        return lambda: _tiff_bytes(picture)
    if depth not in (np.uint8, bool) and not (name == "PNG" and depth == np.uint16):
        holds = "8 and 16-bit" if name == "PNG" else "8-bit"
        better = ".tif" if name == "PNG" or depth != np.uint16 else ".png or .tif"
        raise PictureError(
            f"{name} holds {holds} pictures; this one has samples of type {depth} "
            f"({8 * depth.itemsize} bits): use {better}"
        )
    if picture.cmyk and name != "JPEG":
        raise PictureError(f"{name} cannot hold CMYK: use .tif or .jpg")
    if not picture.cmyk and picture.channels not in (1, 3):
        raise PictureError(f"{name} cannot hold {picture.channels} channels: use .tif")
    if picture.alpha is not None and name in ("JPEG", "BMP"):
        raise PictureError(f"{name} cannot hold transparency: use .png, .webp or .tif")
    if depth == np.uint16:
        return lambda: _deep_png_bytes(picture)
    return lambda: _pillow_bytes(name, picture)


def _interleaved(picture: Picture) -> Samples:
    samples = picture.stored
    if samples.dtype == bool:
        samples = samples.astype(np.uint8) * 255
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[..., None]], axis=2)
    return np.ascontiguousarray(samples[..., 0] if samples.shape[2] == 1 else samples)


def _pillow_bytes(name: str, picture: Picture) -> bytes:
    samples = _interleaved(picture)
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
        options["exif"] = _exif_for(picture)
    if info.dpi and name in ("JPEG", "BMP", "PNG"):
        options["dpi"] = info.dpi
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    data = buffer.getvalue()
    return _with_chunks(data, picture, taken=(b"pHYs",)) if name == "PNG" else data


def _exif_for(picture: Picture) -> bytes:
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


def _with_chunks(data: bytes, picture: Picture, taken: tuple[bytes, ...] = ()) -> bytes:
    """Put the kept ancillary chunks after the header of a PNG."""
    chunks = [(name, body) for name, body in picture.metadata.chunks if name not in taken]
    after_header = len(_PNG) + 12 + 13
    packed = b"".join(_packed_chunk(name, body) for name, body in chunks)
    return data[:after_header] + packed + data[after_header:]


def _packed_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _deep_png_bytes(picture: Picture) -> bytes:
    import imagecodecs

    data = bytes(imagecodecs.png_encode(_interleaved(picture)))
    info = picture.metadata
    chunks = info.chunks
    if info.icc:
        chunks = (*chunks, (b"iCCP", b"ICC profile\0\0" + zlib.compress(info.icc)))
    if info.exif:
        chunks = (*chunks, (b"eXIf", _exif_for(picture).removeprefix(b"Exif\0\0")))
    if info.dpi and b"pHYs" not in dict(chunks):
        per_metre = [round(dots / 0.0254) for dots in info.dpi]
        chunks = (*chunks, (b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    return _with_chunks(data, replace(picture, metadata=replace(info, chunks=chunks)))


def _tiff_bytes(picture: Picture) -> bytes:
    import tifffile  # noqa: PLC0415

    samples = _interleaved(picture)
    colours = picture.channels
    photometric = "separated" if picture.cmyk else "rgb" if colours == 3 else "minisblack"
    base = {"separated": 4, "rgb": 3, "minisblack": 1}[photometric]
    extra = ["unspecified"] * (colours - base) + ["unassalpha"] * (picture.alpha is not None)
    info = picture.metadata
    buffer = io.BytesIO()
    options: dict[str, Any] = {"extrasamples": extra} if extra else {}
    if info.dpi:
        options |= {"resolution": info.dpi, "resolutionunit": "INCH"}
    tifffile.imwrite(
        buffer,
        samples,
        photometric=photometric,
        planarconfig="contig" if samples.ndim == 3 else None,
        compression="zlib",
        iccprofile=info.icc,
        description=info.description,
        metadata=None,
        software=False,
        extratags=_tiff_tags(picture),
        **options,
    )
    return buffer.getvalue()


def _tiff_tags(picture: Picture) -> list[tuple[int, int, int, str, bool]]:
    """Text fields of the EXIF block that are plain TIFF tags."""
    if not picture.metadata.exif:
        return []
    exif = Image.Exif()
    exif.load(picture.metadata.exif)
    texts = {tag: exif[tag] for tag in (271, 272, 305, 306, 315, 33432) if tag in exif}
    return [(tag, 2, 0, str(text), True) for tag, text in texts.items()]
