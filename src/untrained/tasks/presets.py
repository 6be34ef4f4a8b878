"""The presets of the tasks, looked up by name."""

from untrained.arguments import checked
from untrained.recipes import Recipe, RecipeError
from untrained.tasks.registry import choose, task_named


@checked
def known_presets(task: str) -> tuple[str, ...]:
    """Names of the presets of `task`.

    Raises
    ------
    RecipeError
        If there is no such task; the message lists the tasks.
    """
    return tuple(task_named(task).all_presets)


@checked
def preset(task: str, name: str, *, variant: str = "") -> Recipe:
    """Look up a preset.

    Parameters
    ----------
    task
        The verb.
    name
        The preset.
    variant
        The kind of problem, as in `Problem.variant`: a preset may have other settings for it (the
        paper has for upscaling by 8 and more; `fast` has for holes).

    Raises
    ------
    RecipeError
        If there is no such task, preset or variant; the message lists those there are.
    """
    spec = task_named(task)
    if name not in spec.all_presets:
        known = tuple(spec.all_presets)
        raise RecipeError(f"unknown preset {name!r} for {task}: {choose(name, known)}")
    if variant not in spec.variants:
        known = tuple(repr(each) for each in spec.variants)
        raise RecipeError(f"unknown variant {variant!r} of {task}: choose from {', '.join(known)}")
    return spec.all_variant_presets.get((name, variant)) or spec.all_presets[name]
