"""The divergence guard: back to the last good weights with a smaller step size."""

import copy
import math
from typing import Any

from untrained.errors import WorkError


class DivergenceError(WorkError):
    """The fit diverged again and again, even with a small step size."""


class DivergenceGuard:
    """Watches the loss and decides when to go back.

    It keeps a copy of the last good state (weights and optimiser) and restores it when the loss is
    not finite or exceeds `rise` times its value when the copy was made. The paper's code meant to
    do this for denoising; see docs/deviations.md for what it did.

    Parameters
    ----------
    rise, every, reduction, returns
        See `recipes.Guard`.
    """

    def __init__(self, *, rise: float, every: int, reduction: float, returns: int) -> None:
        self._rise = rise
        self._every = every
        self._reduction = reduction
        self._returns = returns
        self._good: dict[str, Any] | None = None
        self._good_loss = math.inf
        self._good_step = 0
        self.step_scale = 1.0
        """Factor on the step size after the returns so far."""
        self.events: list[str] = []
        """What happened, one sentence each."""

    def due(self, step: int) -> bool:
        """Return whether to keep a copy of the state before this step's update."""
        return self._good is None or step - self._good_step >= self._every

    def keep(self, step: int, loss: float, state: dict[str, Any]) -> None:
        """Keep a copy of a good state."""
        self._good = copy.deepcopy(state)
        self._good_step, self._good_loss = step, loss

    def diverged(self, loss: float) -> bool:
        """Return whether this loss shows that the fit has diverged.

        Once the returns are used up a mere rise does not count: fits often recover by themselves.
        """
        if not math.isfinite(loss):
            return True
        # A loss below zero, as in activation maximisation, has no meaningful ratio.
        rising = self._good_loss > 0 and loss > self._rise * self._good_loss
        return rising and len(self.events) < self._returns

    def restore_last_good(self, step: int, loss: float) -> dict[str, Any]:
        """Return the last good state, which the caller must copy, and lower the step size.

        Raises
        ------
        DivergenceError
            If there is no good state, or the returns are used up.
        """
        if self._good is None or len(self.events) >= self._returns:
            raise DivergenceError(
                f"the fit diverged at step {step} (loss {loss:.3g}) after {len(self.events)} "
                "returns to good weights: lower optimiser.step_size in the recipe"
            )
        self.step_scale *= self._reduction
        self.events.append(
            f"step {step}: the loss rose to {loss:.3g} from {self._good_loss:.3g}; went back to "
            f"the weights of step {self._good_step} and lowered the step size to "
            f"{self.step_scale:g} of the recipe's"
        )
        return self._good

    def reset(self) -> None:
        """Drop the good state: the fit begins again."""
        self._good, self._good_loss = None, math.inf

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        return {
            "good": copy.deepcopy(self._good),
            "good_loss": self._good_loss,
            "good_step": self._good_step,
            "step_scale": self.step_scale,
            "events": list(self.events),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._good = copy.deepcopy(state["good"])
        self._good_loss, self._good_step = state["good_loss"], state["good_step"]
        self.step_scale, self.events = state["step_scale"], list(state["events"])
