"""Measurements from files: arrays of any shape, real or complex, and slices of k-space."""

from dataclasses import dataclass
from pathlib import Path

from untrained.picture.formats import hdf5
from untrained.picture.reading import decode, decoded, format_of
from untrained.picture.samples import PictureError, Samples


def read_array(path: str | Path) -> Samples:
    """Read a measurement: samples of any shape, real or complex, as they are stored.

    Parameters
    ----------
    path
        .npy, .npz of one array, HDF5 of one data set, or TIFF or any other picture, then ``(H, W)``
        or ``(H, W, C)``.

    Raises
    ------
    PictureError
        As for `read`; also if the array is empty or holds no numbers.
    """
    path = Path(path)
    form = format_of(path)
    if form.decode_array is not None:
        return _numbers(path, decode(path, form, form.decode_array))
    return _numbers(path, decoded(path).to_numpy())


@dataclass(frozen=True, eq=False)
class KSpace:
    """Samples of k-space, and what their file says about them."""

    samples: Samples
    mask: Samples | None = None
    """Which part was measured."""
    note: str = ""
    """Which slice it is, in words."""


def read_kspace(path: str | Path, number: int | None = None) -> KSpace:
    """Read a slice of k-space.

    Parameters
    ----------
    path
        HDF5 of fastMRI: ``kspace`` (slices, [coils,] H, W), and ``mask`` where there is one; or any
        file of a single array, as for `read_array`.
    number
        Of the slice in a file of fastMRI, counted from 0; the middle one when None.

    Raises
    ------
    PictureError
        As for `read_array`; or if there is no such slice.
    """
    path = Path(path)
    form = format_of(path)
    if form.name == "HDF5":
        found = decode(path, form, lambda path, _: hdf5.read_kspace(path, number))
        return KSpace(_numbers(path, found[0]), *found[1:])
    if number is not None:
        raise PictureError(f"{path} is not HDF5 of fastMRI: it has no slice {number}")
    return KSpace(read_array(path))


def _numbers(path: Path, samples: Samples) -> Samples:
    if samples.size == 0 or samples.dtype.kind not in "buifc":
        raise PictureError(
            f"{path} holds an array of shape {samples.shape} and type {samples.dtype}: give numbers"
        )
    return samples
