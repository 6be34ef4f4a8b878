"""Several networks in place of one: `balanced` and `best` follow from `fast`."""

from untrained.recipes import Recipe, SelfSimilarPasses, Task

MEMBERS = {"balanced": 4, "best": 12}
AVERAGED: tuple[Task, ...] = ("denoise", "deblock", "upscale", "inpaint", "flash", "reconstruct")
_PASSES: dict[Task, SelfSimilarPasses] = {
    "inpaint": SelfSimilarPasses(passes=40, first=30 / 255, last=2 / 255),
    "upscale": SelfSimilarPasses(passes=6, first=0.03, last=0.008, relaxation=1.5),
}
_ROUNDS = 2
"""As `SelfSimilarity.rounds`, where the recipe has any."""
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
    if of_picture and (passes is not None or task == "upscale"):
        passes = _PASSES.get(task, passes)
    partner = recipe.partner
    if partner is not None and partner.rounds > 0:
        partner = partner.model_copy(update={"rounds": _ROUNDS})
    changes = {
        "name": name,
        "why": why,
        "members": members,
        "calibration": _CALIBRATION.get(task, 1.0) if of_picture else 1.0,
        "partner": partner,
        "refinement": passes,
    }
    return recipe.model_copy(update=changes)
