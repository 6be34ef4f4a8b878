"""The presets: recipes for each task, with where their settings come from. Imports no torch."""

import difflib

from untrained.recipes import Recipe, RecipeError, Task
from untrained.recipes.presets import fast, inverse_problems, paper, volumes
from untrained.recipes.presets.ensembles import AVERAGED, ENSEMBLE_SIZES, several
from untrained.recipes.presets.total_variation import tv, tv_from_guess, tv_of_mosaic


def known_presets(task: Task) -> tuple[str, ...]:
    """Names of the presets of `task`."""
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
        The kind of problem, as `Problem.variant` says: presets may have other settings for it (the
        paper has for upscaling by 8 and more; `fast` has for holes).

    Raises
    ------
    RecipeError
        If the task has no such preset; the message lists those it has.
    """
    names = known_presets(task)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise RecipeError(
            f"unknown preset {name!r} for {task}: choose from {', '.join(names)}{hint}"
        )
    return _VARIANTS.get((task, name, variant)) or _PRESETS[task][name]


_PRESETS: dict[Task, dict[str, Recipe]] = {
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

_VARIANTS: dict[tuple[Task, str, str], Recipe] = {
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

for _name in ENSEMBLE_SIZES:
    for _task in AVERAGED:
        _PRESETS[_task][_name] = several(_task, _PRESETS[_task]["fast"], _name)
    for (_task, _like, _variant), _recipe in tuple(_VARIANTS.items()):
        # Each network has a kernel of its own in blind deblurring: it gets one, as `fast`.
        if _like == "fast" and _task in AVERAGED:
            _alone = _variant == "blind"
            _VARIANTS[_task, _name, _variant] = (
                _recipe if _alone else several(_task, _recipe, _name, _variant)
            )
