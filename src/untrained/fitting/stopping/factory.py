"""Make stop rules from their settings. Importing this registers all of ours."""

from collections.abc import Sequence

from untrained.fitting.stopping import (  # noqa: F401
    discrepancy,
    least_score,
    windowed_variance,
)
from untrained.fitting.stopping.registry import RULES, Score, Watched
from untrained.fitting.stopping.rule import Rule
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import StopRuleSettings


def make_rule(settings: StopRuleSettings, watched: Watched) -> Rule:
    """Make the rule that `settings` describes.

    Raises
    ------
    RecipeError
        If no rule is registered for these settings.
    ProblemError
        If the rule does not apply to the problem.
    """
    return RULES.of(settings).make(settings, watched)


def holds_out(settings: StopRuleSettings) -> bool:
    """Return whether a rule holds data out of the fit, so that the networks see less."""
    return RULES.of(settings).holds_out is not None


def hold_out_for(
    rules: Sequence[StopRuleSettings], problem: Problem, seed: int
) -> tuple[Problem, Score | None]:
    """Hold out of the problem the data that one of the rules needs.

    Parameters
    ----------
    rules
        All rules of the fit.
    problem
        The whole problem.
    seed
        Draws what is held out.

    Returns
    -------
    The problem to fit, and the score of a picture on the held-out data; None if no rule does.

    Raises
    ------
    ProblemError
        If more than one rule holds something out, or the problem has nothing to hold out.
    """
    judges = [each for each in rules if holds_out(each)]
    if len(judges) > 1:
        kinds = " and ".join(each.kind for each in judges)
        raise ProblemError(f"use only one of the stop rules {kinds}: each holds out data")
    for judge in judges:
        hold_out = RULES.of(judge).holds_out
        if hold_out is not None:
            return hold_out(judge, problem, seed)
    return problem, None
