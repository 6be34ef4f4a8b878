"""Upscaling, registered."""

from dataclasses import dataclass
from typing import Literal, get_args

from untrained.recipes.presets import ensembles, fast, paper, volumes
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task

UpscaleVariant = Literal["", "x8", "volume"]
"""``x8``: by a factor of 8 or more."""


@dataclass(frozen=True)
class UpscaleOptions:
    """How much larger, and how the small picture was made."""

    factor: float = 4
    """How many times wider and higher: more than 1, up to 16; 2.5 is fine."""
    kernel: str = "lanczos"
    """How the small picture is taken to have been reduced: lanczos (of two lobes, or lanczos2),
    lanczos3, bicubic, box or gaussian. Reduced in this way, the result gives the input again."""
    width: float = 0.5
    """Standard deviation of the Gaussian, in pixels of the small picture."""


register_task(
    TaskSpec(
        name="upscale",
        describe="untrained.tasks.upscale.describe:upscale",
        presets={"fast": fast.UPSCALE, "paper": paper.UPSCALE, "tv": tv(0.001)},
        variants=get_args(UpscaleVariant),
        variant_presets={
            ("fast", "volume"): volumes.UPSCALE,
            ("fast", "x8"): fast.UPSCALE_8,
            ("paper", "x8"): paper.UPSCALE_8,
        },
        ensembles=ensembles.UPSCALE,
        options=UpscaleOptions,
        command=Command(help="Enlarge a picture.", input="The small picture.", volumes=True),
        compare=Comparison(
            ("factor",), trained=True, base="bicubic", base_words="the bicubic enlargement"
        ),
    )
)
