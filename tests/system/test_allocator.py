"""Freed memory is kept, so that the next tensor costs no page faults."""

import platform
import subprocess
import sys

import pytest

from untrained.system import allocator

COUNT = """
import resource, sys, torch
from untrained.system.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    for _ in range(10):
        torch.ones(10_000_000).sum()
work()
before = faults()
work()
print(faults() - before)
"""


def faults(how):
    """Page faults of ten tensors, the fewest of three processes: a machine short of memory adds."""
    words = [sys.executable, "-c", COUNT, how]
    runs = [subprocess.run(words, capture_output=True, text=True, check=True) for _ in range(3)]
    return min(int(run.stdout) for run in runs)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_kept_memory_is_not_faulted_in_again():
    pages = 10 * 40_000_000 // 4096
    kept, given_back = faults("keep"), faults("default")
    assert kept < pages / 50
    assert kept < given_back / 5 or given_back == 0


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.ctypes, "CDLL", None)
    assert not allocator.keep_freed_memory()
