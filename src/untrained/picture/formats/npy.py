"""NumPy's .npy and .npz: pictures of any data type, and measurements."""

import io
import math
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError

import numpy as np

from untrained.picture.formats import tiff_pages as several
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.limits import check_bytes
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError, Samples

_SIGNATURE = b"\x93NUMPY"
_ZIP = b"PK"
_ENTRY = b"PK\1\2"
_MOST_ENTRIES = 1000
"""More entries of a zip file are not listed: that takes time."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How NumPy compresses; the others cannot be inflated bit by bit."""


def is_array(data: bytes) -> bool:
    """Say whether these bytes begin a .npy or .npz file."""
    return data.startswith((_SIGNATURE, _ZIP))


def read_array(path: Path, data: bytes) -> Samples:
    """Decode an array of any shape; from an .npz its only one."""
    if data.startswith(_ZIP):
        data = _only_member(path, data)
    check_bytes(path, _stated_bytes(data), "an array")
    return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))


def _only_member(path: Path, data: bytes) -> bytes:
    """Inflate the only member of a zip file, but no more than it states."""
    if data.count(_ENTRY) > _MOST_ENTRIES:
        raise PictureError(f"{path} holds over {_MOST_ENTRIES} arrays: give a file with one")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) != 1:
            raise PictureError(f"{path} holds {len(members)} arrays: give a file with one")
        if members[0].compress_type not in _METHODS:
            raise ValueError("it is compressed in a way that NumPy does not use")
        check_bytes(path, members[0].file_size, "an array")
        with archive.open(members[0]) as member:
            return member.read(members[0].file_size)


def _stated_bytes(data: bytes) -> int:
    """Compute the bytes of an array from its header, and compare with those that are there."""
    file = io.BytesIO(data)
    # Version 3 differs from 2 in the encoding of names of fields.
    legacy = np.lib.format.read_magic(file) == (1, 0)
    if legacy:
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    stated = math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and stated > len(data) - file.tell():
        raise ValueError(f"its array of shape {shape} is not all there")
    return stated


def read(path: Path, data: bytes, pages: PagesAre = "auto") -> Picture:
    """Decode a picture or volume; see `tiff_pages.from_array`."""
    return several.from_array(path, read_array(path, data), pages, "NPY")


def encode(picture: Picture) -> bytes:
    """Encode ``([D,] H, W[, C])``, or in the axis order of the file read; alpha last."""
    buffer = io.BytesIO()
    np.save(buffer, several.to_array(picture), allow_pickle=False)
    return buffer.getvalue()


def _errors() -> tuple[type[Exception], ...]:
    return (
        TypeError,
        ValueError,
        EOFError,
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        OverflowError,
        TokenError,
    )


register(
    Format(
        name="NPY",
        extensions=(".npy",),
        matches=is_array,
        decode=read,
        encode=encode,
        holds=Holds(None, None, alpha=True, cmyk=True, volumes=True, complex=True),
        errors=_errors,
        decode_array=read_array,
    )
)
