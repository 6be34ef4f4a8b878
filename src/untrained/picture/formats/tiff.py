"""TIFF of any bit depth, also float, through tifffile."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from untrained.picture.formats import tiff_pages as several
from untrained.picture.formats.channels import interleaved, split_alpha, upright
from untrained.picture.formats.dicom import is_dicom
from untrained.picture.formats.exif import ORIENTATION, serialised, text_bytes
from untrained.picture.formats.pillow import opened
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.formats.tiff_bounds import check_ome, check_page, check_pieces
from untrained.picture.formats.tiff_directories import check_directories
from untrained.picture.formats.tiff_tags import extra_tags, read_tags, read_xmp, with_directories
from untrained.picture.metadata import Metadata, PagesAre
from untrained.picture.picture import Picture, make_picture
from untrained.picture.samples import PictureError, Samples

_KEPT = frozenset({"exif", "icc", "dpi", "xmp", "description", "tags", "pixels_per_unit"})
_OTHER_SPACES = {8: "CIELAB", 9: "ICC Lab", 10: "ITU Lab", 32844: "LogL", 32845: "LogLuv"}
"""Colour spaces whose samples are neither grey, RGB nor CMYK, by TIFF's number."""
_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_tiff(data: bytes) -> bool:
    """Say whether these bytes begin a TIFF or BigTIFF; a DICOM preamble may look like one."""
    return data.startswith(_SIGNATURES) and not is_dicom(data)


def read(path: Path, data: bytes, pages: PagesAre = "auto") -> Picture:
    """Decode a picture, or all pages; PictureError says what is wrong with the file."""
    import tifffile  # noqa: PLC0415

    check_directories(path, data)
    with tifffile.TiffFile(io.BytesIO(data), _multifile=False) as file:
        if file.is_ome:
            check_ome(path, file.ome_metadata or "")
        if _has_several(file):
            return several.read(path, file, pages)
        page = _whole_pages(file)[0]
        check_page(path, page)
        check_pieces(path, page)
        samples = page.asarray()
        samples = np.moveaxis(samples, 0, -1) if page.axes.startswith("S") else samples
        samples = _samples(path, page, samples)
        orientation = page.tags.valueof(ORIENTATION, 1)
        extra = tuple(int(e) for e in page.extrasamples or ())
        cmyk = int(page.photometric or 0) == tifffile.PHOTOMETRIC.SEPARATED
        icc, description = page.tags.valueof(34675), page.tags.valueof(270)
        dpi, per_unit = _dpi(page), _per_unit(page)
        (tags, lost), xmp = read_tags(page), read_xmp(page)
    colour, alpha = split_alpha(upright(samples, orientation), has_alpha=extra[-1:] in ((1,), (2,)))
    metadata = Metadata(
        format="TIFF",
        exif=_exif(data),
        icc=icc,
        dpi=dpi,
        description=description if isinstance(description, str) else None,
        xmp=xmp,
        tags=tags,
        pixels_per_unit=per_unit,
        original=(colour.shape[0], colour.shape[1]),
        premultiplied=extra[-1:] == (1,),
        left_out=lost,
    )
    return make_picture(colour, alpha=alpha, cmyk=cmyk and colour.shape[-1] == 4, metadata=metadata)


def encode(picture: Picture) -> bytes:
    """Encode samples of any bit depth with the kept tags."""
    import tifffile  # noqa: PLC0415

    pages = picture.metadata.pages
    if picture.is_volume or (pages is not None and len(pages.letters) > 2):
        return several.encode(picture)
    samples = interleaved(picture, premultiplied=True)
    colours = picture.channels
    photometric = "separated" if picture.cmyk else "rgb" if colours == 3 else "minisblack"
    base = {"separated": 4, "rgb": 3, "minisblack": 1}[photometric]
    info = picture.metadata
    alpha = "assocalpha" if info.premultiplied else "unassalpha"
    extra = ["unspecified"] * (colours - base) + [alpha] * (picture.alpha is not None)
    buffer = io.BytesIO()
    options: dict[str, Any] = {"extrasamples": extra} if extra else {}
    if info.known_dpi:
        options |= _resolution(info.known_dpi)
    elif info.pixels_per_unit and info.original:
        pairs = zip(info.pixels_per_unit, picture.size[::-1], info.original[::-1], strict=True)
        finer = tuple(pixels * new / old for pixels, new, old in pairs)
        options |= {"resolution": finer, "resolutionunit": "NONE"}
    tifffile.imwrite(
        buffer,
        samples,
        photometric=photometric,
        planarconfig="contig" if samples.ndim == 3 else None,
        compression="zlib",
        bigtiff=samples.nbytes > several.CLASSIC,
        iccprofile=info.icc,
        description=several.as_bytes(info.description),
        metadata=None,
        software=False,
        extratags=[*_text_tags(picture), *extra_tags(picture)],
        **options,
    )
    return with_directories(buffer.getvalue(), picture)


def _whole_pages(file: Any) -> list[Any]:
    """List the pages without thumbnails."""
    return [page.aspage() for page in file.pages if not page.aspage().is_reduced]


def _has_several(file: Any) -> bool:
    """Return whether the file has several pages, or one that stands for several."""
    whole = _whole_pages(file)
    if len(whole) != 1:
        return True
    page = whole[0]
    # A damaged tag may hold several numbers.
    pixels = int(page.imagelength) * int(page.imagewidth) * int(page.samplesperpixel)
    return bool(file.series[0].size > pixels)


def _samples(path: Path, page: Any, samples: Samples) -> Samples:
    """Expand palettes, inverted grey and bit depths below 8."""
    import tifffile  # noqa: PLC0415

    if samples.ndim not in (2, 3):
        raise PictureError(f"{path} holds an array of shape {samples.shape}: give one picture")
    photometric = int(page.photometric if page.photometric is not None else 1)
    if photometric == tifffile.PHOTOMETRIC.PALETTE:
        if page.colormap is None:
            raise PictureError(f"{path} has indices but no palette: give the whole file")
        return np.asarray((page.colormap.T[samples] >> 8).astype(np.uint8))
    if photometric in _OTHER_SPACES:
        raise PictureError(
            f"{path} is in {_OTHER_SPACES[photometric]}: convert it to grey, RGB or CMYK"
        )
    bits = page.bitspersample
    if samples.dtype == bool or (samples.dtype == np.uint8 and bits < 8):
        samples = (samples.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8)
    if photometric == tifffile.PHOTOMETRIC.MINISWHITE and samples.dtype.kind == "u":
        samples = np.iinfo(samples.dtype).max - samples
    return samples


def _dpi(page: Any) -> tuple[float, float] | None:
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if not x or not y or page.tags.valueof(296, 2) not in (2, 3):
        return None
    inch = 2.54 if page.tags.valueof(296, 2) == 3 else 1.0
    return (inch * x[0] / x[1], inch * y[0] / y[1])


def _per_unit(page: Any) -> tuple[float, float] | None:
    """Pixels per unit where the unit is none of TIFF's: that of ImageJ is in the description."""
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if not x or not y or not all((*x, *y)) or page.tags.valueof(296, 2) in (2, 3):
        return None
    found = x[0] / x[1], y[0] / y[1]
    return None if found == (1, 1) else found  # what writers put where nothing is known


def _exif(data: bytes) -> bytes | None:
    """Read the EXIF fields of a TIFF; None if Pillow cannot read its header."""
    try:
        with opened("TIFF", data) as image:
            whole = image.getexif()
            kept = Image.Exif()
            for tag in (271, 272, 305, 306, 315, 33432):
                if tag in whole:
                    kept[tag] = whole[tag]
            for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
                if fields := whole.get_ifd(ifd):
                    kept.get_ifd(ifd).update(fields)
                    kept[ifd] = dict(fields)
            return serialised(kept) if len(kept) else None
    except UnidentifiedImageError:
        return None


def _resolution(dpi: tuple[float, float]) -> dict[str, Any]:
    """Write dots per inch; a resolution too fine for that in dots per centimetre."""
    if max(dpi) <= several.FINEST:
        return {"resolution": dpi, "resolutionunit": "INCH"}
    per_centimetre = tuple(min(dots / 2.54, several.FINEST) for dots in dpi)
    return {"resolution": per_centimetre, "resolutionunit": "CENTIMETER"}


def _text_tags(picture: Picture) -> list[tuple[int, int, int, bytes, bool]]:
    """List the text fields of the EXIF block that are plain TIFF tags."""
    if not picture.metadata.exif:
        return []
    exif = Image.Exif()
    exif.load(picture.metadata.exif)
    texts = {tag: exif[tag] for tag in (271, 272, 305, 306, 315, 33432) if tag in exif}
    return [(tag, 2, 0, text_bytes(text), True) for tag, text in texts.items()]


def _refusal(picture: Picture) -> str | None:
    kind = picture.stored.dtype
    if kind.kind == "f" and kind.itemsize > 8:
        return f"TIFF cannot hold samples of type {kind} ({8 * kind.itemsize} bits)"
    return several.why_not(picture)


def _errors() -> tuple[type[Exception], ...]:
    """List what tifffile and imagecodecs raise; their own are ValueErrors and RuntimeErrors."""
    return (
        ValueError,
        RuntimeError,
        KeyError,
        IndexError,
        TypeError,
        OSError,
        struct.error,
        zlib.error,
        ZeroDivisionError,
        OverflowError,
        AssertionError,
    )


register(
    Format(
        name="TIFF",
        extensions=(".tif", ".tiff"),
        matches=is_tiff,
        decode=read,
        encode=encode,
        holds=Holds(
            None,
            None,
            alpha=True,
            cmyk=True,
            volumes=True,
            dpi=2.54 * several.FINEST,
            metadata=_KEPT,
        ),
        errors=_errors,
        refusal=_refusal,
    )
)
