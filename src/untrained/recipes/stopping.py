"""Settings of the stop rules."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from untrained.recipes.settings import Settings


class WindowedVariance(Settings):
    """Stop at the minimum of the windowed moving variance (ES-WMV, Wang et al. 2023)."""

    kind: Literal["windowed-variance"] = "windowed-variance"
    window: int = Field(100, ge=2)
    """Number of successive pictures whose variance is taken."""
    patience: PositiveInt = 1000
    """Steps without a new minimum after which the fit stops."""


class Discrepancy(Settings):
    """Stop when the residual falls to what the known noise explains (Morozov 1966)."""

    kind: Literal["discrepancy"] = "discrepancy"
    factor: float = Field(1.0, gt=0)
    """Stop when the mean squared residual is at most factor x its expectation."""


class HeldOut(Settings):
    """Keep a part of the measurement from the fit; hand over the picture that foretells it best.

    Cross-validation (Stone 1974); of k-space in Yaman et al. 2020 (doi 10.1002/mrm.28378).
    """

    kind: Literal["held-out"] = "held-out"
    share: float = Field(0.05, gt=0, lt=1)
    """Share of the measurement's parts (projections, lines, samples) that is held out."""
    every: PositiveInt = 5
    """Steps between two looks."""
    patience: PositiveInt = 1000
    """Steps without a new least error after which the fit stops."""


class UnbiasedRisk(Settings):
    """Hand over the picture whose estimated risk is least, where the noise is Gaussian and known.

    The estimate becomes that of Stein (1981) as the strength falls; by the coupled bootstrap
    (Oliveira et al. 2022, arXiv:2111.09447) it holds for every fit. The fit sees a little more
    noise than was measured.
    """

    kind: Literal["unbiased-risk"] = "unbiased-risk"
    strength: float = Field(0.3, gt=0)
    """Factor a: the fit sees the noise times (1 + a^2)^(1/2), its judge times (1 + a^-2)^(1/2)."""
    every: PositiveInt = 5
    """Steps between two looks."""
    patience: PositiveInt = 1000
    """Steps without a new least risk after which the fit stops."""


StopRule = Annotated[
    WindowedVariance | Discrepancy | HeldOut | UnbiasedRisk, Field(discriminator="kind")
]
