"""The stage of plug-and-play passes over the networks' picture."""

from dataclasses import replace
from typing import Any, ClassVar

from untrained.denoisers.collaborative import working_bytes
from untrained.fitting.plug_and_play import PlugAndPlay
from untrained.fitting.stage import Context, Draft
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.problem.problem import Problem
from untrained.recipes import PatchSettings, Recipe


class Refinement:
    """Runs the recipe's plug-and-play passes, one a step."""

    name: ClassVar[str] = "plug-and-play"

    def __init__(self, draft: Draft, context: Context, seconds: float | None) -> None:
        if draft.picture is None:
            raise RuntimeError("there is no picture to refine")
        self.stop: Stop | None = None
        self.events: tuple[str, ...] = ()
        self.notes = PlugAndPlay.notes(context.whole, context.recipe.passes)
        self.statistic: float | None = None
        self._draft = draft
        self._passes = PlugAndPlay(
            context.whole,
            context.recipe.passes,
            draft.picture,
            seconds=seconds,
        )

    @staticmethod
    def wanted(recipe: Recipe) -> bool:
        """Return whether the recipe has passes."""
        return bool(recipe.passes)

    @staticmethod
    def reason_against(problem: Problem, recipe: Recipe) -> str | None:
        """Return why no pass can run; None if one can."""
        return PlugAndPlay.reason_against(problem, recipe.passes)

    @staticmethod
    def weight(recipe: Recipe) -> float:
        """As much as all the networks."""
        return float(recipe.ensemble_size)

    @staticmethod
    def working_bytes(problem: Problem, recipe: Recipe) -> int:
        """Predict the need of the largest patches."""
        methods = [entry.method for entry in recipe.passes]
        own = [each for each in methods if isinstance(each, PatchSettings)]
        sizes = (working_bytes(problem.channels, problem.size, each) for each in own)
        return max(sizes, default=0)

    def __next__(self) -> Step:
        """Run one pass."""
        step = next(self._passes)
        self.stop = self._passes.stop
        return replace(step, stage=self.name)

    def result(self) -> Draft:
        """Take the picture of the last pass."""
        if self.stop is None:
            raise RuntimeError("the passes have not ended")
        reasons = (*self._draft.reasons, f"then {self.stop.reason}")
        return replace(self._draft, picture=self.stop.picture, rule=self.stop.rule, reasons=reasons)

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        return self._passes.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._passes.load_state_dict(state)
