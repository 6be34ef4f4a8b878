"""What a person would use instead of a fit: each method is a function that registers itself.

A method is a function from a Problem to a picture, float32 ``(1, C, H, W)`` on the CPU. None has a
parameter for a clean picture.
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
    """Short name; pictures are filed under it."""
    title: str
    """Name for people."""
    module: str
    """What it needs to import."""
    solve: Callable[..., Tensor]
    """Solves a Problem; raises NotApplicable, with the reason, where the method cannot be used."""
    tasks: tuple[str, ...] | None = None
    """The verbs that it competes with; None for all."""
    takes: tuple[Setting, ...] = ()
    """Settings of the run that `solve` wants as keywords."""
    foreign: bool = False
    """Whether the user has to install its package, in which anything may go wrong."""


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
    """Register a function as a method to compare with: `compare` and `bench` list it from then on.

    Parameters
    ----------
    name, title, tasks, takes, foreign
        As in `Baseline`. One that takes weights is only listed where the user gives some.
    needs
        The module that it imports; where that is missing, it does not run and the row says so.

    Raises
    ------
    ValueError
        If the name is another's.
    """

    def registered(solve: _Method) -> _Method:
        if name in _KNOWN:
            raise ValueError(f"a baseline {name!r} is registered already")
        _KNOWN[name] = Baseline(name, title, needs, solve, tasks, takes, foreign)
        return solve

    return registered


def names() -> tuple[str, ...]:
    """Names of all methods, for whatever task."""
    return tuple(_KNOWN)


def named(name: str) -> Baseline:
    """Find a method by its name, for whatever task."""
    return _KNOWN[name]


def baselines(
    task: str,
    *,
    steps: int = 450,
    seed: int = 0,
    device: str = "cpu",
    weights: dict[str, Any] | None = None,
) -> tuple[Baseline, ...]:
    """List the methods for a task: filters, then what fits a network, a trained restorer last.

    Parameters
    ----------
    task
        The verb; an unknown one has no methods.
    steps, seed, device
        For the methods that fit a network: the others know no randomness and run on the CPU.
    weights
        Those of a trained restorer, from `third_party.read_weights`.
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
    """Run a method and check what it gives.

    Raises
    ------
    NotApplicable
        If it cannot be used on this problem, or gives no picture.
    """
    picture = baseline.solve(problem).detach().float().cpu()
    expected = (1, problem.picture.channels, *problem.size)
    if tuple(picture.shape) != expected:
        raise NotApplicable(f"it gave the shape {tuple(picture.shape)} instead of {expected}")
    if not bool(picture.isfinite().all()):
        raise NotApplicable("it gave pixels that are not finite")
    return picture


def load(baseline: Baseline) -> None:
    """Import what a method needs.

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
