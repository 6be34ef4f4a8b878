"""Stop at the residual that the noise explains (Morozov 1966)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from untrained.fitting.step import Step
from untrained.fitting.stopping.registry import Watched, stop_rule
from untrained.fitting.stopping.rule import Rule, Stop
from untrained.noise import Gaussian, Poisson, mean_squared_error
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import Discrepancy


class DiscrepancyRule:
    """Stop when the picture explains the measurement as well as the noise allows (Morozov 1966).

    The statistic is the mean squared residual of the picture that would be handed over, divided by
    its expectation under the noise model; the rule stops when it is at most `factor`.

    Parameters
    ----------
    residual
        Mean squared residual of a picture against the measurement.
    expected
        Its expectation for the clean picture.
    factor
        Where to stop, 1 by default in the recipes.
    """

    name = "discrepancy"

    def __init__(self, residual: Callable[[Tensor], float], expected: float, factor: float) -> None:
        self._residual = residual
        self._expected = expected
        self._factor = factor
        self.statistic: float | None = None

    def update(self, step: Step) -> Stop | None:
        """Stop at the first picture whose residual the noise explains."""
        self.statistic = self._residual(step.picture) / self._expected
        if self.statistic > self._factor:
            return None
        reason = (
            f"the residual fell to {self.statistic:.3f} of what the noise explains "
            f"at step {step.index}"
        )
        return Stop(self.name, reason, step.index, step.picture)

    def state_dict(self) -> dict[str, Any]:
        """The last statistic."""
        return {"statistic": self.statistic}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.statistic = state["statistic"]


@stop_rule(Discrepancy)
def _discrepancy(settings: Discrepancy, watched: Watched) -> Rule:
    problem = watched.problem
    noise = problem.measurement.noise
    if noise is None or (isinstance(noise, Gaussian) and noise.sigma == 0):
        raise ProblemError("the discrepancy rule needs a noise level above zero")
    if isinstance(noise, Gaussian):
        residual = partial(_residual, problem)
        return DiscrepancyRule(residual, noise.expected_residual, settings.factor)
    return DiscrepancyRule(partial(_excess, problem, noise), 1.0, settings.factor)


def _residual(problem: Problem, picture: Tensor) -> float:
    measurement = problem.measurement
    with torch.no_grad():
        return float(mean_squared_error(measurement.operator(picture), measurement.y))


def _excess(problem: Problem, noise: Poisson, picture: Tensor) -> float:
    with torch.no_grad():
        return noise.excess(problem.measurement.operator(picture), problem.measurement.y)
