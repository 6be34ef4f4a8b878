"""What a file carries besides its samples."""

from dataclasses import dataclass
from typing import Any, Literal

from untrained.picture.jpeg_tables import Compression
from untrained.picture.region import Size

PagesAre = Literal["auto", "volume", "bands"]
"""What the pages of a file are: what it says, slices of a volume, or bands of a picture."""

PAGES_ARE: tuple[PagesAre, ...] = ("auto", "volume", "bands")


@dataclass(frozen=True)
class Pages:
    """What a file of several pages says of them."""

    axes: str
    """What each axis of the file is, in its order: Z slices, C channels, Y, X, S samples."""
    letters: str
    """What the file itself calls its axes: T times, I pages, or as above."""
    size: Size
    """H and W, or D, H and W, as the file had them."""
    kind: Literal["imagej", "ome", "shaped", "plain"] = "plain"
    """Who wrote it: ImageJ, the Open Microscopy Environment, tifffile, or nobody who tells."""
    notes: tuple[tuple[str, Any], ...] = ()
    """What it says besides, name and value."""
    xml: str | None = None
    """The description of the Open Microscopy Environment."""
    inverted: bool = False
    """Whether 0 is shown white."""
    resolution: tuple[float, float, int] | None = None
    """Pixels per unit along X and Y, and the unit (1 none, 2 inch, 3 cm)."""


@dataclass(frozen=True)
class Metadata:
    """What a file carries besides its samples."""

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
    """How the samples were compressed, where they are those of a JPEG."""
    dicom: bytes | None = None
    """The whole file, where it was DICOM."""
    pages: Pages | None = None
    """How the pages of a TIFF make up the picture, where it had several."""
