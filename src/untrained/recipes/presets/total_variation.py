"""Total variation without a network."""

from untrained.recipes import (
    GuidePairing,
    LatentPairing,
    Optimiser,
    PixelNetwork,
    Recipe,
    TotalVariation,
)

CHROMA = 2.5
"""Assumed smoothness of the colours of a mosaic, relative to the brightness."""

_TV = Recipe(
    name="tv",
    why="free pixels and total variation (Rudin, Osher and Fatemi 1992), no network",
    network=PixelNetwork(),
    pairing=LatentPairing(channels=1, jitter=0),
    optimiser=Optimiser(step_size=0.05, decay="cosine"),
    steps=400,
    averaging=0,
    hand_over="iterate",
    precision="float32",
)


def tv(weight: float, discrepancy: float | None = None) -> Recipe:
    """Total variation on free pixels, from mid-grey; `discrepancy` adapts the weight."""
    variation = TotalVariation(weight=weight, discrepancy=discrepancy)
    return _TV.model_copy(update={"total_variation": variation})


def tv_from_guess(weight: float, discrepancy: float | None = None) -> Recipe:
    """Total variation on pixels that start at the guide, for operators that lose much."""
    return tv(weight, discrepancy).model_copy(
        update={
            "network": PixelNetwork(from_input=True),
            "pairing": GuidePairing(channels=0, jitter=0),
            "optimiser": Optimiser(step_size=0.02, decay="cosine"),
        }
    )


def tv_of_mosaic(weight: float, discrepancy: float | None = None) -> Recipe:
    """Total variation for one colour in each pixel; colours are smoother than brightness."""
    variation = TotalVariation(weight=weight, discrepancy=discrepancy, chroma=CHROMA)
    return tv_from_guess(weight).model_copy(
        update={
            "why": "free pixels, total variation with smoother colours (Condat, Mosaddegh 2012)",
            "optimiser": Optimiser(step_size=0.03, decay="cosine"),
            "total_variation": variation,
            "steps": 200,
        }
    )
