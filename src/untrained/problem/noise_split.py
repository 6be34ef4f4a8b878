"""Split the noise of a measurement in two, to judge a fit on one by the other."""

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from untrained.noise import Gaussian
from untrained.problem.problem import Problem, ProblemError


def split_noise(
    problem: Problem, strength: float, seed: int
) -> tuple[Problem, Callable[[Tensor], float]]:
    """Make a problem with slightly more noise, and an unbiased estimate of the risk.

    With ``n`` drawn like the noise, the noises of ``y + a n`` and ``y - n / a`` are independent. So
    the second judges without bias any fit to the first (coupled bootstrap, Oliveira, Lei and
    Tibshirani 2022, arXiv:2111.09447). As a falls, this becomes Stein's estimate (SURE, Stein
    1981).

    Parameters
    ----------
    problem
        Its noise is Gaussian, of a known level above 0.
    strength
        The factor a.
    seed
        Draws n.

    Returns
    -------
    The problem to fit, its noise ``(1 + a^2)^(1/2)`` of what it was, and the estimate of
    ``|A x - A x*|^2`` for a picture x and the clean x*, a mean over the samples.

    Raises
    ------
    ProblemError
        If the noise is not Gaussian of a known level above 0, or the samples are not real.
    """
    measurement, make_guide = problem.measurement, problem.knowledge.make_guide
    noise, y = measurement.noise, measurement.y
    if not isinstance(noise, Gaussian) or noise.sigma == 0 or y.is_complex():
        raise ProblemError(
            "an unbiased estimate of the risk needs real samples under Gaussian noise of a known "
            "level above zero: choose another stop rule"
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = noise.sigma * torch.randn(y.shape, generator=generator).to(y.device)
    judge = y - drawn / strength
    offset = float(noise.sigma**2 * (1 + strength**-2))

    def score(picture: Tensor) -> float:
        with torch.no_grad():
            return float((measurement.operator(picture) - judge).square().mean()) - offset

    louder = dataclasses.replace(noise, sigma=noise.sigma * (1 + strength**2) ** 0.5)
    noisier = dataclasses.replace(measurement, y=y + strength * drawn, noise=louder)
    fitted = dataclasses.replace(problem, measurement=noisier)
    return fitted if make_guide is None else fitted.with_guide(make_guide(noisier.y)), score
