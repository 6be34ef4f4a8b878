"""The quick settings for volumes: denoise, inpaint, upscale."""

from untrained.recipes import (
    GuidePairing,
    LatentPairing,
    SelfSimilarity,
    SelfSimilarPasses,
    SkipNetwork,
)
from untrained.recipes.presets import fast
from untrained.recipes.presets.building_blocks import per_scale
from untrained.recipes.presets.total_variation import tv

NETWORK = SkipNetwork(
    channels=(16, 32, 64),
    padding="zero",
    mix=False,
    subpixel=True,
    **per_scale(3, skip=8, kernel_down=3, kernel_up=3, upsampling="nearest"),
)
DENOISE = fast.DENOISE.model_copy(
    update={
        "why": "self-similarity of blocks (NL-Ridge) as guide and partner; in 3-D",
        "network": NETWORK,
        "partner": SelfSimilarity(
            again=False,
            method="nl-ridge",
            returned=0.6,
            pilot=0.3,
            share=0.2,
            error=0.03,
            patience=None,
        ),
        "steps": 100,
    }
)
SCATTERED = fast.SCATTERED.model_copy(
    update={
        "why": "known voxels predicted from others (Quan et al. 2020), then self-similar passes",
        "network": NETWORK,
        "steps": 40,
        "refinement": SelfSimilarPasses(passes=20, first=30 / 255, patch=4, group=32),
    }
)
HOLES = fast.HOLES.model_copy(
    update={
        "network": SkipNetwork(
            channels=(16, 32, 64, 64),
            subpixel=True,
            padding="zero",
            **per_scale(4, skip=0, kernel_down=3, kernel_up=3, upsampling="nearest"),
        ),
        "pairing": LatentPairing(source="meshgrid", channels=3, jitter=0.03),
    }
)
UPSCALE = fast.UPSCALE.model_copy(
    update={
        "network": NETWORK,
        "guided_by": tv(0.001),
        "pairing": GuidePairing(jitter=0.03),
        "steps": 120,
        "refinement": None,
    }
)
