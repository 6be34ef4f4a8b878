"""Flash/no-flash, registered."""

from dataclasses import dataclass
from pathlib import Path

from untrained.recipes.presets import ensembles, fast, paper
from untrained.recipes.presets.total_variation import tv
from untrained.tasks.registry import Command, Comparison, TaskSpec, register_task


@dataclass(frozen=True)
class FlashOptions:
    """The other picture."""

    flash: Path
    """The flash picture, of the same size and depth."""
    register: bool = False
    """Shift the flash picture onto the other first."""


register_task(
    TaskSpec(
        name="flash",
        describe="untrained.tasks.flash.describe:flash",
        presets={"fast": fast.FLASH, "paper": paper.FLASH, "tv": tv(0.1)},
        # large: so many pixels that steps are saved.
        variants=("", "large"),
        variant_presets={("fast", "large"): fast.FLASH_LARGE},
        ensembles=ensembles.FLASH,
        options=FlashOptions,
        command=Command(
            help="Give a noisy no-flash picture the detail of its flash picture; the light stays.",
            input="The no-flash picture.",
        ),
        compare=Comparison(("flash", "register")),
    )
)
