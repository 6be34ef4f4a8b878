"""Picture files: PNG, JPEG, TIFF, WebP, BMP, NPY, HDF5 and DICOM, without losing a bit.

Pillow reads and writes 8-bit files; it would quietly halve the depth of a 16-bit colour PNG, so
those go through imagecodecs, and TIFF goes through tifffile.
"""

import os
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import UnidentifiedImageError
from torch import Tensor

from untrained.errors import RequestError
from untrained.picture.formats import dicom, hdf5, npy, pillow, png, tiff
from untrained.picture.formats.tiff_pages import PAGES_ARE, PagesAre
from untrained.picture.picture import Picture, as_mask, as_picture, in_grey_levels
from untrained.picture.region import Size
from untrained.picture.samples import PictureError, Samples

_Decoded = TypeVar("_Decoded")


def read(path: str | Path, *, pages: PagesAre = "auto") -> Picture:
    """Read a picture, or a volume.

    Parameters
    ----------
    path
        PNG, JPEG, TIFF, WebP, BMP, NPY, HDF5 or DICOM; EXIF orientation is applied.
    pages
        What the pages of a TIFF are: ``volume``, slices of one; ``bands`` of one picture; or
        ``auto``, what its axes say (Z or C, as ImageJ and OME note them). Of an NPY of three axes
        ``(H, W, C)`` is read, with ``volume`` ``(D, H, W)``, with ``bands`` ``(C, H, W)``.

    Raises
    ------
    PictureError
        If there is no such file or it is no whole picture of these formats; if it has pages and
        nothing says what they are, or none and they are spoken of. One line.
    """
    if pages not in PAGES_ARE:
        raise PictureError(f"unknown pages {pages!r}: choose from {', '.join(PAGES_ARE)}")
    picture = _read(Path(path), pages)
    if (pages == "volume" and not picture.is_volume) or (
        pages == "bands" and picture.metadata.pages is None
    ):
        raise PictureError(f"{path} is one picture of {picture.channels} channels: it has no pages")
    return picture


def _read(path: Path, pages: PagesAre = "auto") -> Picture:
    data = _bytes(path)
    decode = _decoder(data)
    if decode in (tiff.read, npy.read, hdf5.read):
        decode = partial(decode, pages=pages)
    return _decoded(path, data, decode)


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
    if path.is_file() and hdf5.is_hdf5(path):
        return _numbers(path, _decoded(path, b"", lambda path, _: hdf5.read_array(path)))
    data = _bytes(path)
    if npy.is_array(data):
        return _numbers(path, _decoded(path, data, npy.read_array))
    return _numbers(path, _decoded(path, data, _decoder(data)).to_numpy())


@dataclass(frozen=True, eq=False)
class KSpace:
    """Samples of k-space, and what their file says of them."""

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
    if path.is_file() and hdf5.is_hdf5(path):
        found = _decoded(path, b"", lambda path, _: hdf5.read_kspace(path, number))
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


def _decoded(path: Path, data: bytes, decode: Callable[[Path, bytes], _Decoded]) -> _Decoded:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return decode(path, data)
    except RequestError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{path} is not a PNG, JPEG, TIFF, WebP, BMP, NPY, HDF5 or DICOM picture"
        ) from error
    except MemoryError as error:
        raise PictureError(f"{path} does not fit in memory") from error
    except Exception as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path} is damaged or not a picture: {what}") from error


def mask(source: Any, size: Size) -> Tensor:
    """Read a mask from a path; or take it from what `as_mask` takes.

    Raises
    ------
    PictureError
        If it cannot be read or has another size.
    """
    if isinstance(source, str | Path):
        source = _read(Path(source), "volume" if len(size) == 3 else "auto")
    return as_mask(source, size)


def check_writable(path: str | Path, picture: Picture, *, overwrite: bool = False) -> None:
    """Check before the long work that a picture like this one can be written.

    Raises
    ------
    PictureError
        If the folder does not exist or is not writable, the file exists and may not be replaced, or
        the format named by the extension is unknown or cannot hold the picture.
    """
    path = Path(path)
    _encoder(path)(picture)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise PictureError(f"the folder {path.parent} does not exist: make it first")
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a file name")
    if not os.access(folder, os.W_OK):
        raise PictureError(f"the folder {path.parent} cannot be written to")
    if path.exists() and not overwrite:
        raise PictureError(f"{path} exists: choose another name or give --overwrite")


def write(path: str | Path, picture: Any, *, overwrite: bool = False) -> None:
    """Write a picture, whole or not at all.

    Parameters
    ----------
    path
        Its extension says the format. JPEG is written at quality 95 without chroma subsampling,
        WebP without loss.
    picture
        A Picture, a Restoration, or an array or tensor as for `as_picture`.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    PictureError
        As for `check_writable`.
    OSError
        If the disk is full or fails; an old file is untouched.
    """
    path = Path(path)
    shown = picture if isinstance(picture, Picture) else getattr(picture, "restored", None)
    shown = as_picture(picture) if shown is None else shown
    check_writable(path, shown, overwrite=overwrite)
    replace_file(path, _encoder(path)(shown)())


def check_folder_writable(folder: Path) -> None:
    """Check before long work that results can be written into `folder`, made if need be.

    Raises
    ------
    RequestError
        If it is a file, cannot be made or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"the output folder {folder} is a file: give a folder")
    nearest = folder if folder.exists() else folder.resolve().parent
    if not nearest.is_dir():
        raise RequestError(f"the folder {nearest} does not exist: make it first")
    if not os.access(nearest, os.W_OK):
        raise RequestError(f"the folder {nearest} cannot be written to")


def check_folder_empty(folder: Path, *, overwrite: bool) -> None:
    """Check before long work that `folder` can be written into and holds nothing yet.

    Raises
    ------
    RequestError
        As for `check_folder_writable`, or if it holds something and `overwrite` is not given.
    """
    check_folder_writable(folder)
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise RequestError(f"{folder} is not empty: choose another --out or give --overwrite")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder, then rename it.

    Raises
    ------
    OSError
        If that fails; an old file is untouched and no temporary one stays.
    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_permissions(target))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _permissions(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o777
    current = os.umask(0)
    os.umask(current)
    return 0o666 & ~current


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise PictureError(f"{path} is a folder: give a picture file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot read {path}: {error.strerror}") from error
    if not data:
        raise PictureError(f"{path} is empty")
    return data


def _decoder(data: bytes) -> Callable[[Path, bytes], Picture]:
    if data.startswith(hdf5.SIGNATURE):
        return hdf5.read
    if dicom.is_dicom(data):  # before TIFF: the preamble of DICOM may be one
        return dicom.read
    if tiff.is_tiff(data):
        return tiff.read
    if png.is_deep(data):
        return png.read
    if npy.is_array(data):
        return npy.read
    return pillow.read


_Encode = Callable[[], bytes]


def _encoder(path: Path) -> Callable[[Picture], _Encode]:
    """The writer that the extension names: it checks a picture, then encodes it."""
    name = _FORMATS.get(path.suffix.lower())
    if name is None:
        raise PictureError(
            f"{path.name} has no extension of a known format: use one of {', '.join(_FORMATS)}"
        )
    return lambda picture: _checked(name, picture)


_FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WebP",
    ".bmp": "BMP",
    ".npy": "NPY",
    ".dcm": "DICOM",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
}


_HOLD_ALL: dict[str, Callable[[Picture], _Encode]] = {
    "TIFF": partial(partial, tiff.encode),
    "NPY": partial(partial, npy.encode),
    "HDF5": hdf5.encoder,
}


def _check_nature(name: str, picture: Picture) -> None:
    if picture.complex_type is not None and name not in ("NPY", "HDF5"):
        raise PictureError(f"{name} is not written with complex samples: use .npy or .h5")
    if picture.is_volume and name not in _HOLD_ALL:
        raise PictureError(f"{name} cannot hold volumes: use .tif or .npy")


def _checked(name: str, picture: Picture) -> _Encode:
    """Refuse what the format cannot hold; give the encoding still to be done."""
    _check_nature(name, picture)
    if name in _HOLD_ALL:
        return _HOLD_ALL[name](picture)
    if name == "DICOM":
        if picture.metadata.dicom is None:
            raise PictureError("DICOM is written of what was read from DICOM: use .tif or .npy")
        return partial(dicom.encode, picture)
    if name == "PNG" and picture.window is not None:
        picture = in_grey_levels(picture)
    depth = picture.stored.dtype
    if depth not in (np.uint8, bool) and not (name == "PNG" and depth == np.uint16):
        holds = "8 and 16-bit" if name == "PNG" else "8-bit"
        better = ".tif" if name == "PNG" or depth != np.uint16 else ".png or .tif"
        raise PictureError(
            f"{name} holds {holds} pictures; this one has samples of type {depth} "
            f"({8 * depth.itemsize} bits): use {better}"
        )
    if picture.cmyk and name != "JPEG":
        raise PictureError(f"{name} cannot hold CMYK: use .tif or .jpg")
    if not picture.cmyk and picture.channels not in (1, 3):
        raise PictureError(f"{name} cannot hold {picture.channels} channels: use .tif")
    if picture.alpha is not None and name in ("JPEG", "BMP"):
        raise PictureError(f"{name} cannot hold transparency: use .png, .webp or .tif")
    if depth == np.uint16:
        return lambda: png.encode(picture)
    return lambda: pillow.encode(name, picture)
