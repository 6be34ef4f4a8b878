"""Kinds of problems within a task, for which a preset may have other settings.

``""`` is the kind that the task's presets are made for.
"""

from typing import Literal, get_args

from untrained.recipes.recipe import Task

DenoiseVariant = Literal["", "counted", "impulse", "volume"]
"""``counted``: Poisson-Gaussian noise, stabilised; ``impulse``: replaced samples, filled."""

DeblockVariant = Literal["", "tables"]
"""``tables``: the quantisation tables of the JPEG are known."""

UpscaleVariant = Literal["", "x8", "volume"]
"""``x8``: by a factor of 8 or more."""

InpaintVariant = Literal["", "holes", "strokes", "volume", "volume-holes", "volume-strokes"]
"""``""``: scattered pixels; ``holes``: some are far from every known one; ``strokes``: few, as of
text or scratches."""

FlashVariant = Literal["", "large"]
"""``large``: so many pixels that steps are saved."""

DemosaicVariant = Literal["", "noisy"]
"""``noisy``: samples of known noise level, which are denoised too."""

ReconstructVariant = Literal[
    "",
    "level",
    "spectrum",
    "blur",
    "blind",
    "phase",
    "phase-level",
    "phase-noisy",
    "magnitude-level",
]
"""``""``: the noise level is unknown; ``level``: known; ``spectrum``: known, of complex samples
(k-space); ``blur``: known, of a known kernel; ``blind``: the kernel is unknown; ``phase``: phase
retrieval; ``phase-level``: with a known noise level; ``phase-noisy``: with so much noise that the
initial guess is full of it; ``magnitude-level``: from Fourier magnitudes, with a known level."""

Variant = (
    DenoiseVariant
    | DeblockVariant
    | UpscaleVariant
    | InpaintVariant
    | FlashVariant
    | DemosaicVariant
    | ReconstructVariant
)

VARIANTS: dict[Task, tuple[str, ...]] = {
    "denoise": get_args(DenoiseVariant),
    "deblock": get_args(DeblockVariant),
    "upscale": get_args(UpscaleVariant),
    "inpaint": get_args(InpaintVariant),
    "flash": get_args(FlashVariant),
    "demosaic": get_args(DemosaicVariant),
    "invert": ("",),
    "dream": ("",),
    "reconstruct": get_args(ReconstructVariant),
}
"""The kinds of each task."""
