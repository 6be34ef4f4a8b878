"""Agreement: a picture that a prior has changed, brought back to what was measured."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.noise import Gaussian, Poisson
from untrained.problem.problem import Problem
from untrained.recipes import SelfSimilarPasses

_NUDGE = 0.05
"""Largest change of a sample, in picture units, by which a derivative is taken."""

Agreement = Callable[[Tensor, float], Tensor]
"""From a picture ``(1, C, H, W)`` and how far off it may be, in picture units, to one like it."""


def agreement(problem: Problem, settings: SelfSimilarPasses) -> Agreement | None:
    """Say how a picture is brought into agreement with a measurement; None where nothing tells.

    Known pixels are put back; a problem that can project onto what agrees does so; where the noise
    is known, the picture goes as far towards the measurement as that deserves.

    Parameters
    ----------
    problem
        What was measured, on the device where to work.
    settings
        Trust in the picture, number of conjugate gradient steps.
    """
    if problem.rendering.kept is not None:
        return Restored(problem.rendering.kept, problem.measurement.y)
    if problem.knowledge.project is not None:
        return Projected(problem)
    noise = problem.measurement.noise
    if isinstance(noise, Poisson) or (isinstance(noise, Gaussian) and noise.sigma > 0):
        return Proximal(problem, noise, settings)
    return None


class Restored:
    """Puts known pixels back.

    Parameters
    ----------
    kept
        Where, bool ``(1, 1 or C, H, W)``.
    measurement
        What, ``(1, C, H, W)``.
    """

    def __init__(self, kept: Tensor, measurement: Tensor) -> None:
        self._kept = kept
        self._measurement = measurement

    def __call__(self, picture: Tensor, _level: float) -> Tensor:
        """Put them back."""
        kept = self._kept.to(picture.device)
        return torch.where(kept, self._measurement.to(picture), picture)


class Projected:
    """Projects as the problem says, which knows no noise.

    Parameters
    ----------
    problem
        Knows how.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    def __call__(self, picture: Tensor, _level: float) -> Tensor:
        """Project."""
        return self._problem.projected(picture).to(picture.device)


class Proximal:
    """The proximal map of the likelihood: ``argmin_x |A x - y|^2 / v + t |x - z|^2 / l^2``.

    The data step of plug-and-play priors by half-quadratic splitting (Zhang et al. 2017,
    arXiv:1704.03264), for a picture z that is off by a level l. Conjugate gradients solve it about
    z: exactly where A is linear and the variance v known; else it is one Gauss-Newton step, of
    photon counts with the variance that z foretells.

    Parameters
    ----------
    problem
        A and y.
    noise
        Says the variance v of y.
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
        """Go towards the measurement from a picture that is off by `level`."""
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
        """The derivative of A along `change`, by a central difference: operators of others may
        have no second derivative, which forward mode without rules for them would ask for."""
        length = _NUDGE / float(change.abs().max())
        ahead: Tensor = self._operator(picture + length * change)
        behind: Tensor = self._operator(picture - length * change)
        return (ahead - behind) / (2 * length)


def conjugate_gradients(
    normal: Callable[[Tensor], Tensor], wanted: Tensor, iterations: int
) -> Tensor:
    """Solve ``N x = b`` from 0 for a symmetric positive N (Hestenes and Stiefel 1952).

    Parameters
    ----------
    normal
        N, linear, from a tensor to one of its shape.
    wanted
        b.
    iterations
        At most so many; fewer where the residual has fallen to a thousandth.
    """
    found, residual = torch.zeros_like(wanted), wanted
    direction, power = residual, residual.square().sum()
    enough = 1e-6 * power
    for _ in range(iterations):
        if power <= enough:
            break
        image = normal(direction)
        length = power / (direction * image).sum()
        found = found + length * direction
        residual = residual - length * image
        before, power = power, residual.square().sum()
        direction = residual + power / before * direction
    return found
