"""Look through an HDF5 file in a process of its own: on a damaged one the library may crash."""

import subprocess
import sys
from pathlib import Path

from untrained.picture.samples import PictureError

SCRIPT = """
import sys, h5py
with open(sys.argv[1], "rb") as raw, h5py.File(raw, "r") as file:
    def look(name, item):
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            item.dtype, item.chunks, item.id.get_storage_size()
            if item.chunks is not None and not item.is_virtual:
                item.id.get_num_chunks()
    file.visititems(look)
"""
_SECONDS = 60.0


def check_structure(path: Path) -> None:
    """Refuse a file on whose structure HDF5 crashes or never ends; what it says is left to others.

    It takes the start of a Python process, some tenths of a second.

    Raises
    ------
    PictureError
        If so; one line.
    """
    if not sys.executable:  # Python is embedded in another program: there is nothing to start
        return
    try:
        done = subprocess.run(  # noqa: S603 - our own script, the path as an argument
            [sys.executable, "-P", "-c", SCRIPT, str(path.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PictureError(f"{path} is damaged: HDF5 finds no end of its structure") from error
    if done.returncode < 0:
        raise PictureError(f"{path} is damaged: HDF5 crashes on its structure")
