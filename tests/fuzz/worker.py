"""A process that reads damaged files: for each line with a reader's name and a path it says a line.

It says ``read``, ``refused``, or ``fault`` with what went wrong. Its memory is limited.
"""

import resource
import sys
import traceback
from pathlib import Path

from tests.fuzz.readers import READERS
from untrained.errors import RequestError
from untrained.picture.formats import hdf5

MEMORY = 1 << 30
"""Bytes that reading may take beyond those of the process before."""


def main() -> None:
    """Answer until the input ends."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
    # A process for each file would leave few files for the time; a crash ends this one instead.
    hdf5.check_structure = lambda _path: None
    for line in sys.stdin:
        name, path = line.rstrip("\n").split("\t")
        print(" | ".join(_tried(read, Path(path)) for read in READERS[name]), flush=True)  # noqa: T201


def _tried(read, path: Path) -> str:
    try:
        read(path)
    except RequestError as error:
        words = str(error)
        if "\n" in words or not words.isprintable() or len(words) > 1000:
            return f"fault: a message of several lines, {words!r}"
        # A damaged pickle may ask for any amount; it is refused before it is touched.
        if isinstance(error.__cause__, MemoryError) and path.suffix != ".pth":
            return "fault: out of memory: " + words
        return "refused"
    except Exception:
        return "fault: " + traceback.format_exc().replace("\n", "\\n")[-1500:]
    return "read"


if __name__ == "__main__":
    main()
