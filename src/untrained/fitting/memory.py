"""Predict the peak memory of a fit, and find the free memory."""

import math
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from untrained.fitting.device import Engine
from untrained.fitting.dry_run import dry_run
from untrained.fitting.plan import stages_of
from untrained.problem.problem import Problem
from untrained.recipes import Recipe
from untrained.system.machine import gpu_memory, memory

_COPIES_OF_WEIGHTS = 8
"""Beside weights and gradients: two moments, and the guard's last and next copy of all three."""

_PICTURES = 8
"""Measurement, guide, iterate, average, its sum, the picture handed over, two in the making."""


_WITHIN = 0.25
"""Share of the living tensors that kernels need within operations, as measured on a CPU."""

_KEPT = 0.35, 2**27
"""Share of the living tensors that the allocator keeps between small ones, and bytes at most."""

_COMPLAINTS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "bad_alloc",
    "ALLOC_FAILED",
)
"""How the allocators of CUDA, MPS, CPU and C++, and CUDA's libraries, report that they ran out."""


def estimate(problem: Problem, recipe: Recipe, engine: Engine) -> int:
    """Predict how many bytes a fit will hold at its peak, beyond the program itself.

    A dry run of one step, on shapes alone, counts every tensor from allocation to release. Memory
    within kernels and the allocator is added as measured with glibc; so are the optimiser, the
    guard, the pictures and the classical estimate.

    Parameters
    ----------
    problem, recipe, engine
        As for `Fit`.
    """
    living = _Living()
    weights = dry_run(problem, recipe, engine, living)
    picture = 4 * problem.channels * math.prod(problem.size)
    fixed = _COPIES_OF_WEIGHTS * weights + _PICTURES * picture
    share, most = _KEPT
    peak = living.peak + int(_WITHIN * living.peak) + min(int(share * living.peak), most)
    kinds, _ = stages_of(problem, recipe)
    # Where freed memory is kept, little of what the filters hold serves the steps that follow.
    peak += max(kind.working_bytes(problem, recipe) for kind in kinds)
    if recipe.guided_by is not None:
        return max(fixed + peak, picture + estimate(problem, recipe.guided_by, engine))
    return fixed + peak


def free_memory(device: torch.device) -> int | None:
    """Return the bytes that are free for a fit on the device; None if unknown."""
    return gpu_memory(device).free if device.type == "cuda" else memory().free


def ran_out(error: BaseException) -> bool:
    """Return whether an error reports that memory ran out, on any device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    message = str(error)
    return isinstance(error, RuntimeError) and any(words in message for words in _COMPLAINTS)


class _Living(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, and the most there were at once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._now = 0
        self._storages: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation and count what it made."""
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._storages:
            return

        def end(_gone: object) -> None:
            del self._storages[key]
            self._now -= size

        self._storages[key] = weakref.ref(storage, end)
        self._now += size
        self.peak = max(self.peak, self._now)
