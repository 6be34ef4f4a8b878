"""TIFF pages as slices of a volume or bands of a picture, as the file or the user says."""

import contextlib
import io
import math
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np

from untrained.picture.formats.tiff_bounds import check_pieces
from untrained.picture.limits import check_picture
from untrained.picture.metadata import Metadata, Pages, PagesAre
from untrained.picture.picture import Picture, make_picture
from untrained.picture.region import sides_in_words
from untrained.picture.samples import PictureError, Samples
from untrained.system.silence import without_logs

CLASSIC = 2**32 - 2**25
"""Most bytes of samples that a TIFF with 32-bit offsets is given."""

FINEST = 2**32 - 1
"""Most pixels per unit."""

_IMAGEJ_TYPES = (np.uint8, np.uint16, np.float32)
_OF_ONE_SIZE = ("axes", "shape", "Labels", "ROI", "Overlays")
"""Notes to drop for another size: tifffile writes them anew, or they no longer hold."""

_IN_OWN_TAGS = ("Info", "Labels", "Ranges", "LUTs", "Plot", "ROI", "Overlays", "Properties")
"""Notes of ImageJ that do not stand in the description."""

_NOT_OME = ("uint64", "int64", "float16")

_HINT = "say --pages volume or --pages bands (in Python read(path, pages=...))"


def read(path: Path, file: Any, pages: PagesAre) -> Picture:
    """Decode all pages of an open TIFF.

    Raises
    ------
    PictureError
        If they differ in size or kind, or neither the file nor `pages` says what they are.
    """
    series = _only_series(path, file)
    page = series.keyframe
    letters, shape = series.get_axes(squeeze=True), series.get_shape(squeeze=True)
    roles = _roles(path, letters, shape, pages)
    itemsize = page.dtype.itemsize if page.dtype is not None else 1
    check_picture(path, shape, 1, itemsize)
    _check_kind(path, page)
    check_pieces(path, *(each for each in series.pages if each is not None))
    samples = _in_own_order(series.asarray().reshape(shape), roles)
    alpha = None
    if "S" in roles and tuple(map(int, page.extrasamples or ()))[-1:] in ((1,), (2,)):
        samples, alpha = samples[..., :-1], np.ascontiguousarray(samples[..., -1])
    kind, notes = _notes(file)
    found = Pages(
        axes=roles,
        letters=letters,
        size=samples.shape[:-1],
        kind=kind,
        notes=notes,
        xml=file.ome_metadata if kind == "ome" else None,
        inverted=page.photometric is not None and int(page.photometric) == 0,
        resolution=_resolution(page),
    )
    description = page.description if kind == "plain" and page.description else None
    metadata = Metadata(format="TIFF", description=description, pages=found)
    return make_picture(np.ascontiguousarray(samples), alpha=alpha, metadata=metadata)


def encode(picture: Picture) -> bytes:
    """Encode slices or bands as pages, with the axes, sizes and notes of their file.

    A volume from another source is written in ImageJ's dialect if that supports the data type.
    """
    import tifffile  # noqa: PLC0415

    pages = picture.metadata.pages or _new_pages(picture)
    samples = in_file_order(picture, pages.axes)
    options: dict[str, Any] = {"photometric": "miniswhite" if pages.inverted else "minisblack"}
    if "S" in pages.axes:
        options |= {"photometric": "rgb", "planarconfig": "contig"}
    if picture.alpha is not None:
        options["extrasamples"] = ["unassalpha"]
    if pages.kind != "imagej":
        options["compression"] = "zlib"
    options |= _scaled_resolution(pages, picture)
    if pages.xml is not None and pages.size == picture.size:
        # The XML may order its planes freely: keep it only if they are in page order.
        kept = _written(samples, options | {"description": pages.xml.encode(), "metadata": None})
        with (
            without_logs("tifffile"),
            tifffile.TiffFile(io.BytesIO(kept), _multifile=False) as file,
        ):
            again = file.series[0].asarray()
        if again.size == samples.size and np.array_equal(again.reshape(samples.shape), samples):
            return kept
    if pages.kind == "plain":
        return _written(
            samples,
            options | {"metadata": None, "description": as_bytes(picture.metadata.description)},
        )
    kept_notes = _kept_notes(pages, picture)
    if pages.kind == "imagej":
        return _imagej(samples, options, kept_notes)
    ome = pages.kind == "ome" and samples.dtype.name not in _NOT_OME
    return _written(samples, options | ({"ome": True} if ome else {}) | {"metadata": kept_notes})


def _kept_notes(pages: Pages, picture: Picture) -> dict[str, Any]:
    """List the notes that hold for this size, with the names of the axes."""
    notes = {name: value for name, value in pages.notes if name not in _OF_ONE_SIZE}
    if pages.size == picture.size:
        notes = dict(pages.notes)
    elif isinstance(notes.get("spacing"), int | float) and len(pages.size) == 3:
        notes["spacing"] *= pages.size[0] / picture.size[0]
    if pages.xml is not None:
        notes |= _physical_sizes(pages, picture)
    return notes | {"axes": pages.letters}


def as_bytes(text: str | None) -> bytes | None:
    """Encode a text tag: UTF-8, as most programs write and read it; tifffile takes only ASCII."""
    return None if text is None else text.encode("utf-8", "surrogateescape")


def why_not(picture: Picture) -> str | None:
    """Say why the resolution of pages cannot be written; None if it can."""
    pages = picture.metadata.pages
    if pages is None or not (scaled := _scaled_resolution(pages, picture)):
        return None
    most = max(scaled["resolution"])
    return None if most <= FINEST else f"TIFF holds at most {FINEST} pixels a unit, not {most:.10g}"


def _imagej(samples: Samples, options: dict[str, Any], notes: dict[str, Any]) -> bytes:
    """Encode in ImageJ's dialect; by hand what tifffile does not write: other types, other text."""
    import tifffile  # noqa: PLC0415

    colour = options["photometric"] == "rgb"
    types = (np.uint8,) if colour else _IMAGEJ_TYPES
    if samples.dtype in types and all(str(each).isascii() for each in notes.values()):
        return _written(samples, options | {"imagej": True, "metadata": notes})
    apart = {name: notes.pop(name) for name in _IN_OWN_TAGS if name in notes}
    text = tifffile.imagej_description(samples.shape, rgb=colour, **notes)
    tags = list(tifffile.imagej_metadata_tag(apart, "<"))
    return _written(
        samples,
        options | {"metadata": None, "description": as_bytes(text), "extratags": tags},
        byteorder="<",
    )


def in_file_order(picture: Picture, axes: str) -> Samples:
    """Return the samples in the axis order of the file; alpha is the last sample of a pixel."""
    samples = picture.stored
    if samples.dtype == bool:
        samples = samples.astype(np.uint8) * 255
    if picture.alpha is not None:
        samples = np.concatenate([samples, picture.alpha[..., None]], axis=-1)
    own = ("Z" if picture.is_volume else "") + "YX" + ("S" if "S" in axes else "C")
    if own[-1] not in axes:
        samples, own = samples[..., 0], own[:-1]
    return np.ascontiguousarray(samples.transpose([own.index(axis) for axis in axes]))


def from_array(path: Path, samples: Samples, pages: PagesAre, name: str) -> Picture:
    """Make a picture from an array ``(H, W)``, ``(H, W, C)`` or ``(D, H, W, C)`` of a file.

    With `pages` ``volume`` three axes are ``(D, H, W)``; with ``bands`` they are ``(C, H, W)``. The
    name is that of the file's format.

    Raises
    ------
    PictureError
        If it has another number of axes, or is too large.
    """
    if samples.ndim not in (2, 3, 4):
        raise PictureError(f"{path} holds an array of shape {samples.shape}: give one picture")
    metadata = Metadata(format=name)
    if samples.ndim == 3 and pages == "bands":
        found = Pages(axes="CYX", letters="CYX", size=samples.shape[1:])
        samples = _in_own_order(samples, found.axes)
        metadata = Metadata(format=name, pages=found)
    elif samples.ndim == 2 or (samples.ndim == 3 and pages == "volume"):
        samples = samples[..., None]
    check_picture(path, samples.shape, 1, samples.dtype.itemsize)
    return make_picture(np.ascontiguousarray(samples), metadata=metadata)


def to_array(picture: Picture) -> Samples:
    """Return ``([D,] H, W[, C])`` in the stored type, or in the axis order of the array read."""
    origin = picture.metadata
    if origin.pages is None or origin.format == "TIFF":
        return picture.to_numpy()
    return in_file_order(picture, origin.pages.axes)


def _in_own_order(samples: Samples, axes: str) -> Samples:
    """Reorder the axes to ``([D,] H, W, C)``."""
    own = [axis for axis in "ZYX" if axis in axes] + [axis for axis in "CS" if axis in axes]
    ordered = samples.transpose([axes.index(axis) for axis in own])
    return np.ascontiguousarray(ordered if own[-1] in "CS" else ordered[..., None])


def _only_series(path: Path, file: Any) -> Any:
    """Return the only series of pages, thumbnails left out."""
    found = [
        series
        for series in file.series
        if not series.keyframe.is_reduced and series.name not in ("Thumbnail", "Label", "Macro")
    ]
    if not found:
        raise PictureError(f"{path} has no pages: give a file with a picture")
    sizes = dict.fromkeys((each.keyframe.imagelength, each.keyframe.imagewidth) for each in found)
    if len(sizes) > 1:
        words = ", ".join(sides_in_words(size) for size in sizes)
        raise PictureError(
            f"{path} holds pages of sizes {words}: give a file with pages of one size"
        )
    if len(found) > 1:
        raise PictureError(
            f"{path} holds {len(found)} pictures of {len(found)} kinds: split the file"
        )
    return found[0]


def _roles(path: Path, letters: str, shape: tuple[int, ...], pages: PagesAre) -> str:
    """Assign each axis its role: slices (Z), channels (C), rows, columns or samples (S)."""
    counted = {axis: count for axis, count in zip(letters, shape, strict=True) if axis not in "YXS"}
    words = " and ".join(f"{count} {_NAMES.get(axis, 'pages')}" for axis, count in counted.items())
    others = [axis for axis in counted if axis != "C"]
    if pages == "bands" and len(counted) == 1 and "S" not in letters:
        return letters.replace(next(iter(counted)), "C")
    if pages == "bands":
        raise PictureError(
            f"{path} holds pages with axes {letters} ({words}): they cannot be read as bands"
        )
    if "C" in counted and "S" in letters:
        raise PictureError(
            f"{path} holds channels of several samples (axes {letters}): split the file"
        )
    if pages == "volume" and counted == {"C": counted.get("C")}:
        return letters.replace("C", "Z")
    if len(others) > 1:
        raise PictureError(
            f"{path} holds pages with axes {letters} ({words}): give a file with one volume"
        )
    if pages == "auto" and others and others != ["Z"]:
        raise PictureError(f"{path} holds {words}: {_HINT}")
    return letters.replace(others[0], "Z") if others else letters


_NAMES = {"Z": "slices", "C": "channels", "T": "times"}


def _check_kind(path: Path, page: Any) -> None:
    import tifffile  # noqa: PLC0415

    kinds = tifffile.PHOTOMETRIC.PALETTE, tifffile.PHOTOMETRIC.SEPARATED
    if page.photometric in kinds or (page.bitspersample < 8 and page.dtype == np.uint8):
        raise PictureError(
            f"{path} holds pages with a palette, CMYK or {page.bitspersample} bits: convert them "
            "to grey or RGB with at least 8 bits"
        )


def _notes(file: Any) -> tuple[Literal["imagej", "ome", "shaped", "plain"], tuple[Any, ...]]:
    """Read the dialect of the file and its further notes."""
    if file.is_imagej:
        made_anew = ("ImageJ", "images", "channels", "slices", "frames", "hyperstack")
        known = file.imagej_metadata.items()
        return "imagej", tuple((name, value) for name, value in known if name not in made_anew)
    if file.is_ome:
        return "ome", ()
    if file.is_shaped:
        return "shaped", tuple(file.shaped_metadata[0].items())
    return "plain", ()


def _resolution(page: Any) -> tuple[float, float, int] | None:
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if not x or not y or not x[1] or not y[1]:
        return None
    return x[0] / x[1], y[0] / y[1], int(page.tags.valueof(296, 2))


def _scaled_resolution(pages: Pages, picture: Picture) -> dict[str, Any]:
    """Scale the pixels per unit with the size of the picture."""
    if pages.resolution is None:
        return {}
    x, y, unit = pages.resolution
    if not all(0 < each < math.inf for each in (x, y)):
        return {}
    rows, columns = picture.height / pages.size[-2], picture.width / pages.size[-1]
    return {"resolution": (columns * x, rows * y), "resolutionunit": unit}


def _physical_sizes(pages: Pages, picture: Picture) -> dict[str, Any]:
    """Read the pixel sizes from the XML and scale them to the size of the picture."""
    found = dict(re.findall(r'\b(PhysicalSize[XYZ](?:Unit)?)="([^"]*)"', pages.xml or ""))
    for axis, old, new in zip("XYZ", reversed(pages.size), reversed(picture.size), strict=False):
        name = f"PhysicalSize{axis}"
        with contextlib.suppress(KeyError, ValueError):  # none, or no number: kept as it is
            found[name] = float(found[name]) * old / new
    return found


def _new_pages(picture: Picture) -> Pages:
    axes = "ZYX" if picture.channels == 1 else "ZCYX"
    kind: Literal["imagej", "shaped"] = (
        "imagej" if picture.stored.dtype in _IMAGEJ_TYPES else "shaped"
    )
    return Pages(axes=axes, letters=axes, size=picture.size, kind=kind)


def _written(
    samples: Samples, options: dict[str, Any], byteorder: Literal["<"] | None = None
) -> bytes:
    import tifffile  # noqa: PLC0415

    buffer = io.BytesIO()
    large = samples.nbytes > CLASSIC and not options.get("imagej")
    tifffile.imwrite(buffer, samples, software=False, bigtiff=large, byteorder=byteorder, **options)
    return buffer.getvalue()
