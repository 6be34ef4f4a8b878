"""Random streams: one seed, and an independent stream for each purpose."""

import zlib

from numpy.random import SeedSequence


def stream(seed: int, purpose: str) -> int:
    """Derive the seed of the stream for one purpose, independent of the others.

    Parameters
    ----------
    seed
        The seed that the user gave, 0 or more.
    purpose
        What is drawn, in words: "noise split". The same words give the same stream.

    Returns
    -------
    A seed below 2^63: numpy's SeedSequence with the purpose as its spawn key.
    """
    key = zlib.crc32(purpose.encode())
    (drawn,) = SeedSequence(seed, spawn_key=(key,)).generate_state(1, "uint64")
    return int(drawn) >> 1
