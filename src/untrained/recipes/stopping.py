"""Settings of the stop rules."""

from typing import Annotated, Literal

from pydantic import Field

from untrained.recipes.registry import Kinds
from untrained.recipes.settings import Count, Real, Settings, Whole


class StopRuleSettings(Settings):
    """Base of the settings of all stop rules; each has a default `kind` of its own."""

    kind: str


stop_rule_settings: Kinds[StopRuleSettings] = Kinds("stop rule")
"""Registers settings of a stop rule: ``@stop_rule_settings`` above their class."""


@stop_rule_settings
class WindowedVariance(StopRuleSettings):
    """Stop at the minimum of the windowed moving variance (ES-WMV, Wang et al. 2023)."""

    kind: Literal["windowed-variance"] = "windowed-variance"
    window: Whole = Field(100, ge=2)
    """Number of successive pictures whose variance is taken."""
    patience: Count = 1000
    """Steps without a new minimum after which the fit stops."""


@stop_rule_settings
class Discrepancy(StopRuleSettings):
    """Stop when the residual falls to what the known noise explains (Morozov 1966)."""

    kind: Literal["discrepancy"] = "discrepancy"
    factor: Real = Field(1.0, gt=0)
    """Stop when the mean squared residual is at most factor x its expectation."""


@stop_rule_settings
class HeldOut(StopRuleSettings):
    """Hold out a part of the measurement; hand over the picture that predicts it best.

    Cross-validation (Stone 1974); of k-space in Yaman et al. 2020 (doi 10.1002/mrm.28378).
    """

    kind: Literal["held-out"] = "held-out"
    share: Real = Field(0.05, gt=0, lt=1)
    """Share of the measurement's parts (projections, lines, samples) that is held out."""
    every: Count = 5
    """Steps between two looks."""
    patience: Count = 1000
    """Steps without a new least error after which the fit stops."""


@stop_rule_settings
class UnbiasedRisk(StopRuleSettings):
    """Hand over the picture with the lowest estimated risk; the noise must be Gaussian and known.

    The estimate becomes Stein's (1981) when the strength falls; by the coupled bootstrap (Oliveira
    et al. 2022, arXiv:2111.09447) it holds for every fit. The fit sees a little more noise than was
    measured.
    """

    kind: Literal["unbiased-risk"] = "unbiased-risk"
    strength: Real = Field(0.3, gt=0)
    """Factor a: the fit sees (1 + a^2)^(1/2) times the noise, its judge (1 + a^-2)^(1/2) times."""
    every: Count = 5
    """Steps between two looks."""
    patience: Count = 1000
    """Steps without a new least risk after which the fit stops."""


StopRule = Annotated[StopRuleSettings, stop_rule_settings]
