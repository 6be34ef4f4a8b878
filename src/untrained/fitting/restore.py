"""Problem + Recipe -> Restoration."""

from typing import Literal, Unpack, get_args

from untrained.arguments import checked
from untrained.fitting.device import choose_engine
from untrained.fitting.fit_like import FitLike
from untrained.fitting.out_of_memory import begin
from untrained.fitting.restoration import Restoration
from untrained.fitting.tile_size import read_tile
from untrained.problem.problem import Problem
from untrained.recipes import NO_OPTIONS, FitKeywords, FitOptions, Recipe, RecipeError
from untrained.tasks.presets import preset as preset_named

PriorName = Literal["untrained", "tv"]


def settle_recipe(
    problem: Problem,
    recipe: Recipe | str = "fast",
    *,
    prior: PriorName = "untrained",
    options: FitOptions = NO_OPTIONS,
) -> Recipe:
    """Look up the preset of the problem's task and apply the prior and budgets asked for.

    Raises
    ------
    RecipeError
        If the preset or the prior is unknown.
    """
    if prior not in get_args(PriorName):
        raise RecipeError(f"unknown prior {prior!r}: choose from {', '.join(get_args(PriorName))}")
    if prior == "tv":
        if recipe not in ("fast", "tv"):
            raise RecipeError("the prior tv is a preset of its own: give no other preset or recipe")
        recipe = "tv"
    if isinstance(recipe, str):
        recipe = preset_named(problem.task, recipe, variant=problem.variant)
    budgets = {"steps": options.steps, "seconds": options.seconds}
    return recipe.model_copy(update={k: v for k, v in budgets.items() if v is not None})


@checked
def watch(
    problem: Problem,
    recipe: Recipe | str | None = None,
    *,
    preset: str | None = None,
    prior: PriorName = "untrained",
    **options: Unpack[FitKeywords],
) -> FitLike:
    """Set up a fit to iterate over: ``for step in watch(problem): ...``, then its `restoration`.

    Parameters
    ----------
    problem
        From one of the functions in `untrained.tasks`.
    recipe
        A preset's name, or a Recipe; the preset ``fast`` when None.
    preset
        Another word for `recipe`, for a name.
    prior
        ``untrained``, the structure of a network; or ``tv``, total variation on free pixels, which
        is also the preset of that name.
    seconds, steps
        Budgets in place of the recipe's. A budget in seconds is not repeatable to the pixel.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``, or a `torch.device`.
    seed
        The same seed gives the same picture on the same device.
    tile
        Longest side in pixels, 64 or more, of the parts in which a large result is fitted; ``auto``
        takes the largest that fits into the free memory, ``off`` never splits the picture.

    Raises
    ------
    RequestError
        A ValueError that names the wrong argument and what would be right.
    """
    chosen = FitOptions(**options)
    named = _one_of(recipe, preset)
    return set_up(problem, settle_recipe(problem, named, prior=prior, options=chosen), chosen)


def _one_of(recipe: Recipe | str | None, preset: str | None) -> Recipe | str:
    if recipe is not None and preset is not None and recipe != preset:
        raise RecipeError(f"recipe is {recipe!r} and preset {preset!r}: give one of the two")
    return recipe or preset or "fast"


def set_up(problem: Problem, recipe: Recipe, options: FitOptions) -> FitLike:
    """Set up a fit whose recipe is settled. Errors as for `watch`."""
    engine = choose_engine(options.device, recipe.precision)
    tile = read_tile(options.tile)
    return begin(problem, recipe, seed=options.seed, engine=engine, tile=tile)


@checked
def restore(
    problem: Problem,
    recipe: Recipe | str | None = None,
    *,
    preset: str | None = None,
    prior: PriorName = "untrained",
    **options: Unpack[FitKeywords],
) -> Restoration:
    """Fit until it stops by itself. Parameters and errors as for `watch`."""
    fit = watch(problem, recipe, preset=preset, prior=prior, **options)
    for _ in fit:
        pass
    return fit.restoration()
