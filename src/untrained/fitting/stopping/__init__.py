"""Stop rules: when to stop, why, and which step's picture to hand over.

A rule receives every step through `update` and returns None or a Stop. It sees neither the network
nor the clean picture.
"""

from untrained.fitting.stopping.budget import BudgetRule
from untrained.fitting.stopping.discrepancy import DiscrepancyRule
from untrained.fitting.stopping.factory import hold_out_for, holds_out, make_rule
from untrained.fitting.stopping.least_score import (
    HeldOutRule,
    NearestEstimateRule,
    UnbiasedRiskRule,
)
from untrained.fitting.stopping.registry import Score, Watched, stop_rule
from untrained.fitting.stopping.rule import Rule, Stop
from untrained.fitting.stopping.windowed_variance import WindowedVarianceRule

__all__ = [
    "BudgetRule",
    "DiscrepancyRule",
    "HeldOutRule",
    "NearestEstimateRule",
    "Rule",
    "Score",
    "Stop",
    "UnbiasedRiskRule",
    "Watched",
    "WindowedVarianceRule",
    "hold_out_for",
    "holds_out",
    "make_rule",
    "stop_rule",
]
