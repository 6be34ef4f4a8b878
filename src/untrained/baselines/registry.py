"""What a person would use instead of a fit: classical filters and other people's packages, by task.

A method is a function from a Problem to a picture, float32 ``(1, C, H, W)`` on the CPU. None has a
parameter for a clean picture.
"""

import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from untrained.baselines.classical import (
    bicubic,
    biharmonic,
    block_matching,
    gradient_corrected,
    initial_guess,
    joint_bilateral_of_pair,
    lanczos,
    median,
    nearest,
    non_local_means,
    ridge_of_patches,
)
from untrained.baselines.third_party import deepinv_dip, trained
from untrained.errors import NotApplicable
from untrained.problem.problem import Problem


@dataclass(frozen=True)
class Baseline:
    """A method to compare with."""

    name: str
    """Short name; pictures are filed under it."""
    title: str
    """Name for people."""
    module: str
    """What it needs to import."""
    solve: Callable[[Problem], Tensor]


def baselines(
    task: str,
    *,
    steps: int = 450,
    seed: int = 0,
    device: str = "cpu",
    weights: dict[str, Any] | None = None,
) -> tuple[Baseline, ...]:
    """List the methods for a task.

    Parameters
    ----------
    task
        The verb; an unknown one has no methods.
    steps, seed, device
        For the methods that fit a network: the others know no randomness and run on the CPU.
    weights
        Those of a trained restorer, from `borrowed.read_weights`; it comes last.
    """
    fitted = Baseline(
        "deepinv-dip",
        "DIP of deepinv",
        "deepinv",
        partial(deepinv_dip, steps=steps, seed=seed, device=device),
    )
    nlm = Baseline("nlm", "non-local means", "skimage.restoration", non_local_means)
    listed: dict[str, tuple[Baseline, ...]] = {
        "denoise": (
            nlm,
            Baseline("nl-ridge", "NL-Ridge", "torch", ridge_of_patches),
            Baseline("bm3d", "CBM3D", "bm3d", block_matching),
            Baseline("median", "median filter", "torch", median),
            fitted,
        ),
        "deblock": (nlm,),
        "upscale": (
            Baseline("bicubic", "bicubic", "PIL.Image", bicubic),
            Baseline("lanczos", "Lanczos", "PIL.Image", lanczos),
            fitted,
        ),
        "inpaint": (
            Baseline("nearest", "nearest pixel", "scipy.ndimage", nearest),
            Baseline("biharmonic", "biharmonic", "skimage.restoration", biharmonic),
            fitted,
        ),
        "demosaic": (
            Baseline("bilinear", "bilinear", "torch", initial_guess),
            Baseline("malvar", "Malvar, He, Cutler", "torch", gradient_corrected),
        ),
        "reconstruct": (Baseline("guess", "initial guess", "torch", initial_guess),),
        "flash": (
            Baseline("joint-bilateral", "joint bilateral", "torch", joint_bilateral_of_pair),
        ),
    }
    if weights is None:
        return listed.get(task, ())
    own = partial(trained, weights=weights, device=device)
    return (*listed.get(task, ()), Baseline("trained", "trained model", "spandrel", own))


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
