"""Hand over the picture with the lowest score: by held-out data, unbiased risk, or an estimate."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from untrained.fitting.step import Step
from untrained.fitting.stopping.registry import Score, Watched, stop_rule
from untrained.fitting.stopping.rule import Rule, Stop
from untrained.numerics.random_streams import stream
from untrained.problem.held_out import hold_out
from untrained.problem.noise_split import split_noise
from untrained.problem.problem import Problem
from untrained.recipes import HeldOut, UnbiasedRisk


class LeastScoreRule:
    """Hand over the picture with the lowest score.

    When the score has made no new minimum for `patience` steps, or the budget is used, the rule
    stops and hands over the picture of the minimum.

    Parameters
    ----------
    score
        Scores a picture; its value is the statistic.
    guess
        The score of the initial guess, for comparison in the reason; None without a guess.
    every
        Steps between two looks.
    patience
        In steps.
    """

    name: str
    found: str
    """What was lowest at the step that is handed over, for the reason."""

    def __init__(
        self, score: Callable[[Tensor], float], guess: float | None, every: int, patience: int
    ) -> None:
        self._score = score
        self._guess = guess
        self._every = every
        self._patience = patience
        self._best: tuple[int, Tensor] | None = None
        self._least = float("inf")
        self.statistic: float | None = None

    def update(self, step: Step) -> Stop | None:
        """Score every few steps; stop when the lowest score is `patience` steps old."""
        over = step.progress >= 1
        if over or self._best is None or step.index % self._every == 0:
            self.statistic = self._score(step.picture)
            if self.statistic < self._least or self._best is None:
                self._least, self._best = self.statistic, (step.index, step.picture)
        best, picture = self._best
        if not over and step.index - best < self._patience:
            return None
        why = "when the budget was used" if over else f"and no lower in {self._patience} steps"
        words = f"{self.found} at step {best}, {why}"
        compared, doubt = self._compared()
        return Stop(self.name, words + compared, best, picture, doubt)

    def _compared(self) -> tuple[str, str]:
        """Compare the best picture with the initial guess, in words; add a warning if worse."""
        if self._guess is None:
            return "", ""
        ratio = self._least / max(self._guess, 1e-30)
        if ratio < 1:
            return f": {ratio:.3g} times the initial guess's error", ""
        advice = "prefer the initial guess, or change the recipe"
        return (
            f": but {ratio:.3g} times the initial guess's error: {advice}",
            f"the lowest error was {ratio:.3g} times the initial guess's: {advice}",
        )

    def state_dict(self) -> dict[str, Any]:
        """The best picture so far."""
        return {
            "best_step": self._best[0] if self._best else None,
            "best_picture": self._best[1] if self._best else None,
            "statistic": self.statistic,
            "least": self._least,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        if state["best_step"] is not None:
            self._best = (state["best_step"], state["best_picture"])
        self.statistic, self._least = state["statistic"], state["least"]


class HeldOutRule(LeastScoreRule):
    """Hand over the picture that best predicts the held-out data (Stone 1974).

    The score is the error on the held-out part; noise in the picture raises it again.
    """

    name = "held-out"
    found = "the error on held-out measurements was lowest"


class UnbiasedRiskRule(LeastScoreRule):
    """Hand over the picture whose estimated mean squared error is lowest."""

    name = "unbiased-risk"
    found = "the estimated risk was lowest"


class NearestEstimateRule(LeastScoreRule):
    """Hand over the picture nearest to the classical estimate.

    The errors of both differ: until the network fits noise, it comes nearer to the estimate.
    """

    name = "nearest-estimate"
    found = "the distance from the classical estimate was lowest"


def _hold_out(settings: HeldOut, problem: Problem, seed: int) -> tuple[Problem, Score]:
    return hold_out(problem, settings.share, stream(seed, "held out"))


@stop_rule(HeldOut, holds_out=_hold_out)
def _held_out(settings: HeldOut, watched: Watched) -> Rule:
    problem, score = watched.problem, watched.score
    guide = None if problem.knowledge.make_guide is None else problem.knowledge.guide
    guess = None if guide is None else score(guide[:, : problem.channels])
    return HeldOutRule(score, guess, settings.every, settings.patience)


def _split_noise(settings: UnbiasedRisk, problem: Problem, seed: int) -> tuple[Problem, Score]:
    return split_noise(problem, settings.strength, stream(seed, "noise split"))


@stop_rule(UnbiasedRisk, holds_out=_split_noise)
def _unbiased_risk(settings: UnbiasedRisk, watched: Watched) -> Rule:
    return UnbiasedRiskRule(watched.score, None, settings.every, settings.patience)
