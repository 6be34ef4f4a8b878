"""Problem + Recipe -> Restoration."""

from typing import Literal, get_args

from untrained.fitting.engine import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.restoration import Restoration
from untrained.fitting.shrinking import ElasticFit, begin
from untrained.fitting.tile_size import read_tile
from untrained.problem.problem import Problem
from untrained.recipes import Recipe, RecipeError
from untrained.recipes.presets import preset

PriorName = Literal["untrained", "tv"]


def settle_recipe(
    problem: Problem,
    recipe: Recipe | str = "fast",
    *,
    prior: PriorName = "untrained",
    steps: int | None = None,
    seconds: float | None = None,
) -> Recipe:
    """Look up the preset of the problem's task and apply the prior and budgets asked for.

    Raises
    ------
    RecipeError
        If there is no such preset or prior, or a budget is not positive.
    """
    if prior not in get_args(PriorName):
        raise RecipeError(f"unknown prior {prior!r}: choose from {', '.join(get_args(PriorName))}")
    if prior == "tv":
        if recipe not in ("fast", "tv"):
            raise RecipeError("the prior tv is a preset of its own: give no other preset or recipe")
        recipe = "tv"
    if isinstance(recipe, str):
        recipe = preset(problem.task, recipe, variant=problem.variant)
    if steps is not None and steps < 1:
        raise RecipeError(f"{steps} steps cannot be run: give 1 or more")
    if seconds is not None and not seconds > 0:
        raise RecipeError(f"{seconds:g} seconds is no budget: give more than 0")
    budgets = {"steps": steps, "seconds": seconds}
    return recipe.model_copy(update={k: v for k, v in budgets.items() if v is not None})


def watch(
    problem: Problem,
    recipe: Recipe | str = "fast",
    *,
    prior: PriorName = "untrained",
    seed: int = 0,
    device: str = "auto",
    steps: int | None = None,
    seconds: float | None = None,
    tile: int | str = "auto",
) -> Fit | ElasticFit:
    """Set up a fit to be watched: ``for step in watch(problem): ...``, then its `restoration`.

    Parameters
    ----------
    problem
        From one of the functions in `untrained.tasks`.
    recipe
        A preset's name, or a Recipe.
    prior
        ``untrained``, the structure of a network; or ``tv``, total variation on free pixels, which
        is also the preset of that name.
    seed
        The same seed gives the same picture on the same device.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    steps, seconds
        Budgets in place of the recipe's. A budget in seconds is not repeatable to the pixel.
    tile
        Longest side in pixels, 64 or more, of the parts in which a large result is fitted; ``auto``
        takes the largest that fits into the free memory, ``off`` the whole, come what may.

    Raises
    ------
    RecipeError, ProblemError, EngineError
        ValueErrors that name the setting at fault and what would be right.
    """
    if not 0 <= seed < 2**63:
        raise RecipeError(f"seed {seed} cannot be used: give 0 or more, below 2^63")
    settled = settle_recipe(problem, recipe, prior=prior, steps=steps, seconds=seconds)
    engine = choose_engine(device, settled.precision)
    return begin(problem, settled, seed=seed, engine=engine, tile=read_tile(tile))


def restore(
    problem: Problem,
    recipe: Recipe | str = "fast",
    *,
    prior: PriorName = "untrained",
    seed: int = 0,
    device: str = "auto",
    steps: int | None = None,
    seconds: float | None = None,
    tile: int | str = "auto",
) -> Restoration:
    """Fit until it stops by itself. Parameters and errors as for `watch`."""
    fit = watch(
        problem,
        recipe,
        prior=prior,
        seed=seed,
        device=device,
        steps=steps,
        seconds=seconds,
        tile=tile,
    )
    for _ in fit:
        pass
    return fit.restoration()
