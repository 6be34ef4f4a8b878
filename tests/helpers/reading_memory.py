"""How far the memory of a process rises while it reads a file."""

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import untrained as ut
from untrained.errors import RequestError

STATUS = Path("/proc/self/status")


class Risen(NamedTuple):
    """Bytes of memory at the peak beyond those before, and the picture's own bytes."""

    peak: int
    own: int


def measured(*paths: Path, limit: str = "300MB") -> list[Risen]:
    """Read files one by one in a process of its own."""
    if not STATUS.exists():
        pytest.skip("needs /proc")
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.reading_memory", limit, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        # What is freed goes back to the system at once.
        env=os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "65536"},
    )
    return [Risen(*map(int, line.split())) for line in done.stdout.splitlines()]


def _bytes(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return 1024 * int(line.split()[1])


def _own(path: str, limit: str) -> int:
    try:
        picture = ut.read(path, limit=limit)
    except RequestError:
        return 0
    return picture.stored.nbytes + picture.pixels.numpy().nbytes


def _main(limit: str, *paths: str) -> None:
    import h5py  # noqa: F401
    import imagecodecs
    import pydicom.pixels  # noqa: F401
    import tifffile

    imagecodecs.png_decode(imagecodecs.png_encode(np.ones((9, 9), np.uint16)))
    small = Path(paths[0]).with_name("small.tif")
    tifffile.imwrite(small, np.ones((9, 9), np.uint8))
    for path in (str(small), *paths):
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        before = _bytes("VmRSS")
        own = _own(path, limit)
        if path != str(small):
            print(_bytes("VmHWM") - before, own)  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
