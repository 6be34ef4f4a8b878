"""How the C library gives memory back. A setting of the whole process: programs make it, not us."""

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
"""Names of the settings in ``malloc.h``."""
_LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Have the C library keep freed memory for the next tensor of that size.

    Every step of a fit allocates the same large tensors. By default glibc hands each back to the
    system at once, which then clears every page anew: about a tenth of a step on a CPU. The command
    line calls this; a program that fits on a CPU may, before its first fit.

    Returns
    -------
    Whether it was done: False beside other C libraries, where nothing is changed.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    # Of one arena, what one thread has freed serves the next.
    settings = {
        _M_MMAP_MAX: 0,
        _M_TRIM_THRESHOLD: _LARGEST,
        _M_TOP_PAD: 2**26,
        _M_ARENA_MAX: 1,
    }
    return all(library.mallopt(name, value) == 1 for name, value in settings.items())
