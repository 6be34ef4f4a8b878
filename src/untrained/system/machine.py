"""This machine: its processor, memory, and speed of matrix products."""

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import torch

_REPEATS = 5
_LONG_ENOUGH = 0.02
"""Least seconds of one product, so that the clock and the launch are negligible."""
_LARGEST = 8192

_GROUPS = (
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Files of control groups, version 2 and 1, with a container's limit, use and cached files."""


class Memory(NamedTuple):
    """Memory in bytes; None if unknown."""

    total: int | None
    free: int | None


def processor() -> str:
    """Name the processor."""
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", path.read_text()) if path.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def memory() -> Memory:
    """Return how much memory the machine has, and how much is free for a program.

    A container's limit counts if it leaves less.
    """
    if sys.platform == "win32":
        return Memory(None, None)
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = (
        _kibibytes(Path("/proc/meminfo"), "MemAvailable"),
        _left_to_group(Path("/sys/fs/cgroup")),
    )
    return Memory(total, min((part for part in free if part is not None), default=None))


def whole_memory() -> int | None:
    """Return how much memory this process could ever have: the machine's or its container's.

    None if unknown.
    """
    total = memory().total
    parts = (total, *(int(limits.read_text()) for limits, *_ in _groups(Path("/sys/fs/cgroup"))))
    return min((part for part in parts if part is not None), default=None)


def _groups(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield the files of control groups with a limit, and the names of use and cached files."""
    for folder, limit, used, cached in _GROUPS:
        limits = root / folder / limit
        if limits.exists() and limits.read_text().strip().isdecimal():
            yield limits, used, cached


def _left_to_group(root: Path) -> int | None:
    """Return the bytes that a container's limit leaves; None without one.

    Cached files count as free.
    """
    for limits, used, cached in _groups(root):
        kept = re.search(rf"^{cached} (\d+)", (limits.parent / "memory.stat").read_text(), re.M)
        taken = int((limits.parent / used).read_text()) - (int(kept[1]) if kept else 0)
        return max(0, int(limits.read_text()) - taken)
    return None


def gpu_memory(device: torch.device) -> Memory:
    """Return how much memory a CUDA device has, and how much of it is free."""
    free, total = torch.cuda.mem_get_info(device)
    return Memory(total, free)


def peak_memory(device: torch.device) -> int | None:
    """Return this process's peak memory in bytes: allocated on a CUDA device, else resident.

    None if unknown.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    # Not getrusage on Linux: its maximum includes that of the parent before exec.
    peak = _kibibytes(Path("/proc/self/status"), "VmHWM")
    if peak is not None:
        return peak
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used


def _kibibytes(path: Path, name: str) -> int | None:
    found = re.search(rf"{name}:\s*(\d+) kB", path.read_text()) if path.exists() else None
    return None if found is None else 1024 * int(found[1])


def commit() -> str | None:
    """Name the commit of this package; None outside a git checkout of it."""
    git, here = shutil.which("git"), Path(__file__)
    if git is None:
        return None

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        command = [git, "-C", str(here.parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603

    # A package installed inside somebody else's checkout is not tracked by it.
    if ask("ls-files", "--error-unmatch", here.name).returncode != 0:
        return None
    described = ask("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    return described.stdout.strip() or None


def synchronise(device: torch.device) -> None:
    """Wait until the device has finished all its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def matrix_rate(device: torch.device, precision: Literal["float32", "bfloat16"]) -> float:
    """Measure how fast the device multiplies square matrices.

    The side doubles from 256 until one product takes long enough to be timed.

    Returns
    -------
    Operations per second (a multiplication and an addition are two), median of five products.
    """
    kind = torch.float32 if precision == "float32" else torch.bfloat16
    generator = torch.Generator(device).manual_seed(0)
    side = 256
    while True:
        drawn = torch.rand((side, side), generator=generator, dtype=kind, device=device)

        def product(matrix: torch.Tensor = drawn) -> None:
            torch.mm(matrix, matrix)

        _seconds(product, device)
        if _seconds(product, device) >= _LONG_ENOUGH or side >= _LARGEST:
            break
        side *= 2
    return 2 * side**3 / statistics.median(_seconds(product, device) for _ in range(_REPEATS))


def _seconds(work: Callable[[], None], device: torch.device) -> float:
    synchronise(device)
    start = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - start
