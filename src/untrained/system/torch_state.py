"""Work in torch's usual state, whatever the caller has set, and leave the caller's as it was."""

import contextlib
import os
import threading
from collections.abc import Iterator

import torch

_lock = threading.Lock()
_users = 0
_used = False
"""Whether this process has computed here: then OpenMP's threads may run."""
_theirs = torch.float32


@contextlib.contextmanager
def in_usual_state() -> Iterator[None]:
    """Record gradients, make float32 tensors on the CPU, do not autocast; also a decorator.

    Gradients, inference mode, default device and autocast are those of this thread alone. The
    default type is that of the process: where it is not float32, other threads see float32 until
    the last of ours leaves.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        stack.enter_context(_single_precision())
        yield


@contextlib.contextmanager
def _single_precision() -> Iterator[None]:
    """Make float32 the default type; the last thread to leave restores the caller's."""
    global _users, _used, _theirs  # noqa: PLW0603
    with _lock:
        _used = True
        if _users == 0:
            _theirs = torch.get_default_dtype()
        _users += 1
        if torch.get_default_dtype() != torch.float32:
            torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and torch.get_default_dtype() != _theirs:
                torch.set_default_dtype(_theirs)


def _after_fork() -> None:
    """Compute with one thread in a forked process: OpenMP's other threads are not there.

    A loop over them would wait for ever.
    """
    global _lock, _users
    if _users:
        torch.set_default_dtype(_theirs)
    _lock, _users = threading.Lock(), 0
    if _used:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
