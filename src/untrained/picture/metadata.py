"""Metadata: everything in a file except its samples."""

import math
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True)
class Metadata:
    """Metadata: everything in a file except its samples."""

    format: str = ""
    """PNG, JPEG, TIFF, WEBP, BMP, NPY, HDF5 or DICOM; empty for arrays."""
    exif: bytes | None = None
    """EXIF block without the orientation: the pixels are upright."""
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    """Ancillary chunks of a PNG, name and content."""
    description: str | None = None
    """ImageDescription of a TIFF."""
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
