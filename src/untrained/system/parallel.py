"""Work on several cores where the parts of it do not keep them busy on their own."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")

_MOST = 4
"""Threads at most."""


def workers(most: int) -> int:
    """How many threads `side_by_side` may use of `most`: as many as torch has; at least one."""
    return max(1, min(most, torch.get_num_threads(), _MOST))


def side_by_side(
    work: Callable[[Given], Made], parts: Iterable[Given], threads: int, device: torch.device
) -> Iterator[Made]:
    """Do a work on each part, several at once on a CPU, and yield what they give in order.

    torch lets go of the interpreter within an operation, and shares its own threads out among ours,
    whose results do not depend on how many there are.

    Parameters
    ----------
    work
        Must not write what another reads.
    parts
        What it is done on.
    threads
        How many at once; as `workers` says.
    device
        Where it computes: elsewhere than on a CPU, one after the other.
    """
    if threads == 1 or device.type != "cpu":
        yield from map(work, parts)
        return
    own = torch.get_num_threads()
    pool = ThreadPoolExecutor(
        threads, initializer=torch.set_num_threads, initargs=(own // threads,)
    )
    try:
        with pool:
            yield from pool.map(work, parts)
    finally:
        torch.set_num_threads(own)
