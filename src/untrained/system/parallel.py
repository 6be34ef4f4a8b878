"""Work on several cores where the parts of it do not keep them busy on their own."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")

_MOST = 4
"""Threads at most."""

_sharing = threading.Lock()


def workers(most: int) -> int:
    """How many threads `parallel_map` may use of `most`: as many as torch has; at least one."""
    with _sharing:
        own = torch.get_num_threads()
    return max(1, min(most, own, _MOST))


def parallel_map(
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
    with _pool(threads) as pool:
        yield from pool.map(work, parts)


def _pool(threads: int) -> ThreadPoolExecutor:
    """Start threads of which each has its share of torch's.

    `torch.set_num_threads` sets the number of the thread that calls it, and the one that threads
    begin with which are new to torch. The latter is put back before any work is done, and no other
    pool starts in between.
    """
    started = threading.Barrier(threads + 1)

    def begin(share: int) -> None:
        torch.get_num_threads()  # else torch would set it anew when this thread first computes
        torch.set_num_threads(share)
        started.wait()

    with _sharing:
        own = torch.get_num_threads()
        pool = ThreadPoolExecutor(threads)
        for _ in range(threads):
            pool.submit(begin, max(1, own // threads))
        started.wait()
        torch.set_num_threads(own)
    return pool
