"""The quick settings for pictures: denoise, deblock, upscale, inpaint, flash, invert, dream."""

from untrained.recipes import (
    BlindSpotPairing,
    Discrepancy,
    Fusion,
    GuidePairing,
    LatentPairing,
    NLRidge,
    Optimiser,
    Recipe,
    SelfSimilarPasses,
    SkipNetwork,
)
from untrained.recipes.presets.building_blocks import (
    FOLDED,
    HOURGLASS,
    LARGE_PATCHES,
    MIDDLE_PATCHES,
    NARROW,
    OPTIMISER,
    SHALLOW,
    SHORT_MEMORY,
    SMALL_PATCHES,
    per_scale,
)
from untrained.recipes.presets.total_variation import tv

LATENT = Recipe(
    name="fast",
    why="narrow hourglass at full resolution, step size decaying over a short budget",
    network=HOURGLASS,
    pairing=LatentPairing(jitter=0.03),
    optimiser=OPTIMISER,
    steps=450,
    averaging=0.97,
)
DENOISE = Recipe(
    name="fast",
    why="self-similarity (NL-Ridge, NL-Bayes) as guide and partner, blocks of 2x2 as channels",
    network=FOLDED,
    pairing=GuidePairing(channels=0, jitter=0.05),
    fusion=Fusion(),
    optimiser=SHORT_MEMORY,
    steps=140,
    averaging=0.96,
)
COUNTED = DENOISE.model_copy(
    update={
        "why": "as for equal noise, stopped before the noise of the dark, which is less, is fitted",
        "fusion": Fusion(second_pass=None, method=NLRidge(), pilot_weight=0.4, network_weight=0.1),
        "stopping": (Discrepancy(factor=0.8),),
    }
)
DEBLOCK = LATENT.model_copy(
    update={
        "why": "the picture itself as guide, under strong jitter; narrow hourglass, short budget",
        "pairing": GuidePairing(jitter=0.1),
        "optimiser": SHORT_MEMORY,
        "steps": 200,
    }
)
_AT_HALF = SelfSimilarPasses(
    scale=2,
    method=SMALL_PATCHES,
    count=16,
    first_level=0.1,
    last_level=0.01,
    relaxation=1.8,
    shift_grid=True,
)
DEBLOCK_TABLES = LATENT.model_copy(
    update={
        "why": "any picture within the JPEG's intervals of coefficients, then self-similar passes",
        "pairing": LatentPairing(jitter=0.05),
        "optimiser": SHORT_MEMORY,
        "steps": 200,
        "passes": (
            _AT_HALF.model_copy(update={"count": 8, "first_level": 0.06}),
            SelfSimilarPasses(
                method=SMALL_PATCHES,
                count=8,
                first_level=20 / 255,
                last_level=7 / 255,
                relaxation=1.5,
                shift_grid=True,
            ),
        ),
    }
)
UPSCALE_PASSES = (
    _AT_HALF,
    SelfSimilarPasses(
        method=SMALL_PATCHES,
        count=6,
        first_level=0.03,
        last_level=0.01,
        relaxation=1.5,
        shift_grid=True,
    ),
)
UPSCALE = LATENT.model_copy(
    update={
        "why": "the input enlarged plainly and by total variation as guides; self-similar passes",
        "guided_by": tv(0.001),
        "pairing": GuidePairing(jitter=0.03),
        "optimiser": SHORT_MEMORY,
        "steps": 140,
        "passes": UPSCALE_PASSES,
    }
)
_LARGE_PATCHES = SelfSimilarPasses(
    method=MIDDLE_PATCHES, count=12, first_level=0.1, last_level=0.04, relaxation=1.8
)
UPSCALE_8_PASSES = (
    _AT_HALF.model_copy(update={"count": 48, "first_level": 0.3, "last_level": 0.02}),
    _LARGE_PATCHES,
    _AT_HALF.model_copy(update={"count": 12, "first_level": 0.03, "last_level": 0.02}),
    _LARGE_PATCHES.model_copy(
        update={"count": 6, "first_level": 0.03, "last_level": 0.03, "shift_grid": True}
    ),
)
UPSCALE_8 = UPSCALE.model_copy(
    update={
        "why": "as for smaller factors, with more steps and self-similar passes",
        "steps": 200,
        "passes": UPSCALE_8_PASSES,
    }
)
HOLES = LATENT.model_copy(
    update={
        "why": "coordinates as input and no skip branches, as the paper's vase; short budget",
        "network": SkipNetwork(
            channels=(32, 64, 64, 128, 128), **per_scale(5, skip=0, upsampling="nearest")
        ),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 400,
    }
)
SCATTERED = LATENT.model_copy(
    update={
        "why": "known pixels predicted from others (Quan et al. 2020), then self-similar passes",
        "network": SHALLOW,
        "pairing": BlindSpotPairing(keep=0.85),
        "optimiser": SHORT_MEMORY,
        "steps": 100,
        "passes": (SelfSimilarPasses(method=LARGE_PATCHES, count=16),),
    }
)
IMPULSES = SCATTERED.model_copy(
    update={
        "why": "impulses filled as missing pixels: predicted from others, then self-similar passes",
        # Most pixels are known: NL-Ridge is better here than NL-Bayes.
        "passes": (SelfSimilarPasses(count=16),),
    }
)
STROKES = SCATTERED.model_copy(
    update={
        "why": "gaps moved about, predicted from what is around, then self-similar passes",
        "pairing": BlindSpotPairing(keep=0.85, gaps=True),
        "steps": 200,
    }
)
FLASH = LATENT.model_copy(
    update={
        "why": "the flash picture as guide, narrow hourglass, short budget",
        "pairing": GuidePairing(jitter=0.02),
        "optimiser": Optimiser(step_size=0.02, warm_up=20, decay="cosine"),
    }
)
FLASH_LARGE = FLASH.model_copy(
    update={
        "why": "the flash picture as guide on a shallow hourglass: fewer, cheaper steps",
        "network": SHALLOW,
        "steps": 200,
    }
)
INVERT = LATENT.model_copy(
    update={
        "why": "narrow hourglass, step size decaying over a short budget",
        "network": SkipNetwork(
            channels=NARROW, padding="zero", subpixel=True, **per_scale(5, skip=4)
        ),
        "pairing": LatentPairing(jitter=0.01),
        "steps": 600,
    }
)
DREAM = INVERT.model_copy(
    update={
        "pairing": LatentPairing(jitter=0.03),
        "optimiser": Optimiser(step_size=0.003, warm_up=20, decay="cosine"),
        "steps": 400,
        "hand_over": "iterate",
    }
)
