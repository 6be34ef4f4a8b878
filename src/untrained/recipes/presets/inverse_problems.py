"""The quick settings for what an operator measured: CT, MRI, blur, phase, mosaics."""

from untrained.recipes import (
    GuidePairing,
    HeldOut,
    LatentPairing,
    SelfSimilarPasses,
    TotalVariation,
)
from untrained.recipes.presets.building_blocks import (
    MIDDLE_PATCHES,
    OPTIMISER,
    SHALLOW,
    SHORT_MEMORY,
)
from untrained.recipes.presets.fast import LATENT
from untrained.recipes.presets.total_variation import CHROMA, tv_from_guess, tv_of_mosaic

RECONSTRUCT = LATENT.model_copy(
    update={
        "why": "the initial guess as guide, some total variation; stops by held-out measurements",
        "pairing": GuidePairing(jitter=0.03),
        "total_variation": TotalVariation(weight=0.0005),
        "optimiser": SHORT_MEMORY,
        "steps": 400,
        "stopping": (HeldOut(),),
    }
)
RECONSTRUCT_LEVEL = RECONSTRUCT.model_copy(
    update={
        "why": "initial guess as guide, total variation adapted to the noise; then NL-Ridge passes",
        "total_variation": TotalVariation(weight=0.002, discrepancy=1.0, after=120, least=0.0005),
        "stopping": (),
        "passes": (
            SelfSimilarPasses(
                count=16, first_level=0.1, last_level=0.02, relaxation=1.5, trust=0.7
            ),
        ),
    }
)
SPECTRUM = RECONSTRUCT.model_copy(
    update={
        "why": "the zero-filled picture as guide, a little total variation; then NL-Bayes passes",
        "pairing": GuidePairing(jitter=0.01),
        "stopping": (),
        "passes": (
            SelfSimilarPasses(method=MIDDLE_PATCHES, count=24, first_level=0.2, last_level=0.01),
        ),
    }
)
DEBLUR = RECONSTRUCT_LEVEL.model_copy(
    update={
        "why": "guides: the blurred picture and its total variation fit; then NL-Ridge passes",
        "guided_by": tv_from_guess(0.01, 1.0).model_copy(update={"steps": 150}),
        "pairing": GuidePairing(jitter=0.01),
        "total_variation": TotalVariation(weight=0.004, discrepancy=1.0, after=60, least=0.002),
        "steps": 200,
        "passes": (
            SelfSimilarPasses(
                count=10, first_level=0.04, last_level=0.01, relaxation=1.0, trust=1.0
            ),
        ),
    }
)
PHASE = RECONSTRUCT.model_copy(
    update={
        "why": "a classical phase retrieval as guide; stops by held-out magnitudes",
        "pairing": GuidePairing(jitter=0.06),
        "steps": 300,
    }
)
PHASE_LEVEL = RECONSTRUCT_LEVEL.model_copy(
    update={
        "why": "a classical phase retrieval as guide, total variation adapted to the noise",
        "total_variation": TotalVariation(weight=0.004, discrepancy=1.0, after=60, least=0.0005),
        "steps": 300,
        # With masks and pupils the passes were worse on some pictures, better on others.
        "passes": (),
    }
)
MAGNITUDE_LEVEL = PHASE_LEVEL.model_copy(
    update={
        "why": "as for other phase problems; then NL-Ridge passes",
        "passes": RECONSTRUCT_LEVEL.passes,
    }
)
PHASE_NOISY = PHASE_LEVEL.model_copy(
    update={
        "why": "a noisy phase retrieval as guide, under strong noise that hides its own",
        "pairing": GuidePairing(jitter=0.1),
        "steps": 250,
    }
)
BLIND = LATENT.model_copy(
    update={
        "why": "SelfDeblur (Ren et al. 2020): fits the picture and the kernel together",
        "network": SHALLOW,
        "pairing": LatentPairing(channels=8, jitter=0.001),
        "optimiser": OPTIMISER.model_copy(update={"operator_share": 0.03}),
        "total_variation": TotalVariation(weight=0.0001),
        "steps": 1000,
    }
)
DEMOSAIC = LATENT.model_copy(
    update={
        "why": "guides: bilinear interpolation, and total variation with smoother colours",
        "guided_by": tv_of_mosaic(0.0001),
        "pairing": GuidePairing(jitter=0.01),
        "total_variation": TotalVariation(weight=0.001, chroma=CHROMA),
        "optimiser": SHORT_MEMORY,
        "steps": 300,
    }
)
DEMOSAIC_NOISY = DEMOSAIC.model_copy(
    update={
        "why": "as for exact samples, total variation adapted to the noise",
        "guided_by": tv_of_mosaic(0.01, 1.0),
        "total_variation": TotalVariation(
            weight=0.004, discrepancy=1.0, after=60, least=0.001, chroma=CHROMA
        ),
        "steps": 200,
    }
)
