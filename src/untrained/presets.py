"""The presets: recipes for each task, with where their settings come from. Imports no torch."""

import difflib
from typing import Any

from untrained.recipes import (
    BlindSpotPairing,
    GuidePairing,
    HeldOut,
    LatentPairing,
    Optimiser,
    PixelNetwork,
    Recipe,
    RecipeError,
    SelfSimilarity,
    SelfSimilarPasses,
    SkipNetwork,
    Task,
    TotalVariation,
)


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


def _scales(n: int, **settings: Any) -> dict[str, Any]:
    """Repeat single values for each of `n` scales."""
    return {
        key: value if isinstance(value, tuple) else (value,) * n for key, value in settings.items()
    }


_NARROW = (16, 32, 64, 128, 128)

_PAPER_DENOISE = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, section 4.1: 1800 steps, exponential average of the outputs",
    steps=1800,
    precision="float32",
)
_PAPER_DEBLOCK = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, JPEG restoration: narrow hourglass, 2400 steps",
    network=SkipNetwork(channels=(8, 16, 32, 64, 128), skip=(0, 0, 0, 4, 4)),
    pairing=LatentPairing(channels=3),
    steps=2400,
    hand_over="iterate",
    precision="float32",
)
_PAPER_UPSCALE = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, super-resolution x4: 2000 steps, input noise 0.03",
    pairing=LatentPairing(jitter=0.03),
    steps=2000,
    hand_over="iterate",
    precision="float32",
)
_PAPER_UPSCALE_8 = _PAPER_UPSCALE.model_copy(
    update={
        "why": "Ulyanov et al. 2018, super-resolution x8: 4000 steps, input noise 0.05",
        "pairing": LatentPairing(jitter=0.05),
        "steps": 4000,
    }
)
_PAPER_INPAINT = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, table 1, scattered missing pixels: 11000 steps at 0.001",
    pairing=LatentPairing(jitter=0.03),
    optimiser=Optimiser(step_size=0.001),
    steps=11000,
    hand_over="iterate",
    precision="float32",
)
_PAPER_TEXT = _PAPER_INPAINT.model_copy(
    update={
        "name": "paper-text",
        "why": "Ulyanov et al. 2018, text removal: 128 skip channels, nearest upsampling",
        "network": SkipNetwork(**_scales(5, skip=128, upsampling="nearest")),
        "optimiser": Optimiser(),
        "steps": 6001,
    }
)
_PAPER_HOLE = _PAPER_TEXT.model_copy(
    update={
        "name": "paper-hole",
        "why": "Ulyanov et al. 2018, a hole (vase): coordinates as input, no skip branches",
        "network": SkipNetwork(**_scales(5, skip=0, upsampling="nearest")),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 5001,
    }
)
_PAPER_REGION = _PAPER_TEXT.model_copy(
    update={
        "name": "paper-region",
        "why": "Ulyanov et al. 2018, a large region (library): six scales, 5x5 encoder, no skips",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128, 128, 128),
            mix=False,
            **_scales(6, skip=0, kernel_down=5, kernel_up=3, upsampling="nearest"),
        ),
        "pairing": LatentPairing(channels=1, jitter=0),
        "steps": 3001,
    }
)

_FAST_NETWORK = SkipNetwork(channels=_NARROW, skip=(16,) * 5, padding="zero", subpixel=True)
_FOLDED_NETWORK = SkipNetwork(
    channels=(64, 64, 128),
    padding="zero",
    fold=2,
    subpixel=True,
    **_scales(3, skip=32, kernel_down=3, kernel_up=3, upsampling="bilinear"),
)
_FAST_OPTIMISER = Optimiser(step_size=0.01, warm_up=20, decay="cosine")
_SHORT_MEMORY = _FAST_OPTIMISER.model_copy(update={"betas": (0.8, 0.95)})
_TV = Recipe(
    name="tv",
    why="free pixels and total variation (Rudin, Osher and Fatemi 1992): a prior made by hand",
    network=PixelNetwork(),
    pairing=LatentPairing(channels=1, jitter=0),
    optimiser=Optimiser(step_size=0.05, decay="cosine"),
    steps=400,
    averaging=0,
    hand_over="iterate",
    precision="float32",
)


def _tv(weight: float, discrepancy: float | None = None) -> Recipe:
    variation = TotalVariation(weight=weight, discrepancy=discrepancy)
    return _TV.model_copy(update={"total_variation": variation})


def _tv_from_guess(weight: float, discrepancy: float | None = None) -> Recipe:
    """Total variation on pixels that begin at the guide: an operator may hide much of a picture."""
    return _tv(weight, discrepancy).model_copy(
        update={
            "network": PixelNetwork(from_input=True),
            "pairing": GuidePairing(channels=0, jitter=0),
            "optimiser": Optimiser(step_size=0.02, decay="cosine"),
        }
    )


_FAST_LATENT = Recipe(
    name="fast",
    why="narrow hourglass at full resolution, step size decaying over a short budget",
    network=_FAST_NETWORK,
    pairing=LatentPairing(jitter=0.03),
    optimiser=_FAST_OPTIMISER,
    steps=450,
    averaging=0.97,
)
_FAST_DENOISE = Recipe(
    name="fast",
    why="a self-similarity estimate (NL-Ridge) as guide and partner, blocks of 2x2 as channels",
    network=_FOLDED_NETWORK,
    pairing=GuidePairing(channels=0, jitter=0.05),
    partner=SelfSimilarity(),
    optimiser=_SHORT_MEMORY,
    steps=140,
    averaging=0.96,
)
_FAST_DEBLOCK = _FAST_LATENT.model_copy(
    update={
        "why": "the picture itself as guide, under strong jitter; narrow hourglass, short budget",
        "pairing": GuidePairing(jitter=0.1),
        "optimiser": _SHORT_MEMORY,
        "steps": 200,
    }
)
_FAST_UPSCALE = _FAST_LATENT.model_copy(
    update={
        "why": "the enlarged input and the picture by total variation as guides, short budget",
        "guided_by": _tv(0.001),
        "pairing": GuidePairing(jitter=0.03),
        "optimiser": _SHORT_MEMORY,
        "steps": 200,
    }
)
_FAST_HOLES = _FAST_LATENT.model_copy(
    update={
        "why": "coordinates as input and no skip branches, as the paper's vase; short budget",
        "network": SkipNetwork(
            channels=(32, 64, 64, 128, 128), **_scales(5, skip=0, upsampling="nearest")
        ),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 400,
    }
)
_FAST_SCATTERED = _FAST_LATENT.model_copy(
    update={
        "why": "known pixels predicted from others (Quan et al. 2020), then self-similar passes",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128),
            padding="zero",
            mix=False,
            subpixel=True,
            **_scales(4, skip=16, kernel_down=3, kernel_up=3, upsampling="nearest"),
        ),
        "pairing": BlindSpotPairing(keep=0.85),
        "optimiser": _SHORT_MEMORY,
        "steps": 100,
        "refinement": SelfSimilarPasses(passes=16),
    }
)
_FAST_STROKES = _FAST_SCATTERED.model_copy(
    update={
        "why": "gaps moved about, predicted from what is around, then self-similar passes",
        "pairing": BlindSpotPairing(keep=0.85, gaps=True),
        "steps": 200,
    }
)

_FAST_RECONSTRUCT = _FAST_LATENT.model_copy(
    update={
        "why": "the initial guess as guide, some total variation, stop by held-out measurements",
        "pairing": GuidePairing(jitter=0.03),
        "total_variation": TotalVariation(weight=0.0005),
        "optimiser": _SHORT_MEMORY,
        "steps": 400,
        "stopping": (HeldOut(),),
    }
)
_FAST_RECONSTRUCT_LEVEL = _FAST_RECONSTRUCT.model_copy(
    update={
        "why": "the initial guess as guide, total variation led to the noise level",
        "total_variation": TotalVariation(weight=0.002, discrepancy=1.0, after=120, least=0.0005),
        "stopping": (),
    }
)
_FAST_SPECTRUM = _FAST_RECONSTRUCT.model_copy(
    update={
        "why": "the zero-filled picture as guide, a little total variation",
        "pairing": GuidePairing(jitter=0.01),
        "stopping": (),
    }
)
_FAST_DEBLUR = _FAST_RECONSTRUCT_LEVEL.model_copy(
    update={
        "why": "the blurred picture and that by total variation as guides, the latter beside too",
        "guided_by": _tv_from_guess(0.01, 1.0).model_copy(update={"steps": 150}),
        "pairing": GuidePairing(jitter=0.01),
        "total_variation": TotalVariation(weight=0.004, discrepancy=1.0, after=60, least=0.002),
        "steps": 200,
    }
)
_FAST_PHASE = _FAST_RECONSTRUCT.model_copy(
    update={
        "why": "a classical retrieval as guide, stop by held-out magnitudes",
        "pairing": GuidePairing(jitter=0.06),
        "steps": 300,
    }
)
_FAST_PHASE_LEVEL = _FAST_RECONSTRUCT_LEVEL.model_copy(
    update={
        "why": "a classical retrieval as guide, total variation led to the noise level",
        "total_variation": TotalVariation(weight=0.004, discrepancy=1.0, after=60, least=0.0005),
        "steps": 300,
    }
)
_FAST_PHASE_NOISY = _FAST_PHASE_LEVEL.model_copy(
    update={
        "why": "a noisy retrieval as guide, under strong jitter, as its noise is not to be kept",
        "pairing": GuidePairing(jitter=0.1),
        "steps": 250,
    }
)

_FAST_BLIND = _FAST_LATENT.model_copy(
    update={
        "why": "SelfDeblur (Ren et al. 2020): picture and kernel, each from a network of its own",
        "network": _FAST_SCATTERED.network,
        "pairing": LatentPairing(channels=8, jitter=0.001),
        "optimiser": _FAST_OPTIMISER.model_copy(update={"operator_share": 0.03}),
        "total_variation": TotalVariation(weight=0.0001),
        "steps": 1000,
    }
)

_CHROMA = 2.5
"""How much smoother colours are taken to be than brightness, in a mosaic."""


def _tv_of_mosaic(weight: float, discrepancy: float | None = None) -> Recipe:
    variation = TotalVariation(weight=weight, discrepancy=discrepancy, chroma=_CHROMA)
    return _tv_from_guess(weight).model_copy(
        update={
            "why": "free pixels, total variation with smoother colours (Condat, Mosaddegh 2012)",
            "optimiser": Optimiser(step_size=0.03, decay="cosine"),
            "total_variation": variation,
            "steps": 200,
        }
    )


_FAST_DEMOSAIC = _FAST_LATENT.model_copy(
    update={
        "why": "bilinear interpolation and total variation with smoother colours as guides",
        "guided_by": _tv_of_mosaic(0.0001),
        "pairing": GuidePairing(jitter=0.01),
        "total_variation": TotalVariation(weight=0.001, chroma=_CHROMA),
        "optimiser": _SHORT_MEMORY,
        "steps": 300,
    }
)
_FAST_DEMOSAIC_NOISY = _FAST_DEMOSAIC.model_copy(
    update={
        "why": "as for exact samples, total variation led to the noise level",
        "guided_by": _tv_of_mosaic(0.01, 1.0),
        "total_variation": TotalVariation(
            weight=0.004, discrepancy=1.0, after=60, least=0.001, chroma=_CHROMA
        ),
        "steps": 200,
    }
)

_PAPER_FLASH = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, flash/no-flash: the flash picture as input, 601 steps at 0.1",
    network=SkipNetwork(upsampling=("nearest", "nearest", "bilinear", "bilinear", "bilinear")),
    pairing=GuidePairing(channels=0, jitter=0),
    optimiser=Optimiser(step_size=0.1),
    steps=601,
    hand_over="iterate",
    precision="float32",
)
_FAST_FLASH = _FAST_LATENT.model_copy(
    update={
        "why": "the flash picture as guide, narrow hourglass, short budget",
        "pairing": GuidePairing(jitter=0.02),
        "optimiser": Optimiser(step_size=0.02, warm_up=20, decay="cosine"),
    }
)
_FAST_FLASH_LARGE = _FAST_FLASH.model_copy(
    update={
        "why": "the flash picture as guide on a shallow hourglass: fewer, cheaper steps",
        "network": _FAST_SCATTERED.network,
        "steps": 200,
    }
)

_PAPER_INVERT = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, feature inversion: six scales of wide filters, 3100 steps at 0.001",
    network=SkipNetwork(
        channels=(16, 32, 64, 128, 128, 128),
        kernel_down=(7, 7, 5, 5, 3, 3),
        kernel_up=(7, 7, 5, 5, 3, 3),
        downsampling="average",
        padding="zero",
        **_scales(6, skip=4, upsampling="nearest"),
    ),
    pairing=LatentPairing(jitter=0),
    optimiser=Optimiser(step_size=0.001),
    steps=3100,
    hand_over="iterate",
    precision="float32",
)
_PAPER_DREAM = _PAPER_INVERT.model_copy(
    update={
        "why": "Ulyanov et al. 2018, activation maximisation: six scales, 3100 steps at 0.001",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128, 128, 128),
            skip=(0, 4, 4, 4, 4, 4),
            kernel_down=(5, 3, 5, 5, 3, 5),
            kernel_up=(5, 3, 5, 3, 5, 3),
            downsampling="average",
            padding="zero",
            **_scales(6, upsampling="bilinear"),
        ),
        "pairing": LatentPairing(jitter=0.03),
    }
)
_FAST_INVERT = _FAST_LATENT.model_copy(
    update={
        "why": "narrow hourglass, step size decaying over a short budget",
        "network": SkipNetwork(
            channels=_NARROW, padding="zero", subpixel=True, **_scales(5, skip=4)
        ),
        "pairing": LatentPairing(jitter=0.01),
        "steps": 600,
    }
)
_FAST_DREAM = _FAST_INVERT.model_copy(
    update={
        "pairing": LatentPairing(jitter=0.03),
        "optimiser": Optimiser(step_size=0.003, warm_up=20, decay="cosine"),
        "steps": 400,
        "hand_over": "iterate",
    }
)

_PRESETS: dict[Task, dict[str, Recipe]] = {
    "denoise": {"fast": _FAST_DENOISE, "paper": _PAPER_DENOISE, "tv": _tv(0.1, 0.8)},
    "deblock": {"fast": _FAST_DEBLOCK, "paper": _PAPER_DEBLOCK, "tv": _tv(0.04)},
    "upscale": {"fast": _FAST_UPSCALE, "paper": _PAPER_UPSCALE, "tv": _tv(0.001)},
    "inpaint": {
        "fast": _FAST_SCATTERED,
        "paper": _PAPER_INPAINT,
        "paper-text": _PAPER_TEXT,
        "paper-hole": _PAPER_HOLE,
        "paper-region": _PAPER_REGION,
        "tv": _tv(0.0003),
    },
    "flash": {"fast": _FAST_FLASH, "paper": _PAPER_FLASH, "tv": _tv(0.1)},
    "demosaic": {"fast": _FAST_DEMOSAIC, "tv": _tv_of_mosaic(0.0001)},
    "invert": {"fast": _FAST_INVERT, "paper": _PAPER_INVERT, "tv": _tv(2.0)},
    "dream": {"fast": _FAST_DREAM, "paper": _PAPER_DREAM, "tv": _tv(100.0)},
    "reconstruct": {"fast": _FAST_RECONSTRUCT, "tv": _tv_from_guess(0.01)},
}

_VARIANTS: dict[tuple[Task, str, str], Recipe] = {
    ("upscale", "paper", "x8"): _PAPER_UPSCALE_8,
    ("inpaint", "fast", "holes"): _FAST_HOLES,
    ("inpaint", "fast", "strokes"): _FAST_STROKES,
    ("flash", "fast", "large"): _FAST_FLASH_LARGE,
    ("demosaic", "fast", "noisy"): _FAST_DEMOSAIC_NOISY,
    ("demosaic", "tv", "noisy"): _tv_of_mosaic(0.01, 1.0),
    ("reconstruct", "fast", "level"): _FAST_RECONSTRUCT_LEVEL,
    ("reconstruct", "fast", "blur"): _FAST_DEBLUR,
    ("reconstruct", "fast", "blind"): _FAST_BLIND,
    ("reconstruct", "fast", "spectrum"): _FAST_SPECTRUM,
    ("reconstruct", "fast", "phase"): _FAST_PHASE,
    ("reconstruct", "fast", "phase-level"): _FAST_PHASE_LEVEL,
    ("reconstruct", "fast", "phase-noisy"): _FAST_PHASE_NOISY,
    ("reconstruct", "tv", "phase-level"): _tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "phase-noisy"): _tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "spectrum"): _tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "level"): _tv_from_guess(0.01, 1.0),
    ("reconstruct", "tv", "blur"): _tv_from_guess(0.01, 1.0),
}

_MEMBERS = {"balanced": 4, "best": 12}
_AVERAGED: tuple[Task, ...] = ("denoise", "deblock", "upscale", "inpaint", "flash", "reconstruct")
_LONG_PASSES = SelfSimilarPasses(passes=40, first=30 / 255, last=2 / 255)
_FEW_PASSES = SelfSimilarPasses(passes=6, first=0.03, last=0.008, relaxation=1.5)


def _several(task: Task, recipe: Recipe, name: str) -> Recipe:
    """Average several networks of a recipe: their errors differ (Lakshminarayanan et al. 2017)."""
    members = _MEMBERS[name]
    why = f"{members} networks like that of {recipe.name}, averaged; {recipe.why}"
    passes = _FEW_PASSES if task == "upscale" else recipe.refinement and _LONG_PASSES
    changes = {"name": name, "why": why, "members": members, "refinement": passes}
    return recipe.model_copy(update=changes)


for _name in _MEMBERS:
    for _task in _AVERAGED:
        _PRESETS[_task][_name] = _several(_task, _PRESETS[_task]["fast"], _name)
    for (_task, _like, _variant), _recipe in tuple(_VARIANTS.items()):
        # Each network has a kernel of its own in blind deblurring: it gets one, as `fast`.
        if _like == "fast" and _task in _AVERAGED:
            _alone = _variant == "blind"
            _VARIANTS[_task, _name, _variant] = (
                _recipe if _alone else _several(_task, _recipe, _name)
            )
