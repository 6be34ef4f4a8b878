"""NumPy's .npy and .npz: pictures of any data type, and measurements."""

import io
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError

import numpy as np

from untrained.picture.formats import tiff_pages as several
from untrained.picture.formats.registry import Format, Holds, register
from untrained.picture.metadata import PagesAre
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError, Samples

_SIGNATURE = b"\x93NUMPY"
_ZIP = b"PK"


def is_array(data: bytes) -> bool:
    """Say whether these bytes begin a .npy or .npz file."""
    return data.startswith((_SIGNATURE, _ZIP))


def read_array(path: Path, data: bytes) -> Samples:
    """Decode an array of any shape; from an .npz its only one."""
    if data.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise PictureError(f"{path} holds {len(names)} arrays: give a file with one")
            data = archive.read(names[0])
    return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))


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
        ValueError,
        EOFError,
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
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
