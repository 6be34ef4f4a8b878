"""Agreement: a picture that a prior has changed, brought back to what was measured."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.noise import Gaussian
from untrained.operators.linear import is_linear
from untrained.problem import Problem
from untrained.recipes import SelfSimilarPasses

Agreement = Callable[[Tensor, float], Tensor]
"""From a picture ``(1, C, H, W)`` and how far off it may be, in picture units, to one like it."""


def agreement(problem: Problem, settings: SelfSimilarPasses) -> Agreement | None:
    """Say how a picture is brought into agreement with a measurement; None where nothing tells.

    Known pixels are put back; a problem that can project onto what agrees does so; where the noise
    is Gaussian and known, the picture goes as far towards the measurement as that deserves.

    Parameters
    ----------
    problem
        What was measured, on the device where to work.
    settings
        Trust in the picture, number of conjugate gradient steps.
    """
    if problem.kept is not None:
        return Restored(problem.kept, problem.measurement)
    if problem.agree is not None:
        return Projected(problem)
    if isinstance(problem.noise, Gaussian) and problem.noise.sigma > 0:
        return Proximal(problem, problem.noise.sigma, settings)
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
        return self._problem.agreed(picture).to(picture.device)


class Proximal:
    """The proximal map of the likelihood: ``argmin_x |A x - y|^2 / s^2 + t |x - z|^2 / l^2``.

    The data step of plug-and-play priors by half-quadratic splitting (Zhang et al. 2017,
    arXiv:1704.03264), for a picture z that is off by a level l. Conjugate gradients solve it;
    where A is not linear, one Gauss-Newton step about z stands for it.

    Parameters
    ----------
    problem
        A and y.
    sigma
        The noise level s in the units of y.
    settings
        The trust t in z, and the number of conjugate gradient steps.
    """

    def __init__(self, problem: Problem, sigma: float, settings: SelfSimilarPasses) -> None:
        self._operator = problem.operator
        self._measurement = problem.measurement
        self._variance = sigma**2
        self._trust = settings.trust
        self._iterations = settings.iterations
        self._offset = self._find_offset(problem)

    def _find_offset(self, problem: Problem) -> Tensor | None:
        """A of black, where A but for that is linear."""
        shape = (1, problem.channels, *problem.size)
        black = torch.zeros(shape, device=self._measurement.device)
        with torch.no_grad():
            offset: Tensor = self._operator(black)
            affine = is_linear(lambda picture: self._operator(picture) - offset, black + 0.5)
        return offset if affine else None

    def __call__(self, picture: Tensor, level: float) -> Tensor:
        """Go towards the measurement from a picture that is off by `level`."""
        place = picture.to(self._measurement.device).requires_grad_(True)
        with torch.enable_grad():
            seen = self._operator(place)

        def back(vector: Tensor) -> Tensor:
            return torch.autograd.grad(seen, place, vector, retain_graph=True)[0]

        def forth(change: Tensor) -> Tensor:
            if self._offset is not None:
                return self._operator(change) - self._offset
            return torch.autograd.functional.jvp(self._operator, place.detach(), change)[1]

        weight = self._trust * self._variance / level**2

        def normal(change: Tensor) -> Tensor:
            return back(forth(change)) + weight * change

        wanted = back(self._measurement - seen.detach())
        with torch.no_grad():
            change = conjugate_gradients(normal, wanted, self._iterations)
            return (place + change).to(picture)


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
