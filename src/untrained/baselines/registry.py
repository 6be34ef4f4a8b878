"""The registry of methods to compare a fit with.

A method maps a Problem to a picture, float32 ``(1, C, H, W)`` on the CPU. No method takes the clean
picture.
"""

import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

from torch import Tensor

from untrained.errors import NotApplicable
from untrained.problem.problem import Problem

Setting = Literal["steps", "seed", "device", "weights"]
_Method = TypeVar("_Method", bound=Callable[..., Tensor])


@dataclass(frozen=True)
class Baseline:
    """A method to compare with."""

    name: str
    """Short name, also used in file names."""
    title: str
    """Name as shown in tables."""
    module: str
    """Module that it imports."""
    solve: Callable[..., Tensor]
    """Solves a Problem; raises NotApplicable, with the reason, if the method does not apply."""
    tasks: tuple[str, ...] | None = None
    """Verbs whose problems it solves; None for all."""
    takes: tuple[Setting, ...] = ()
    """Settings of the run that `solve` takes as keywords."""
    foreign: bool = False
    """Whether it calls a package that the user installs, so any exception may occur."""


_KNOWN: dict[str, Baseline] = {}


def baseline(
    name: str,
    title: str,
    tasks: tuple[str, ...] | None,
    *,
    needs: str = "torch",
    takes: tuple[Setting, ...] = (),
    foreign: bool = False,
) -> Callable[[_Method], _Method]:
    """Register a function as a method: `compare` and `bench` then list it.

    Parameters
    ----------
    name, title, tasks, takes, foreign
        As in `Baseline`. A method that takes weights is listed only if the user gives them.
    needs
        Module that it imports; if it is missing, the method does not run and its row says so.

    Raises
    ------
    ValueError
        If the name is taken.
    """

    def registered(solve: _Method) -> _Method:
        if name in _KNOWN:
            raise ValueError(f"a baseline {name!r} is registered already")
        _KNOWN[name] = Baseline(name, title, needs, solve, tasks, takes, foreign)
        return solve

    return registered


def names() -> tuple[str, ...]:
    """List the names of all methods, for any task."""
    return tuple(_KNOWN)


def named(name: str) -> Baseline:
    """Find a method by its name, for any task."""
    return _KNOWN[name]


def baselines(
    task: str,
    *,
    steps: int = 450,
    seed: int = 0,
    device: str = "cpu",
    weights: dict[str, Any] | None = None,
) -> tuple[Baseline, ...]:
    """List the methods for a task: filters, then network fits, then a trained restorer.

    Parameters
    ----------
    task
        A verb; an unknown one has only the methods for all tasks.
    steps, seed, device
        For methods that fit a network; the others are deterministic and run on the CPU.
    weights
        Weights of a trained restorer, from `third_party.read_weights`.
    """
    given = {"steps": steps, "seed": seed, "device": device, "weights": weights}
    listed = [
        method
        for method in _KNOWN.values()
        if (method.tasks is None or task in method.tasks)
        and ("weights" not in method.takes or weights is not None)
    ]
    listed.sort(key=lambda method: ("weights" in method.takes, bool(method.takes)))
    return tuple(
        replace(method, solve=partial(method.solve, **{name: given[name] for name in method.takes}))
        for method in listed
    )


def solve(baseline: Baseline, problem: Problem) -> Tensor:
    """Run a method and check its picture.

    Raises
    ------
    NotApplicable
        If it does not apply to this problem, or its picture has the wrong shape or is not finite.
    """
    picture = baseline.solve(problem).detach().float().cpu()
    expected = (1, problem.picture.channels, *problem.size)
    if tuple(picture.shape) != expected:
        raise NotApplicable(f"it gave the shape {tuple(picture.shape)} instead of {expected}")
    if not bool(picture.isfinite().all()):
        raise NotApplicable("it gave pixels that are not finite")
    return picture


def load(baseline: Baseline) -> None:
    """Import the package that a method needs.

    Raises
    ------
    NotApplicable
        If it is not installed, or cannot be imported.
    """
    package = baseline.module.partition(".")[0]
    try:
        importlib.import_module(baseline.module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == package:
            raise NotApplicable(f"the package {package} is not installed") from error
        version = _version(package)
        raise NotApplicable(
            f"{package} {version} is installed but cannot be imported: {error}"
        ) from error


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"
