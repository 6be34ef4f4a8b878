"""How the C library returns memory. A setting of the whole process, left to programs."""

import ctypes
import platform

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
"""Names of the settings in ``malloc.h``."""
_LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory for the next tensor of that size.

    Every step of a fit allocates the same large tensors. By default glibc returns each one to the
    system at once, which then clears every page again: about a tenth of a step on a CPU. The
    command line calls this; a program that fits on a CPU may call it before its first fit.

    Returns
    -------
    Whether it was done: False with other C libraries, where nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    # With one arena, memory that one thread has freed serves the next.
    settings = {
        _M_MMAP_MAX: 0,
        _M_TRIM_THRESHOLD: _LARGEST,
        _M_TOP_PAD: 2**26,
        _M_ARENA_MAX: 1,
    }
    return all(library.mallopt(name, value) == 1 for name, value in settings.items())
