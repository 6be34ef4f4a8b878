"""Stop when the steps or the seconds are used up."""

from typing import Any

from untrained.fitting.step import Step
from untrained.fitting.stopping.rule import Stop


class BudgetRule:
    """Stop when the steps or the seconds are used up, and hand over the last picture."""

    name = "budget"

    def __init__(self, steps: int, seconds: float | None = None) -> None:
        self.steps = steps
        self.seconds = seconds
        self.statistic: float | None = None

    def progress(self, steps: int, seconds: float) -> float:
        """Return the used share of the budget, in [0, 1]: the larger of steps and seconds."""
        share = steps / self.steps
        if self.seconds is not None:
            share = max(share, seconds / self.seconds)
        return min(share, 1.0)

    def update(self, step: Step) -> Stop | None:
        """Stop at the last step of the budget."""
        if step.index >= self.steps:
            reason = f"the budget of {self.steps} steps was used"
        elif self.seconds is not None and step.seconds >= self.seconds:
            reason = f"the budget of {self.seconds:g} seconds was used after {step.index} steps"
        else:
            return None
        return Stop(self.name, reason, step.index, step.picture)

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the step holds it all."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to load."""
