"""Every setting of a fit. Imports no torch: the command line reads this."""

from untrained.recipes.denoisers import DenoiserName
from untrained.recipes.fusion import Fusion
from untrained.recipes.network import (
    DecoderNetwork,
    Network,
    PaddingName,
    PixelNetwork,
    ResNetNetwork,
    SkipNetwork,
    UNetNetwork,
    UpsamplingName,
)
from untrained.recipes.pairing import (
    BlindSpotPairing,
    GuidePairing,
    HalvesPairing,
    LatentPairing,
    Pairing,
    RecorruptPairing,
)
from untrained.recipes.passes import SelfSimilarPasses
from untrained.recipes.recipe import (
    Guard,
    Optimiser,
    Recipe,
    Restart,
    Sparsity,
    Task,
    Term,
    TotalVariation,
    read_recipe,
)
from untrained.recipes.settings import RecipeError, Settings, first_fault
from untrained.recipes.stopping import (
    Discrepancy,
    HeldOut,
    StopRule,
    UnbiasedRisk,
    WindowedVariance,
)

__all__ = [
    "BlindSpotPairing",
    "DecoderNetwork",
    "DenoiserName",
    "Discrepancy",
    "Fusion",
    "Guard",
    "GuidePairing",
    "HalvesPairing",
    "HeldOut",
    "LatentPairing",
    "Network",
    "Optimiser",
    "PaddingName",
    "Pairing",
    "PixelNetwork",
    "Recipe",
    "RecipeError",
    "RecorruptPairing",
    "ResNetNetwork",
    "Restart",
    "SelfSimilarPasses",
    "Settings",
    "SkipNetwork",
    "Sparsity",
    "StopRule",
    "Task",
    "Term",
    "TotalVariation",
    "UNetNetwork",
    "UnbiasedRisk",
    "UpsamplingName",
    "WindowedVariance",
    "first_fault",
    "read_recipe",
]
