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
    why="a narrow hourglass at full resolution; few steps, decaying step size",
    network=HOURGLASS,
    pairing=LatentPairing(jitter=0.03),
    optimiser=OPTIMISER,
    steps=450,
    averaging=0.97,
)
DENOISE = Recipe(
    name="fast",
    why="NL-Ridge and NL-Bayes guide the network and are fused with it; blocks of 2x2 as channels",
    network=FOLDED,
    pairing=GuidePairing(channels=0, jitter=0.05),
    fusion=Fusion(),
    optimiser=SHORT_MEMORY,
    steps=140,
    averaging=0.96,
)
COUNTED = DENOISE.model_copy(
    update={
        "why": "as for equal noise, but stops before it fits the weaker noise of dark areas",
        "fusion": Fusion(second_pass=None, method=NLRidge(), pilot_weight=0.4, network_weight=0.1),
        "stopping": (Discrepancy(factor=0.8),),
    }
)
DEBLOCK = LATENT.model_copy(
    update={
        "why": "the picture itself as guide, under strong noise; a narrow hourglass, few steps",
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
        "why": "latent input, coefficients kept within the JPEG's intervals; then NL-Bayes passes",
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
        "why": "guides: the input enlarged plainly and by total variation; then NL-Bayes passes",
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
        "why": "as for smaller factors, with more steps and passes",
        "steps": 200,
        "passes": UPSCALE_8_PASSES,
    }
)
HOLES = LATENT.model_copy(
    update={
        "why": "coordinates as input, no skip branches, as for the paper's vase; few steps",
        "network": SkipNetwork(
            channels=(32, 64, 64, 128, 128), **per_scale(5, skip=0, upsampling="nearest")
        ),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 400,
    }
)
SCATTERED = LATENT.model_copy(
    update={
        "why": "predicts hidden known pixels (Quan et al. 2020); then NL-Bayes passes",
        "network": SHALLOW,
        "pairing": BlindSpotPairing(keep=0.85),
        "optimiser": SHORT_MEMORY,
        "steps": 100,
        "passes": (SelfSimilarPasses(method=LARGE_PATCHES, count=16),),
    }
)
IMPULSES = SCATTERED.model_copy(
    update={
        "why": "impulses count as missing: predicts hidden known pixels; then NL-Ridge passes",
        # Most pixels are known: NL-Ridge is better here than NL-Bayes.
        "passes": (SelfSimilarPasses(count=16),),
    }
)
STROKES = SCATTERED.model_copy(
    update={
        "why": "predicts known pixels hidden by copies of the gaps; then NL-Bayes passes",
        "pairing": BlindSpotPairing(keep=0.85, gaps=True),
        "steps": 200,
    }
)
FLASH = LATENT.model_copy(
    update={
        "why": "the flash picture as guide; a narrow hourglass, few steps",
        "pairing": GuidePairing(jitter=0.02),
        "optimiser": Optimiser(step_size=0.02, warm_up=20, decay="cosine"),
    }
)
FLASH_LARGE = FLASH.model_copy(
    update={
        "why": "the flash picture as guide; a shallow hourglass, fewer and cheaper steps",
        "network": SHALLOW,
        "steps": 200,
    }
)
INVERT = LATENT.model_copy(
    update={
        "why": "a narrow hourglass; few steps, decaying step size",
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
