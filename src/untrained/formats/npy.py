"""NumPy's .npy and .npz: arrays of any depth, and measurements."""

import io
import zipfile
from pathlib import Path

import numpy as np

from untrained.formats.samples import check_size, split_alpha
from untrained.image import Metadata, Picture, PictureError, Samples, make_picture

_SIGNATURE = b"\x93NUMPY"
_ZIP = b"PK"


def is_array(data: bytes) -> bool:
    """Say whether these bytes begin a .npy or .npz file."""
    return data.startswith((_SIGNATURE, _ZIP))


def read_array(path: Path, data: bytes) -> Samples:
    """Decode an array of any shape; of an .npz, its only one."""
    if data.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise PictureError(f"{path} holds {len(names)} arrays: give a file of one")
            data = archive.read(names[0])
    return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))


def read(path: Path, data: bytes) -> Picture:
    """Decode a picture ``(H, W)`` or ``(H, W, C)``."""
    samples = read_array(path, data)
    if samples.ndim not in (2, 3):
        raise PictureError(f"{path} holds an array of shape {samples.shape}: give one picture")
    check_size(path, *samples.shape[:2])
    colour, _ = split_alpha(samples, has_alpha=False)
    return make_picture(colour, metadata=Metadata(format="NPY"))


def encode(picture: Picture) -> bytes:
    """Encode ``(H, W[, C])`` in the stored type, alpha as the last channel."""
    buffer = io.BytesIO()
    np.save(buffer, picture.to_numpy(), allow_pickle=False)
    return buffer.getvalue()
