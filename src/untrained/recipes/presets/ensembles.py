"""Several networks in place of one: `balanced` and `best` follow from `fast`."""

from untrained.recipes import Recipe, SelfSimilarPasses, Task
from untrained.recipes.presets import fast

MEMBERS = {"balanced": 4, "best": 12}
AVERAGED: tuple[Task, ...] = ("denoise", "deblock", "upscale", "inpaint", "flash", "reconstruct")


def _longer(passes: SelfSimilarPasses, whole: int, half: int) -> SelfSimilarPasses:
    """Set the number of passes at whole and half size; of those that follow, half as many."""
    coarse = passes.coarse and passes.coarse.model_copy(update={"passes": half})
    then = passes.then and _longer(passes.then, whole // 2, half // 2)
    return passes.model_copy(update={"passes": whole, "coarse": coarse, "then": then})


_PASSES: dict[tuple[Task, str], SelfSimilarPasses] = {
    ("inpaint", ""): SelfSimilarPasses(
        method="nl-bayes", passes=40, first=30 / 255, last=2 / 255, patch=8
    ),
    ("upscale", ""): _longer(fast.UPSCALE_PASSES, 12, 48).model_copy(update={"first": 0.06}),
    ("upscale", "x8"): _longer(fast.UPSCALE_8_PASSES, 24, 48),
}
"""Longer passes of a task, and of a variant that has its own."""
_CALIBRATION: dict[Task, float] = {
    "denoise": 4.5,
    "upscale": 6.0,
    "deblock": 1.8,
    "reconstruct": 7.0,
}
"""As `Recipe.calibration`, of pictures: so that about 95 % of the errors of crops of 96x96 lie
within two deviations. That of reconstruct was found by deblurring."""


def several(task: Task, recipe: Recipe, name: str, variant: str = "") -> Recipe:
    """Average several networks of a recipe: their errors differ (Lakshminarayanan et al. 2017).

    Longer passes than those of the recipe are for pictures: volumes keep theirs.
    """
    members = MEMBERS[name]
    why = f"{members} networks like that of {recipe.name}, averaged; {recipe.why}"
    passes = recipe.refinement
    of_picture = not variant.startswith("volume")
    if of_picture and passes is not None:
        passes = _PASSES.get((task, variant)) or _PASSES.get((task, ""), passes)
    changes = {
        "name": name,
        "why": why,
        "members": members,
        "calibration": _CALIBRATION.get(task, 1.0) if of_picture else 1.0,
        "refinement": passes,
    }
    return recipe.model_copy(update=changes)
