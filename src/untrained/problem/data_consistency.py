"""Data consistency: move a picture back towards the measurement after a denoiser changed it."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.noise import Gaussian, Poisson
from untrained.numerics.conjugate_gradients import conjugate_gradients
from untrained.problem.problem import Problem
from untrained.recipes import SelfSimilarPasses

_NUDGE = 0.05
"""Step of the finite difference: the largest change of a sample, in picture units."""

DataConsistency = Callable[[Tensor, float], Tensor]
"""From a picture ``(1, C, H, W)`` and its expected error, a standard deviation in picture units, to
one that is closer to the measurement."""


def data_consistency(problem: Problem, settings: SelfSimilarPasses) -> DataConsistency | None:
    """Choose the data step of a problem: known pixels, its projection, or a proximal step.

    None for a problem without known pixels, projection or known noise level.

    Parameters
    ----------
    problem
        What was measured, on the device where to work.
    settings
        Trust in the picture, number of conjugate gradient steps.
    """
    if problem.rendering.kept is not None:
        return KnownPixels(problem.rendering.kept, problem.measurement.y)
    if problem.knowledge.project is not None:
        return Projection(problem)
    noise = problem.measurement.noise
    if isinstance(noise, Poisson) or (isinstance(noise, Gaussian) and noise.sigma > 0):
        return ProximalStep(problem, noise, settings)
    return None


class KnownPixels:
    """Restores known pixels: hard data consistency.

    Parameters
    ----------
    kept
        Where they are, bool ``(1, 1 or C, H, W)``.
    measurement
        Their values, ``(1, C, H, W)``.
    """

    def __init__(self, kept: Tensor, measurement: Tensor) -> None:
        self._kept = kept
        self._measurement = measurement

    def __call__(self, picture: Tensor, _level: float) -> Tensor:
        """Restore the known pixels."""
        kept = self._kept.to(picture.device)
        return torch.where(kept, self._measurement.to(picture), picture)


class Projection:
    """Projects onto the pictures that are consistent with the measurement; ignores the noise.

    Parameters
    ----------
    problem
        Has the projection.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def __call__(self, picture: Tensor, _level: float) -> Tensor:
        """Project the picture."""
        return self._problem.projected(picture).to(picture.device)


class ProximalStep:
    """The proximal map of the likelihood: ``argmin_x |A x - y|^2 / v + t |x - z|^2 / l^2``.

    The data step of plug-and-play priors by half-quadratic splitting (Zhang et al. 2017,
    arXiv:1704.03264), for a picture z with an error of standard deviation l. Conjugate gradients
    solve it about z: exactly where A is linear and the variance v known; else it is one
    Gauss-Newton step, for photon counts with the variance that z predicts.

    Parameters
    ----------
    problem
        A and y.
    noise
        Gives the variance v of y.
    settings
        The trust t in z, and the number of conjugate gradient steps.
    """

    def __init__(
        self, problem: Problem, noise: Gaussian | Poisson, settings: SelfSimilarPasses
    ) -> None:
        self._operator = problem.measurement.operator
        self._measurement = problem.measurement.y
        self._noise = noise
        self._trust = settings.trust
        self._iterations = settings.iterations

    def __call__(self, picture: Tensor, level: float) -> Tensor:
        """Move a picture with an error of standard deviation `level` towards the measurement."""
        place = picture.detach().to(self._measurement.device).requires_grad_(True)
        with torch.enable_grad():
            seen = self._operator(place)
        precision = 1 / self._variance(seen.detach())
        weight = self._trust / level**2

        def back(vector: Tensor) -> Tensor:
            given = (precision * vector).to(seen.dtype)
            return torch.autograd.grad(seen, place, given, retain_graph=True)[0]

        def normal(change: Tensor) -> Tensor:
            return back(self._forth(place.detach(), change)) + weight * change

        with torch.no_grad():
            wanted = back(self._measurement - seen.detach())
            change = conjugate_gradients(normal, wanted, self._iterations)
            return (place + change).to(picture)

    def _variance(self, seen: Tensor) -> Tensor:
        if isinstance(self._noise, Gaussian):
            return torch.full((), self._noise.sigma**2, device=seen.device)
        return seen.clamp_min(1)

    def _forth(self, picture: Tensor, change: Tensor) -> Tensor:
        """Compute the derivative of A along `change`, by a central difference.

        Forward-mode differentiation needs rules that other packages' operators may lack. A
        one-sided difference is biased if A is not linear.
        """
        length = _NUDGE / float(change.abs().max())
        ahead: Tensor = self._operator(picture + length * change)
        behind: Tensor = self._operator(picture - length * change)
        return (ahead - behind) / (2 * length)
