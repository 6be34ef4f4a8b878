"""Every setting of a fit. Imports no torch: the command line reads this.

* `recipe`: the Recipe and its file
* `settings`: the base class, RecipeError
* `registry`: kinds of settings by name
* `network`, `pairing`, `stopping`, `denoisers`: the settings of each kind
* `fusion`, `passes`: blending with the estimate; plug-and-play passes
* `fit_options`: seed, device, tiles, budgets of one run
* `presets`: the recipes by name
"""

from untrained.recipes.denoisers import (
    NL_RIDGE_TWICE,
    Denoiser,
    DenoiserSettings,
    NLBayes,
    NLRidge,
    PatchSettings,
    denoiser_settings,
)
from untrained.recipes.fit_options import (
    LEAST_TILE,
    MOST_STEPS,
    NO_OPTIONS,
    FitKeywords,
    FitOptions,
)
from untrained.recipes.fusion import Fusion, SecondPass
from untrained.recipes.network import (
    DecoderNetwork,
    Network,
    NetworkSettings,
    PaddingName,
    PixelNetwork,
    ResNetNetwork,
    SkipNetwork,
    UNetNetwork,
    UpsamplingName,
    network_settings,
)
from untrained.recipes.pairing import (
    BlindSpotPairing,
    GuidePairing,
    LatentPairing,
    Pairing,
    PairingSettings,
    RecorruptPairing,
    ZSN2NPairing,
    pairing_settings,
)
from untrained.recipes.passes import SelfSimilarPasses
from untrained.recipes.recipe import (
    Guard,
    Optimiser,
    Recipe,
    Restart,
    Sparsity,
    Term,
    TotalVariation,
    read_recipe,
)
from untrained.recipes.settings import RecipeError, Settings, first_fault
from untrained.recipes.stopping import (
    Discrepancy,
    HeldOut,
    StopRule,
    StopRuleSettings,
    UnbiasedRisk,
    WindowedVariance,
    stop_rule_settings,
)

__all__ = [
    "LEAST_TILE",
    "MOST_STEPS",
    "NL_RIDGE_TWICE",
    "NO_OPTIONS",
    "BlindSpotPairing",
    "DecoderNetwork",
    "Denoiser",
    "DenoiserSettings",
    "Discrepancy",
    "FitKeywords",
    "FitOptions",
    "Fusion",
    "Guard",
    "GuidePairing",
    "HeldOut",
    "LatentPairing",
    "NLBayes",
    "NLRidge",
    "Network",
    "NetworkSettings",
    "Optimiser",
    "PaddingName",
    "Pairing",
    "PairingSettings",
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
    "StopRuleSettings",
    "Term",
    "TotalVariation",
    "UNetNetwork",
    "UnbiasedRisk",
    "UpsamplingName",
    "WindowedVariance",
    "ZSN2NPairing",
    "denoiser_settings",
    "first_fault",
    "network_settings",
    "pairing_settings",
    "read_recipe",
    "stop_rule_settings",
]
