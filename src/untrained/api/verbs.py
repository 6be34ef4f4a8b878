"""The verbs of the library: a task described and solved in one call."""

from typing import Any, Unpack

from torch import nn

from untrained import tasks
from untrained.arguments import checked
from untrained.fitting.restoration import Restoration
from untrained.fitting.restore import PriorName, restore
from untrained.noise import Gaussian, Poisson, PoissonGaussian
from untrained.operators.classifiers import Model
from untrained.recipes import FitKeywords, Recipe
from untrained.tasks.denoise.describe import NoiseName
from untrained.tasks.reconstruct.describe import Noise
from untrained.tasks.reconstruct.phase import Measured, PhaseNoise


class Options(FitKeywords, total=False):
    """Options of every verb, as for `watch`."""

    recipe: Recipe | str | None
    preset: str | None
    prior: PriorName


@checked
def denoise(
    image: Any,
    *,
    sigma: float | None = None,
    noise: NoiseName | Gaussian | Poisson | PoissonGaussian = "auto",
    **options: Unpack[Options],
) -> Restoration:
    """Remove noise. See `tasks.denoise` for the picture and its noise, `watch` for the options."""
    return restore(tasks.denoise(image, sigma=sigma, noise=noise), **options)


@checked
def deblock(image: Any, **options: Unpack[Options]) -> Restoration:
    """Remove JPEG artefacts. See `tasks.deblock` for the picture, `watch` for the options."""
    return restore(tasks.deblock(image), **options)


@checked
def demosaic(
    image: Any, pattern: str = "RGGB", *, sigma: float | None = None, **options: Unpack[Options]
) -> Restoration:
    """Find the colours of a sensor's raw plane. See `tasks.demosaic`, `watch` for the options."""
    return restore(tasks.demosaic(image, pattern, sigma=sigma), **options)


@checked
def upscale(
    image: Any,
    factor: float = 4,
    *,
    kernel: str = "lanczos",
    width: float = 0.5,
    **options: Unpack[Options],
) -> Restoration:
    """Enlarge a picture. See `tasks.upscale` for the picture, `watch` for the options."""
    return restore(tasks.upscale(image, factor, kernel=kernel, width=width), **options)


@checked
def flash(
    image: Any, flash: Any, *, register: bool = False, **options: Unpack[Options]
) -> Restoration:
    """Restore a no-flash picture by its flash picture. See `tasks.flash`, `watch` for options."""
    return restore(tasks.flash(image, flash, register=register), **options)


@checked
def invert(
    image: Any, model: Model | nn.Module, layer: str, **options: Unpack[Options]
) -> Restoration:
    """Find a picture with the features of another. See `tasks.invert`, `watch` for options."""
    return restore(tasks.invert(image, model, layer), **options)


@checked
def dream(
    model: Model | nn.Module,
    target: str,
    *,
    size: int | None = None,
    **options: Unpack[Options],
) -> Restoration:
    """Find a picture that excites a class or channel. See `tasks.dream`, `watch` for options."""
    return restore(tasks.dream(model, target, size=size), **options)


@checked
def inpaint(
    image: Any, fill: Any = None, *, known: Any = None, **options: Unpack[Options]
) -> Restoration:
    """Fill missing pixels. See `tasks.inpaint` for the masks, `watch` for the options."""
    return restore(tasks.inpaint(image, fill, known=known), **options)


@checked
def reconstruct(
    y: Any,
    physics: Any,
    *,
    shape: tuple[int, ...] | None = None,
    noise: Noise | None = None,
    weights: Any = None,
    bounds: tuple[float | None, float | None] = (None, None),
    initial: Any = None,
    **options: Unpack[Options],
) -> Restoration:
    """Reconstruct a picture from a measurement of it, through an operator that you bring.

    See `tasks.reconstruct` for the parameters, `watch` for the options.
    """
    problem = tasks.reconstruct(
        y, physics, shape=shape, noise=noise, weights=weights, bounds=bounds, initial=initial
    )
    return restore(problem, **options)


@checked
def phase(
    y: Any,
    physics: Any,
    *,
    measured: Measured = "amplitudes",
    noise: PhaseNoise | None = None,
    weights: Any = None,
    bounds: tuple[float | None, float | None] | None = None,
    initial: Any = None,
    **options: Unpack[Options],
) -> Restoration:
    """Retrieve a picture from the magnitudes of its waves.

    See `tasks.phase` for the parameters, `watch` for the options.
    """
    problem = tasks.phase(
        y,
        physics,
        measured=measured,
        noise=noise,
        weights=weights,
        bounds=bounds,
        initial=initial,
    )
    return restore(problem, **options)


@checked
def deblur(
    image: Any,
    kernel: Any = None,
    *,
    blind: int | None = None,
    sigma: float | None = None,
    **options: Unpack[Options],
) -> Restoration:
    """Sharpen a picture blurred by a kernel, known or not. See `tasks.deblur`, `watch`."""
    return restore(tasks.deblur(image, kernel, blind=blind, sigma=sigma), **options)
