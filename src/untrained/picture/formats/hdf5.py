"""HDF5, through h5py: files with one data set, and k-space as fastMRI stores it."""

import contextlib
import io
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from untrained.picture.formats import tiff_pages as several
from untrained.picture.formats.extras import imported
from untrained.picture.formats.hdf5_bounds import check_chunks, check_own, own_datasets
from untrained.picture.formats.hdf5_probe import check_structure
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.limits import check_bytes
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError, Samples
from untrained.system.files import open_regular

_DATA_SET = "reconstruction"
"""Data set of a written picture; fastMRI uses the same name."""

_NAMED = 8
"""Most data sets that a message names."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(data: bytes) -> bool:
    """Say whether these bytes begin an HDF5 file."""
    return data.startswith(_SIGNATURE)


def read_array(path: Path, _data: bytes = b"") -> Samples:
    """Read the only data set of numbers.

    Raises
    ------
    PictureError
        If it holds none or several (the message names them), or names other files; or h5py is not
        installed.
    """
    with _opened(path) as file:
        return _values(path, _only(path, _datasets(path, file)))


def read(path: Path, _data: bytes, pages: PagesAre = "auto") -> Picture:
    """Read a picture or volume, the only data set of numbers; see `tiff_pages.from_array`."""
    return several.from_array(path, read_array(path), pages, "HDF5")


def encode(picture: Picture) -> bytes:
    """Encode ``([D,] H, W[, C])`` in the stored type, as the data set `reconstruction`.

    Raises
    ------
    PictureError
        If h5py is not installed.
    """
    buffer = io.BytesIO()
    with imported("h5py", "HDF5").File(buffer, "w") as file:
        file[_DATA_SET] = several.to_array(picture)
    return buffer.getvalue()


def read_kspace(path: Path, number: int | None) -> tuple[Samples, Samples | None, str]:
    """Read a slice of a fastMRI file (Zbontar et al. 2018), or the only data set of another.

    Parameters
    ----------
    path
        A fastMRI file holds ``kspace`` (slices, [coils,] H, W), and a test file ``mask`` (W,).
    number
        Number of the slice, counted from 0; the middle one if None.

    Returns
    -------
    The samples of the slice; the mask, None if the file has none; and the slice in words, empty if
    the file has no slices.

    Raises
    ------
    PictureError
        As for `read_array`; or if the slice does not exist.
    """
    with _opened(path) as file:
        found = _datasets(path, file)
        if "kspace" not in found:
            if number is not None:
                raise PictureError(
                    f"{path} has no data set kspace, so it has no slice {number}: omit the number"
                )
            return _values(path, _only(path, found)), None, ""
        volume = found["kspace"]
        if volume.ndim not in (3, 4):
            raise PictureError(
                f"kspace in {path} has the shape {volume.shape}: give (slices, H, W) or (slices, "
                "coils, H, W)"
            )
        chosen = len(volume) // 2 if number is None else number
        if not 0 <= chosen < len(volume):
            raise PictureError(
                f"{path} has no slice {chosen}: give one from 0 to {len(volume) - 1}"
            )
        mask = _values(path, found["mask"]) if "mask" in found else None
        _check(path, volume, volume.shape[1:])
        return np.asarray(volume[chosen]), mask, f"slice {chosen} of {len(volume)}, counted from 0"


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file that holds all that it names."""
    h5py = imported("h5py", "HDF5")
    open_regular(path).close()
    check_structure(path)
    with open_regular(path) as raw, h5py.File(raw, "r") as file:
        check_own(path, file)
        yield file


def _datasets(path: Path, file: Any) -> dict[str, Any]:
    """Find the data sets of numbers, by path; fastMRI files also hold text and scalars."""
    return {
        name: item
        for name, item in own_datasets(path, file).items()
        if item.shape and item.dtype.kind in "buifc"
    }


def _only(path: Path, found: dict[str, Any]) -> Any:
    if len(found) != 1:
        some = [*itertools.islice(found, _NAMED), *["..."][: len(found) > _NAMED]]
        named = f" ({', '.join(some)})" if found else ""
        raise PictureError(f"{path} holds {len(found)} data sets{named}: give a file with one")
    return next(iter(found.values()))


def _values(path: Path, dataset: Any) -> Samples:
    if dataset.size == 0:
        raise PictureError(f"{path} holds an empty data set of shape {dataset.shape}: give numbers")
    _check(path, dataset, dataset.shape)
    return np.asarray(dataset[()])


def _check(path: Path, dataset: Any, shape: tuple[int, ...]) -> None:
    """Refuse a part of this shape over the limit, or in other files, before reading it."""
    words = "x".join(map(str, shape))
    check_bytes(path, math.prod(shape) * dataset.dtype.itemsize, f"a data set of {words}")
    check_chunks(path, dataset)


def errors() -> tuple[type[Exception], ...]:
    """List what h5py raises for damaged files; it turns HDF5's own errors into these."""
    return (OSError, KeyError, ValueError, RuntimeError, TypeError)


def _refusal(_picture: Picture) -> str | None:
    try:
        imported("h5py", "HDF5")
    except PictureError as error:
        return str(error)
    return None


register(
    Format(
        name="HDF5",
        extensions=(".h5", ".hdf5"),
        matches=is_hdf5,
        decode=read,
        encode=encode,
        holds=Holds(None, None, alpha=True, cmyk=True, volumes=True, complex=True),
        errors=errors,
        refusal=_refusal,
        decode_array=read_array,
        in_place=True,
    )
)
