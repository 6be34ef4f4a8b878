"""Hold out a part of a measurement, to judge the fit by it."""

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem, ProblemError

_LOUD = 4.0
"""Groups with more than this times the mean energy are never held out: they carry the picture."""

_ROUNDS = 3
"""How often the held-out part is predicted again for the guide."""


def hold_out(
    problem: Problem, share: float, seed: int
) -> tuple[Problem, Callable[[Tensor], float]]:
    """Split a problem into a part to fit and a part to judge by.

    The guide is made again without the held-out part, which is predicted from the rest through the
    guide itself, a few times over.

    Parameters
    ----------
    problem
        Its measurement may have any shape; the part to fit is a vector.
    share
        Share of the groups to hold out, in (0, 1); groups that carry the picture stay.
    seed
        Draws them.

    Returns
    -------
    The problem to fit, and the error of a picture on the held-out part.

    Raises
    ------
    ProblemError
        If there are too few groups to hold out one.
    """
    measurement = problem.measurement
    held = _drawn(measurement, share, seed)
    kept, out = (~held).nonzero()[:, 0], held.nonzero()[:, 0]
    judge = measurement.part(out)

    def score(picture: Tensor) -> float:
        with torch.no_grad():
            return float(judge.error(judge.operator(picture), judge.y))

    fitted = dataclasses.replace(problem, measurement=measurement.part(kept))
    return fitted.with_guide(_guide(problem, held)), score


def _drawn(measurement: Measurement, share: float, seed: int) -> Tensor:
    """Draw the samples to hold out: one bool for each sample."""
    y, groups = measurement.y.flatten().cpu(), measurement.hold_out_groups
    groups = torch.arange(y.numel()) if groups is None else groups
    energy = y.abs().square().double()
    mean = torch.zeros(int(groups.max()) + 1, dtype=torch.float64).index_add(0, groups, energy)
    mean /= groups.bincount().clamp_min(1)
    quiet = (mean <= _LOUD * energy.mean()).nonzero()[:, 0]
    count = max(1, round(share * len(mean)))
    if len(quiet) <= count:
        raise ProblemError(
            f"a measurement of {len(mean)} parts is too small to hold out {count} of them: remove "
            "the held-out rule from the recipe"
        )
    generator = torch.Generator().manual_seed(seed)
    chosen = quiet[torch.randperm(len(quiet), generator=generator)[:count]]
    return torch.isin(groups, chosen).to(measurement.y.device)


def _guide(problem: Problem, held: Tensor) -> Tensor | None:
    measurement, make_guide = problem.measurement, problem.knowledge.make_guide
    if make_guide is None:
        return problem.knowledge.guide
    y = measurement.y.flatten()
    filled = torch.where(held, y[~held].mean(), y)
    for _ in range(_ROUNDS):
        guide = make_guide(filled.reshape(measurement.y.shape))
        with torch.no_grad():
            predicted = measurement.operator(guide[:, : problem.channels]).flatten()
        filled = torch.where(held, predicted, y)
    return make_guide(filled.reshape(measurement.y.shape))
