"""Ensembles: `balanced` and `best` are several networks of `fast`."""

from untrained.recipes import Recipe, SelfSimilarPasses, Task
from untrained.recipes.presets import fast
from untrained.recipes.presets.building_blocks import LARGE_PATCHES

ENSEMBLE_SIZES = {"balanced": 4, "best": 12}
AVERAGED: tuple[Task, ...] = ("denoise", "deblock", "upscale", "inpaint", "flash", "reconstruct")


def _counted(passes: tuple[SelfSimilarPasses, ...], *counts: int) -> tuple[SelfSimilarPasses, ...]:
    """Set how many passes each entry runs."""
    return tuple(
        entry.model_copy(update={"count": count})
        for entry, count in zip(passes, counts, strict=True)
    )


_AT_HALF, _WHOLE = fast.UPSCALE_PASSES
_PASSES: dict[tuple[Task, str], tuple[SelfSimilarPasses, ...]] = {
    ("inpaint", ""): (
        SelfSimilarPasses(method=LARGE_PATCHES, count=40, first_level=30 / 255, last_level=2 / 255),
    ),
    ("upscale", ""): _counted((_AT_HALF, _WHOLE.model_copy(update={"first_level": 0.06})), 48, 12),
    ("upscale", "x8"): _counted(fast.UPSCALE_8_PASSES, 48, 24, 24, 12),
}
"""Longer passes for a task, and for variants with passes of their own."""
_CALIBRATION: dict[Task, float] = {
    "denoise": 4.5,
    "upscale": 6.0,
    "deblock": 1.8,
    "reconstruct": 7.0,
}
"""`Recipe.calibration` for pictures, set on crops of 96x96 with the truth at hand: about 95 % of
their errors lie within two deviations. Deblurring gave the value of reconstruct."""


def several(task: Task, recipe: Recipe, name: str, variant: str = "") -> Recipe:
    """Average several networks of a recipe: their errors differ (Lakshminarayanan et al. 2017).

    Pictures get longer passes; volumes keep those of the recipe.
    """
    size = ENSEMBLE_SIZES[name]
    why = f"{size} networks like that of {recipe.name}, averaged; {recipe.why}"
    passes = recipe.passes
    of_picture = not variant.startswith("volume")
    if of_picture and passes:
        passes = _PASSES.get((task, variant)) or _PASSES.get((task, ""), passes)
    changes = {
        "name": name,
        "why": why,
        "ensemble_size": size,
        "calibration": _CALIBRATION.get(task, 1.0) if of_picture else 1.0,
        "passes": passes,
    }
    return recipe.model_copy(update=changes)
