"""Settings of the classical estimate that guides the network and is fused with its picture."""

from typing import Literal

from pydantic import Field, PositiveInt

from untrained.recipes.denoisers import DenoiserName
from untrained.recipes.settings import Settings


class Fusion(Settings):
    """NL-Ridge (Herbreteau and Kervrann 2022) and NL-Bayes (Lebrun et al. 2013) beside a network.

    Their estimate guides the network. After the fit, the pilot is a mean of this estimate and the
    network's picture; it gets a part of its residual back and is denoised once more, with itself as
    pilot; the result is a mean of that and the network's picture. Only for Gaussian noise of known
    level, without missing pixels, and for pictures large enough for patches.
    """

    scales: Literal[1, 2] = 2
    """Scales of the estimate. The second is half the size and gives the low frequencies."""
    second_pass: bool = True
    """Whether NL-Ridge and NL-Bayes denoise the estimate again before the network sees it; their
    mean is taken."""
    pilot_weight: float = Field(0.3, ge=0, le=1)
    """Weight of the network in the pilot; lower if its residual shows a larger error."""
    residual_feedback: float = Field(0.4, gt=0, le=1)
    """Fraction of the residual added back before the last pass; 1 denoises the measurement."""
    method: DenoiserName = "nl-bayes"
    """Denoiser of the last pass."""
    network_weight: float = Field(0.05, ge=0, le=1)
    """Weight of the network in the result; lower if its residual shows a larger error."""
    error_prior: float = Field(1.0, gt=0)
    """Assumed squared error of the estimate, as a factor on the noise variance. The network's error
    is compared with it."""
    patience: PositiveInt | None = 20
    """The network stops after this many steps without coming nearer to the estimate, and the
    nearest picture is taken: later steps fit noise. None never stops it."""
