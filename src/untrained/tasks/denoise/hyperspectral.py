"""Denoising of many bands: their principal components plus white noise were measured."""

import torch
from torch import Tensor

from untrained.noise import Gaussian
from untrained.operators import Mask
from untrained.picture.picture import Picture
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem
from untrained.problem.rendering import Rendering
from untrained.tasks.denoise.components import Components, band_levels

FEW = 4
"""Channels up to which a picture is denoised as it is."""


def applies(picture: Picture) -> bool:
    """Whether it is a picture of many bands."""
    return picture.channels > FEW and not picture.is_volume


def noise_levels(picture: Picture, sigma: float | None) -> Tensor:
    """Noise level of each band in picture units, estimated where none is given: ``(C,)``."""
    if sigma is None:
        return band_levels(picture.pixels)
    return torch.full((picture.channels,), sigma)


def denoise_bands(picture: Picture, levels: Tensor) -> Problem:
    """Describe the denoising of a picture of many bands.

    Parameters
    ----------
    picture
        More than `FEW` channels.
    levels
        Noise level of each, ``(C,)``, in picture units, not all 0.
    """
    low, high = (255 * float(end) for end in (levels.min(), levels.max()))
    known = None if picture.missing is None else ~picture.missing
    components = Components(picture.pixels, levels, known)
    notes = (
        f"noise levels of the bands: {low:.2f} to {high:.2f} of 255",
        f"{components.count} components of the {picture.channels} bands rise above the noise",
    )
    return _described(picture, components, notes)


def _described(picture: Picture, components: Components, notes: tuple[str, ...] = ()) -> Problem:
    y = components.compact(picture.pixels)
    operator: torch.nn.Module = torch.nn.Identity()
    if picture.missing is not None:
        operator = Mask(~picture.missing)
        y = y * ~picture.missing
    return Problem(
        task="denoise",
        picture=picture,
        measurement=Measurement(y, operator, Gaussian(components.level, clipped=False)),
        size=picture.size,
        channels=components.count,
        knowledge=Knowledge(guide=y),
        rendering=Rendering(to_output=components.expand),
        notes=notes,
        cut=lambda window: _described(picture.cut(window), components),
    )
