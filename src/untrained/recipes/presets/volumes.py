"""The quick settings for volumes: denoise, inpaint, upscale."""

from untrained.recipes import (
    NL_RIDGE_TWICE,
    Fusion,
    GuidePairing,
    LatentPairing,
    NLRidge,
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
        "why": "NL-Ridge on 3-D blocks guides a 3-D network and is fused with it",
        "network": NETWORK,
        "fusion": Fusion(
            without_pilot=NL_RIDGE_TWICE[3][0],
            with_pilot=NL_RIDGE_TWICE[3][1],
            scales=1,
            second_pass=None,
            method=NL_RIDGE_TWICE[3][1],
            residual_feedback=0.6,
            pilot_weight=0.3,
            network_weight=0.2,
            error_prior=0.03,
            patience=None,
        ),
        "steps": 100,
    }
)
SCATTERED = fast.SCATTERED.model_copy(
    update={
        "why": "predicts hidden known voxels (Quan et al. 2020); then NL-Ridge passes",
        "network": NETWORK,
        "steps": 40,
        "passes": (
            SelfSimilarPasses(
                method=NLRidge(patch=4, group=32, stride=3, reach=5),
                count=20,
                first_level=30 / 255,
            ),
        ),
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
        "passes": (),
    }
)
