"""The registry of stop rules: how each is made, and what it holds out of the fit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from untrained.fitting.stopping.rule import Rule
from untrained.problem.problem import Problem
from untrained.recipes import StopRuleSettings
from untrained.recipes.registry import Implementations

S = TypeVar("S", bound=StopRuleSettings)
Score = Callable[[Tensor], float]
"""How far a picture ``(1, C, H, W)`` is from something."""
HoldOut = Callable[[S, Problem, int], tuple[Problem, Score]]
"""From settings, problem and seed to the problem to fit, and the score of a picture."""


@dataclass(frozen=True)
class Watched:
    """What a rule may see of a fit, besides its steps."""

    problem: Problem
    """The problem that is fitted."""
    held_out: Score | None = None
    """The score on the data that the rule holds out of the fit."""

    @property
    def score(self) -> Score:
        """The same, for a rule that holds something out.

        Raises
        ------
        RuntimeError
            If nothing was held out.
        """
        if self.held_out is None:
            raise RuntimeError("nothing was held out")
        return self.held_out


class Entry(NamedTuple):
    """How to make a rule, and what it holds out."""

    make: Callable[[Any, Watched], Rule]
    holds_out: HoldOut[Any] | None


RULES: Implementations[Entry] = Implementations("stop rule")


def stop_rule(
    settings: type[S], *, holds_out: HoldOut[S] | None = None
) -> Callable[[Callable[[S, Watched], Rule]], Callable[[S, Watched], Rule]]:
    """Register what makes a stop rule: ``@stop_rule(ToyRule)`` above a function.

    Parameters
    ----------
    settings
        The class of its settings.
    holds_out
        Holds data out of the problem before the fit and makes the score of `Watched`; None if the
        rule holds nothing out. A fit has at most one rule that does.
    """

    def register(make: Callable[[S, Watched], Rule]) -> Callable[[S, Watched], Rule]:
        RULES.add(settings, Entry(make, holds_out))
        return make

    return register
