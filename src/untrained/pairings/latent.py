"""A latent as input, random or with a guide picture, and the measurement as target."""

import torch
from torch import Tensor

from untrained.pairings.pair import Pair, Pairing
from untrained.pairings.registry import pairing
from untrained.picture.region import Size
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import GuidePairing, LatentPairing


class Latent:
    """A fixed latent with fresh Gaussian jitter; the measurement as target (Ulyanov et al. 2018).

    Parameters
    ----------
    latent
        z, ``(1, K, H, W)``.
    problem
        Its measurement becomes the target.
    jitter
        Standard deviation of the noise added to z at every step.
    """

    def __init__(self, latent: Tensor, problem: Problem, jitter: float) -> None:
        self._latent = latent
        self._problem = problem
        self._jitter = jitter

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw the jittered latent and the measurement."""
        measurement, latent = self._problem.measurement, self._latent
        if self._jitter != 0:
            noise = torch.randn(latent.shape, generator=generator, device=latent.device)
            latent = latent + self._jitter * noise
        return Pair(latent, measurement.y, measurement.operator, measurement.error)


def _latent_channels(settings: LatentPairing, problem: Problem) -> int:
    return len(problem.size) if settings.source == "meshgrid" else settings.channels


@pairing(LatentPairing, channels=_latent_channels, subsets=True)
def _latent(
    settings: LatentPairing, problem: Problem, input_size: Size, generator: torch.Generator
) -> Pairing:
    if settings.source == "meshgrid":
        axes = [torch.linspace(0, 1, side, device=generator.device) for side in input_size]
        latent = torch.stack(torch.meshgrid(*axes, indexing="ij"))[None].flip(1)
    else:
        latent = _uniform(settings, input_size, generator)
    return Latent(latent, problem, settings.jitter)


def _guide_channels(settings: GuidePairing, problem: Problem) -> int:
    return settings.channels + int(_guide_of(problem).shape[1])


@pairing(GuidePairing, channels=_guide_channels, subsets=True)
def _guide(
    settings: GuidePairing, problem: Problem, input_size: Size, generator: torch.Generator
) -> Pairing:
    """Make a latent of the guide and uniform noise.

    Raises
    ------
    ProblemError
        If the problem has no guide, or the network's input has another size than the guide.
    """
    guide = _guide_of(problem)
    if tuple(guide.shape[2:]) != input_size:
        raise ProblemError("the guide pairing needs a network whose input has the picture's size")
    latent = torch.cat([guide, _uniform(settings, input_size, generator)], dim=1)
    return Latent(latent, problem, settings.jitter)


def _guide_of(problem: Problem) -> Tensor:
    if problem.knowledge.guide is None:
        raise ProblemError(f"the guide pairing needs a guide picture; {problem.task} has none")
    return problem.knowledge.guide


def _uniform(
    settings: LatentPairing | GuidePairing, size: Size, generator: torch.Generator
) -> Tensor:
    shape = (1, settings.channels, *size)
    return settings.scale * torch.rand(shape, generator=generator, device=generator.device)
