"""The initial guess itself, without a fit."""

from torch import Tensor

from untrained.baselines.registry import baseline
from untrained.errors import NotApplicable
from untrained.problem.problem import Problem


@baseline("guess", "initial guess", ("reconstruct",))
def initial_guess(problem: Problem) -> Tensor:
    """Return the guide of the fit: back-projection, zero-filling or bilinear interpolation."""
    if problem.knowledge.guide is None:
        raise NotApplicable("the measurement gives no initial guess")
    return problem.knowledge.guide[:, : problem.channels]
