"""Measurements from files: arrays of any shape, real or complex, and slices of k-space."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from untrained.arguments import FilePath, checked
from untrained.picture.formats import hdf5
from untrained.picture.limits import limited
from untrained.picture.reading import decode, decoded, format_of
from untrained.picture.samples import PictureError, Samples
from untrained.system.files import FileTooLarge, read_regular
from untrained.system.words import one_line

_MOST_TEXT = 16 * 2**20
"""Most bytes of a list of numbers as text."""

_SHOWN = 40
"""Most characters of a wrong word in a message."""


@checked
def read_array(path: FilePath, *, limit: int | str | None = None) -> Samples:
    """Read a measurement: samples of any shape, real or complex, as they are stored.

    Parameters
    ----------
    path
        .npy, .npz of one array, HDF5 of one data set, or TIFF or any other picture: ``(H, W)``
        or ``(H, W, C)``.
    limit
        Most memory for the samples, as for `read`.

    Raises
    ------
    PictureError
        As for `read`; also if the array is empty or holds no numbers.
    """
    path = Path(path)
    with limited(limit):
        form = format_of(path)
        if form.decode_array is not None:
            return _numbers(path, decode(path, form, form.decode_array))
        return _numbers(path, decoded(path).to_numpy())


def read_numbers(path: str | Path, what: str = "numbers") -> Samples:
    """Read the numbers of a text file, parted by white space; `what` names them in messages.

    Raises
    ------
    PictureError
        If it cannot be read, is too large, or holds anything else.
    """
    path = Path(path)
    try:
        data = read_regular(path, _MOST_TEXT)
    except FileTooLarge as error:
        raise PictureError(
            f"{path} has {error.size} bytes, over {_MOST_TEXT}, too many for a list of numbers: "
            "give .npy"
        ) from error
    except OSError as error:
        raise PictureError(f"cannot read {what} from {path}: {error.strerror or error}") from error
    numbers = []
    for word in data.split():
        try:
            numbers.append(float(word))
        except ValueError as error:
            shown = one_line(word[:_SHOWN].decode("utf-8", "replace"))
            raise PictureError(f"cannot read {what} from {path}: {shown!r} is no number") from error
    return np.array(numbers)


@dataclass(frozen=True, eq=False)
class KSpace:
    """Samples of k-space, with the mask and a note from their file."""

    samples: Samples
    mask: Samples | None = None
    """Sampling mask: nonzero where measured."""
    note: str = ""
    """The slice, in words."""


@checked
def read_kspace(
    path: FilePath, number: int | None = None, *, limit: int | str | None = None
) -> KSpace:
    """Read a slice of k-space.

    Parameters
    ----------
    path
        A fastMRI HDF5 file: ``kspace`` (slices, [coils,] H, W), and maybe ``mask``; or any file of
        one array, as for `read_array`.
    number
        Slice in a fastMRI file, counted from 0; the middle one if None.
    limit
        Most memory for the slice, as for `read`.

    Raises
    ------
    PictureError
        As for `read_array`; or if the slice does not exist.
    """
    path = Path(path)
    form = format_of(path)
    if form.name == "HDF5":
        with limited(limit):
            found = decode(path, form, lambda path, _: hdf5.read_kspace(path, number))
        return KSpace(_numbers(path, found[0]), *found[1:])
    if number is not None:
        raise PictureError(
            f"{path} is not a fastMRI HDF5 file, so it has no slice {number}: omit the number"
        )
    return KSpace(read_array(path, limit=limit))


def _numbers(path: Path, samples: Samples) -> Samples:
    if samples.size == 0 or samples.dtype.kind not in "buifc":
        raise PictureError(
            f"{path} holds an array of shape {samples.shape} and type {samples.dtype}: give numbers"
        )
    return samples
