"""Ensembles: `balanced` and `best` are several networks of `fast`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from untrained.recipes import Recipe, SelfSimilarPasses
from untrained.recipes.presets import fast
from untrained.recipes.presets.building_blocks import LARGE_PATCHES

ENSEMBLE_SIZES = {"balanced": 4, "best": 12}


@dataclass(frozen=True)
class Ensembles:
    """How a task averages several networks."""

    calibration: float = 1.0
    """`Recipe.calibration` for pictures; about 95 % of their errors lie within two deviations."""
    passes: Mapping[str, tuple[SelfSimilarPasses, ...]] = field(default_factory=dict)
    """Longer passes; ``""`` is for all variants without passes of their own."""
    alone: tuple[str, ...] = ()
    """Variants that get one network, as in `fast`."""


def several(ensembles: Ensembles, recipe: Recipe, name: str, variant: str = "") -> Recipe:
    """Average several networks of a recipe: their errors differ (Lakshminarayanan et al. 2017).

    Pictures get longer passes; volumes keep those of the recipe.
    """
    if variant in ensembles.alone:
        return recipe
    size = ENSEMBLE_SIZES[name]
    why = f"{size} networks like that of {recipe.name}, averaged; {recipe.why}"
    passes = recipe.passes
    of_picture = not variant.startswith("volume")
    if of_picture and passes:
        passes = ensembles.passes.get(variant) or ensembles.passes.get("", passes)
    changes = {
        "name": name,
        "why": why,
        "ensemble_size": size,
        "calibration": ensembles.calibration if of_picture else 1.0,
        "passes": passes,
    }
    return recipe.model_copy(update=changes)


def _counted(passes: tuple[SelfSimilarPasses, ...], *counts: int) -> tuple[SelfSimilarPasses, ...]:
    """Set how many passes each entry runs."""
    return tuple(
        entry.model_copy(update={"count": count})
        for entry, count in zip(passes, counts, strict=True)
    )


_AT_HALF, _WHOLE = fast.UPSCALE_PASSES

# The calibrations were set on crops of 96x96 with the truth at hand.
DENOISE = Ensembles(calibration=4.5)
DEBLOCK = Ensembles(calibration=1.8)
FLASH = Ensembles()
UPSCALE = Ensembles(
    calibration=6.0,
    passes={
        "": _counted((_AT_HALF, _WHOLE.model_copy(update={"first_level": 0.06})), 48, 12),
        "x8": _counted(fast.UPSCALE_8_PASSES, 48, 24, 24, 12),
    },
)
INPAINT = Ensembles(
    passes={
        "": (
            SelfSimilarPasses(
                method=LARGE_PATCHES, count=40, first_level=30 / 255, last_level=2 / 255
            ),
        ),
    },
)
RECONSTRUCT = Ensembles(calibration=7.0, alone=("blind",))
"""Deblurring gave the calibration. Each network of blind deblurring fits a kernel of its own."""
