"""The presets: recipes for each task and where their settings come from. Imports no torch."""

import difflib

from untrained.recipes import Recipe, RecipeError, Task
from untrained.recipes.presets import fast, inverse_problems, paper, volumes
from untrained.recipes.presets.ensembles import AVERAGED, ENSEMBLE_SIZES, several
from untrained.recipes.presets.total_variation import tv, tv_from_guess, tv_of_mosaic


def known_presets(task: Task) -> tuple[str, ...]:
    """Names of the presets of `task`.

    Raises
    ------
    RecipeError
        If there is no such task; the message lists the tasks.
    """
    if task in _VARIANT_OF:
        of, variant = _VARIANT_OF[task]
        raise RecipeError(
            f"{task} takes the presets of {of}: preset({of!r}, NAME, variant={variant!r})"
        )
    if task not in _PRESETS:
        raise RecipeError(f"unknown task {task!r}: {_choose(task, tuple(_PRESETS))}")
    return tuple(_PRESETS[task])


def preset(task: Task, name: str, *, variant: str = "") -> Recipe:
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
        If there is no such task or preset; the message lists those there are.
    """
    names = known_presets(task)
    if name not in names:
        raise RecipeError(f"unknown preset {name!r} for {task}: {_choose(name, names)}")
    return _VARIANTS.get((task, name, variant)) or _PRESETS[task][name]


def _choose(given: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(given, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"choose from {', '.join(known)}{hint}"


_VARIANT_OF = {"deblur": ("reconstruct", "blur"), "phase": ("reconstruct", "phase")}
"""Verbs whose presets are those of a kind of problem of another task."""
_SINGLE: dict[Task, dict[str, Recipe]] = {
    "denoise": {"fast": fast.DENOISE, "paper": paper.DENOISE, "tv": tv(0.1, 0.8)},
    "deblock": {"fast": fast.DEBLOCK, "paper": paper.DEBLOCK, "tv": tv(0.04)},
    "upscale": {"fast": fast.UPSCALE, "paper": paper.UPSCALE, "tv": tv(0.001)},
    "inpaint": {
        "fast": fast.SCATTERED,
        "paper": paper.INPAINT,
        "paper-text": paper.TEXT,
        "paper-hole": paper.HOLE,
        "paper-region": paper.REGION,
        "tv": tv(0.0003),
    },
    "flash": {"fast": fast.FLASH, "paper": paper.FLASH, "tv": tv(0.1)},
    "demosaic": {"fast": inverse_problems.DEMOSAIC, "tv": tv_of_mosaic(0.0001)},
    "invert": {"fast": fast.INVERT, "paper": paper.INVERT, "tv": tv(2.0)},
    "dream": {"fast": fast.DREAM, "paper": paper.DREAM, "tv": tv(100.0)},
    "reconstruct": {"fast": inverse_problems.RECONSTRUCT, "tv": tv_from_guess(0.01)},
}

_SINGLE_VARIANTS: dict[tuple[Task, str, str], Recipe] = {
    ("denoise", "fast", "volume"): volumes.DENOISE,
    ("inpaint", "fast", "volume"): volumes.SCATTERED,
    ("inpaint", "fast", "volume-holes"): volumes.HOLES,
    ("inpaint", "fast", "volume-strokes"): volumes.SCATTERED,
    ("upscale", "fast", "volume"): volumes.UPSCALE,
    ("upscale", "fast", "x8"): fast.UPSCALE_8,
    ("upscale", "paper", "x8"): paper.UPSCALE_8,
    ("deblock", "fast", "tables"): fast.DEBLOCK_TABLES,
    ("denoise", "fast", "counted"): fast.COUNTED,
    ("denoise", "fast", "impulse"): fast.IMPULSES,
    ("inpaint", "fast", "holes"): fast.HOLES,
    ("inpaint", "fast", "strokes"): fast.STROKES,
    ("flash", "fast", "large"): fast.FLASH_LARGE,
    ("demosaic", "fast", "noisy"): inverse_problems.DEMOSAIC_NOISY,
    ("demosaic", "tv", "noisy"): tv_of_mosaic(0.01, 1.0),
    ("reconstruct", "fast", "level"): inverse_problems.RECONSTRUCT_LEVEL,
    ("reconstruct", "fast", "blur"): inverse_problems.DEBLUR,
    ("reconstruct", "fast", "blind"): inverse_problems.BLIND,
    ("reconstruct", "fast", "spectrum"): inverse_problems.SPECTRUM,
    ("reconstruct", "fast", "phase"): inverse_problems.PHASE,
    ("reconstruct", "fast", "phase-level"): inverse_problems.PHASE_LEVEL,
    ("reconstruct", "fast", "magnitude-level"): inverse_problems.MAGNITUDE_LEVEL,
    ("reconstruct", "fast", "phase-noisy"): inverse_problems.PHASE_NOISY,
    ("reconstruct", "tv", "phase-level"): tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "magnitude-level"): tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "phase-noisy"): tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "spectrum"): tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "level"): tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "blur"): tv_from_guess(0.01, 1.0),
}


def _with_ensembles() -> dict[Task, dict[str, Recipe]]:
    """The presets, and several networks for each task that can average them."""
    found = {task: dict(recipes) for task, recipes in _SINGLE.items()}
    for name in ENSEMBLE_SIZES:
        for task in AVERAGED:
            found[task][name] = several(task, found[task]["fast"], name)
    return found


def _variants_with_ensembles() -> dict[tuple[Task, str, str], Recipe]:
    """The same for the variants of `fast`."""
    found = dict(_SINGLE_VARIANTS)
    for (task, like, variant), recipe in _SINGLE_VARIANTS.items():
        if like != "fast" or task not in AVERAGED:
            continue
        for name in ENSEMBLE_SIZES:
            # Each network of blind deblurring fits a kernel of its own: it gets one, as in `fast`.
            alone = variant == "blind"
            found[task, name, variant] = recipe if alone else several(task, recipe, name, variant)
    return found


_PRESETS = _with_ensembles()
_VARIANTS = _variants_with_ensembles()
