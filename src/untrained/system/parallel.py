"""Run several parts of a work at once, when one part alone does not keep all cores busy."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Given = TypeVar("Given")
Made = TypeVar("Made")

_MOST = 4
"""Most threads."""

_sharing = threading.Lock()


def workers(most: int) -> int:
    """Return how many of `most` threads `parallel_map` may use: at most torch's, at least one."""
    with _sharing:
        own = torch.get_num_threads()
    return max(1, min(most, own, _MOST))


def parallel_map(
    work: Callable[[Given], Made], parts: Iterable[Given], threads: int, device: torch.device
) -> Iterator[Made]:
    """Run `work` on each part, several at once on a CPU, and yield the results in order.

    torch releases the interpreter lock within an operation. Its own threads are divided among ours;
    the results do not depend on their number.

    Parameters
    ----------
    work
        A function of a part. It must not write what another call reads.
    parts
        The arguments of `work`.
    threads
        Number of parts at once; see `workers`.
    device
        Where it computes: off the CPU, the parts run one after the other.
    """
    if threads == 1 or device.type != "cpu":
        yield from map(work, parts)
        return
    with _pool(threads) as pool:
        yield from pool.map(work, parts)


def _pool(threads: int) -> ThreadPoolExecutor:
    """Start threads, each with its share of torch's threads.

    `torch.set_num_threads` sets the number for the calling thread, and the initial one for threads
    that are new to torch. The latter is restored before any work, and no other pool starts in
    between.
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
