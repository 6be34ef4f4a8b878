"""Every setting of a fit. Imports no torch: the command line reads this."""

from untrained.recipes.denoisers import (
    NL_RIDGE_TWICE,
    Denoiser,
    DenoiserSettings,
    NLBayes,
    NLRidge,
    PatchSettings,
    denoiser_settings,
)
from untrained.recipes.fusion import Fusion, SecondPass
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
    "NL_RIDGE_TWICE",
    "BlindSpotPairing",
    "DecoderNetwork",
    "Denoiser",
    "DenoiserSettings",
    "Discrepancy",
    "Fusion",
    "Guard",
    "GuidePairing",
    "HalvesPairing",
    "HeldOut",
    "LatentPairing",
    "NLBayes",
    "NLRidge",
    "Network",
    "Optimiser",
    "PaddingName",
    "Pairing",
    "PatchSettings",
    "PixelNetwork",
    "Recipe",
    "RecipeError",
    "RecorruptPairing",
    "ResNetNetwork",
    "Restart",
    "SecondPass",
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
    "denoiser_settings",
    "first_fault",
    "read_recipe",
]
