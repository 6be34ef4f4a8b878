"""Open files of weights: regular ones only, of no more content than may be read."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from untrained.picture.limits import check_bytes, file_over_limit, read_limit
from untrained.system.files import open_regular


@contextmanager
def opened_weights(path: Path) -> Iterator[BinaryIO]:
    """Open a file of weights.

    Raises
    ------
    RequestError
        If the file, or what its parts inflate to, is over the limit of reading.
    OSError
        If it cannot be opened or is no regular file.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > read_limit():
            raise file_over_limit(path, size)
        if zipfile.is_zipfile(file):
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                check_bytes(path, sum(part.file_size for part in archive.infolist()), "weights")
        file.seek(0)
        yield file
