"""Measurements from files: arrays of any shape, real or complex, and slices of k-space."""

from dataclasses import dataclass
from pathlib import Path

from untrained.arguments import FilePath, checked
from untrained.picture.formats import hdf5
from untrained.picture.reading import decode, decoded, format_of
from untrained.picture.samples import PictureError, Samples


@checked
def read_array(path: FilePath) -> Samples:
    """Read a measurement: samples of any shape, real or complex, as they are stored.

    Parameters
    ----------
    path
        .npy, .npz of one array, HDF5 of one data set, or TIFF or any other picture: ``(H, W)``
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
    """Samples of k-space, with the mask and a note from their file."""

    samples: Samples
    mask: Samples | None = None
    """Sampling mask: nonzero where measured."""
    note: str = ""
    """The slice, in words."""


@checked
def read_kspace(path: FilePath, number: int | None = None) -> KSpace:
    """Read a slice of k-space.

    Parameters
    ----------
    path
        A fastMRI HDF5 file: ``kspace`` (slices, [coils,] H, W), and maybe ``mask``; or any file of
        one array, as for `read_array`.
    number
        Slice in a fastMRI file, counted from 0; the middle one if None.

    Raises
    ------
    PictureError
        As for `read_array`; or if the slice does not exist.
    """
    path = Path(path)
    form = format_of(path)
    if form.name == "HDF5":
        found = decode(path, form, lambda path, _: hdf5.read_kspace(path, number))
        return KSpace(_numbers(path, found[0]), *found[1:])
    if number is not None:
        raise PictureError(
            f"{path} is not a fastMRI HDF5 file, so it has no slice {number}: omit the number"
        )
    return KSpace(read_array(path))


def _numbers(path: Path, samples: Samples) -> Samples:
    if samples.size == 0 or samples.dtype.kind not in "buifc":
        raise PictureError(
            f"{path} holds an array of shape {samples.shape} and type {samples.dtype}: give numbers"
        )
    return samples
