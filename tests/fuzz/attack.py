"""Damage the files of the corpus and read them in a process that is watched."""

import itertools
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.corpus import corpus
from tests.fuzz.mutations import mutated

LONGEST = 5.0
"""Most seconds of one file."""

LIMIT = "64MB"
"""Limit of reading within; the process may take sixteen times as much."""


class Fault(NamedTuple):
    """What went wrong, and with what."""

    name: str
    seed: int
    words: str
    data: bytes


class Watched:
    """A process that reads, started anew when it ends or hangs."""

    def __init__(self) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {"UNTRAINED_READ_LIMIT": LIMIT, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
        )

    def read(self, part: str, path: Path, seconds: float = LONGEST) -> str:
        """Let it read a file; return what it says, or how it ended."""
        self.errors.seek(0, os.SEEK_END)
        before = self.errors.tell()
        self.process.stdin.write(f"{part}\t{path}\n".encode())
        self.process.stdin.flush()
        there, _, _ = select.select([self.process.stdout], [], [], seconds)
        words = self.process.stdout.readline().decode().strip() if there else ""
        if not words:
            ended = self.process.poll()
            self._end()
            self.process = self._started()
            self.warm(part, path)
            return f"fault: it took over {seconds} s" if not there else f"fault: it died ({ended})"
        self.errors.seek(before)
        if printed := self.errors.read():
            return f"fault: printed {printed.decode(errors='replace')[-1500:]!r}"
        return words

    def warm(self, part: str, path: Path) -> None:
        """Wait until a new process has imported what it needs."""
        self.process.stdin.write(f"{part}\t{path.with_name('none')}\n".encode())
        self.process.stdin.flush()
        self.process.stdout.readline()

    def close(self) -> None:
        """End the process."""
        self._end()
        self.errors.close()

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def damaged(part: str, seed: int) -> tuple[str, bytes]:
    """Return the name of a file of the corpus and what this seed makes of it."""
    files = sorted(corpus()[part].items())
    name, data = files[seed % len(files)]
    return name, mutated(seed, data, files[(seed // len(files)) % len(files)][1])


def attack(
    watched: Watched, part: str, folder: Path, seconds: float, first: int = 0
) -> Iterator[Fault | None]:
    """Damage files of a part for so many seconds; yield a fault or None for each."""
    watched.warm(part, folder / "none")
    end = time.monotonic() + seconds
    for seed in itertools.count(first):
        if time.monotonic() > end:
            return
        name, data = damaged(part, seed)
        path = folder / f"damaged{Path(name).suffix}"
        path.write_bytes(data)
        words = watched.read(part, path)
        yield Fault(name, seed, words, data) if "fault" in words else None
