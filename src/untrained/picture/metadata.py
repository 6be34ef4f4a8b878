"""Metadata: everything in a file except its samples."""

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from untrained.picture.jpeg_tables import Compression
from untrained.picture.region import Size

PagesAre = Literal["auto", "volume", "bands"]
"""How to read pages: as the file says, as slices of a volume, or as bands of a picture."""

PAGES_ARE: tuple[PagesAre, ...] = ("auto", "volume", "bands")


@dataclass(frozen=True)
class Pages:
    """How a file of several pages describes them."""

    axes: str
    """Our letters for the axes, in file order: Z slices, C channels, Y, X, S samples."""
    letters: str
    """The file's own letters: T times, I pages, or as above."""
    size: Size
    """H and W, or D, H and W, in the file."""
    kind: Literal["imagej", "ome", "shaped", "plain"] = "plain"
    """The dialect: ImageJ, OME (Open Microscopy Environment), tifffile, or none."""
    notes: tuple[tuple[str, Any], ...] = ()
    """Further notes in the file, as name and value."""
    xml: str | None = None
    """OME-XML."""
    inverted: bool = False
    """Whether 0 means white."""
    resolution: tuple[float, float, int] | None = None
    """Pixels per unit along X and Y, and the unit (1 none, 2 inch, 3 cm)."""


class Tag(NamedTuple):
    """A tag of a TIFF: its code, its type by TIFF's number, how many values, and these."""

    code: int
    type: int
    length: int
    value: Any


@dataclass(frozen=True)
class Metadata:
    """Metadata: everything in a file except its samples."""

    format: str = ""
    """PNG, JPEG, TIFF, WEBP, BMP, NPY, HDF5 or DICOM; empty for arrays."""
    exif: bytes | None = None
    """EXIF block without the orientation: the pixels are upright."""
    icc: bytes | None = None
    xmp: bytes | None = None
    """The XMP packet."""
    comment: bytes | None = None
    """The comment of a JPEG."""
    dpi: tuple[float, float] | None = None
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    """Ancillary chunks of a PNG, name and content."""
    description: str | None = None
    """ImageDescription of a TIFF."""
    tags: tuple[Tag, ...] = ()
    """Tags of a TIFF that say nothing of its samples: GeoTIFF, IPTC, GDAL and others."""
    pixels_per_unit: tuple[float, float] | None = None
    """Resolution of a TIFF along X and Y whose unit is none of TIFF's, as in ImageJ's."""
    original: Size | None = None
    """H and W of the file's picture, where `tags` or `pixels_per_unit` depend on them."""
    premultiplied: bool = False
    """Whether the colours are multiplied by alpha (associated alpha of a TIFF)."""
    left_out: tuple[str, ...] = ()
    """What else the file holds, in words; no format keeps it."""
    compression: Compression | None = None
    """How the samples were compressed, if they came from a JPEG."""
    dicom: bytes | None = None
    """The whole file, if it was DICOM."""
    pages: Pages | None = None
    """How the pages make up the picture, if the file had several."""

    @property
    def known_dpi(self) -> tuple[float, float] | None:
        """The resolution in dots per inch; None if a file states none, or none that can be."""
        if self.dpi is None or not all(0 < each < math.inf for each in self.dpi):
            return None
        return self.dpi
