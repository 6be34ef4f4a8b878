"""Whatever reads a user's file. Each gets a path and ends, or raises a RequestError of one line."""

from collections.abc import Callable
from pathlib import Path

import untrained as ut
from untrained.baselines.third_party import read_weights
from untrained.errors import RequestError
from untrained.picture import measurements
from untrained.picture.formats.registry import Format, known
from untrained.picture.masks import as_mask
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError
from untrained.recipes import read_recipe


def _picture(path: Path, **options: object) -> None:
    picture = ut.read(path, **options)
    for form in known():
        if form.why_not(picture) is None:
            _encoded(form, picture)


def _encoded(form: Format, picture: Picture) -> None:
    """Encode what a damaged file gave; its metadata may not fit."""
    try:
        form.encoded(picture)
    except PictureError as error:
        if len(str(error).splitlines()) > 1:
            raise ValueError("a message of several lines") from error


def _every_page(path: Path) -> None:
    for pages in ("volume", "bands"):
        try:
            _picture(path, pages=pages)
        except RequestError:
            continue


def _mask(path: Path) -> None:
    as_mask(path, (12, 10))


READERS: dict[str, tuple[Callable[[Path], object], ...]] = {
    "png": (_picture, _mask),
    "jpeg": (_picture,),
    "webp and bmp": (_picture, _mask),
    "tiff": (_picture, _every_page, measurements.read_array),
    "arrays": (_picture, _every_page, measurements.read_array, measurements.read_kspace),
    "hdf5": (_picture, measurements.read_array, measurements.read_kspace),
    "dicom": (_picture, measurements.read_array),
    "text": (read_recipe, measurements.read_numbers),
    "weights": (read_weights,),
}
"""The readers of each part of the corpus."""
