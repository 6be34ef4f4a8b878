"""Settings of the classical estimate that guides the network and is fused with its picture."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from untrained.recipes.denoisers import NL_RIDGE_TWICE, Denoiser, NLBayes, NLRidge
from untrained.recipes.settings import Count, Real, Settings, Whole, refuse_without_effect


class SecondPass(Settings):
    """NL-Ridge and NL-Bayes both denoise again with the estimate as pilot; their mean is taken."""

    residual_feedback: Real = Field(0.4, gt=0, le=1)
    """Fraction of the residual that NL-Ridge gets back; NL-Bayes denoises the measurement."""
    bayes_weight: Real = Field(0.5, ge=0, le=1)
    """Weight of NL-Bayes in the mean."""
    coarse_feedback: Real = Field(0.7, gt=0, le=1)
    """Fraction of the residual that NL-Bayes, alone, gets back at half the size."""
    nl_ridge: NLRidge = NLRidge()
    nl_bayes: NLBayes = NLBayes()


class Fusion(Settings):
    """NL-Ridge (Herbreteau and Kervrann 2022) and NL-Bayes (Lebrun et al. 2013) beside a network.

    Their estimate guides the network. After the fit, the pilot is a mean of this estimate and the
    network's picture; it gets a part of its residual back and is denoised once more, with itself as
    pilot; the result is a mean of that and the network's picture. Only for Gaussian noise of known
    level, without missing pixels, and for pictures large enough for patches.
    """

    renamed: ClassVar[dict[str, str]] = {
        "again": "second_pass, null for none",
        "pilot": "pilot_weight",
        "returned": "residual_feedback",
        "share": "network_weight",
        "error": "error_prior",
    }
    without_pilot: NLRidge = NL_RIDGE_TWICE[2][0]
    """First pass of the estimate: it finds groups in the noisy picture itself."""
    with_pilot: NLRidge = NL_RIDGE_TWICE[2][1]
    """Its next pass, with the result of the first as pilot."""
    scales: Literal[1, 2] = 2
    """Scales of the estimate. The second is half the size and gives the low frequencies. Volumes
    have one."""
    cell: Annotated[Whole, Field(ge=2, le=1024, multiple_of=2)] = 8
    """Side in pixels of the cells whose means come from the half size."""
    second_pass: SecondPass | None = SecondPass()
    """Denoises the estimate again before the network sees it; None leaves it."""
    pilot_weight: Real = Field(0.3, ge=0, le=1)
    """Weight of the network in the pilot; lower if its residual shows a larger error."""
    residual_feedback: Real = Field(0.4, gt=0, le=1)
    """Fraction of the residual added back before the last pass; 1 denoises the measurement."""
    method: Denoiser = NLBayes()
    """Denoiser of the last pass."""
    network_weight: Real = Field(0.05, ge=0, le=1)
    """Weight of the network in the result; lower if its residual shows a larger error."""
    error_prior: Real = Field(1.0, gt=0)
    """Assumed squared error of the estimate, as a factor on the noise variance. The network's error
    is compared with it."""
    patience: Count | None = 20
    """The network stops after this many steps without coming nearer to the estimate, and the
    nearest picture is taken: later steps fit noise. None never stops it."""

    @model_validator(mode="after")
    def _effective(self) -> "Fusion":
        if self.scales == 1:
            refuse_without_effect(self, "cell", because="scales is 1")
            if self.second_pass is not None:
                refuse_without_effect(self.second_pass, "coarse_feedback", because="scales is 1")
        return self

    def least_side(self, channels: int) -> int:
        """Shortest side, in pixels, of a picture with this many channels that has room for it."""
        used: list[Denoiser] = [self.without_pilot, self.with_pilot, self.method]
        if self.second_pass is not None:
            used += [self.second_pass.nl_ridge, self.second_pass.nl_bayes]
        return max(settings.least_side(channels) for settings in used)
