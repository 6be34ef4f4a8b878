"""Recorruption: add or split noise to make two pictures with independent noise from one."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.noise import Gaussian, asked_light
from untrained.pairings.pair import Pair, Pairing
from untrained.pairings.registry import check_same_size, pairing, picture_channels
from untrained.picture.region import Size
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import RecorruptPairing

Split = Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""Splits a measurement into two with the same expectation and independent noise."""


class Recorrupt:
    """Recorrupted-to-Recorrupted: one recorruption of the measurement predicts another.

    Their noises are uncorrelated given the clean picture, so the expected squared error is the
    supervised one plus a constant (Pang et al. 2021; Monroy, Bacca and Tachella 2025).

    Parameters
    ----------
    problem
        With a mask or the identity as operator: only measured pixels enter the target.
    split
        Makes two pictures from the measurement.
    """

    def __init__(self, problem: Problem, split: Split) -> None:
        self._problem = problem
        self._split = split

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw a fresh recorruption."""
        measurement = self._problem.measurement
        first, second = self._split(measurement.y, generator)
        operator = measurement.operator
        return Pair(first, operator(second), operator, measurement.error)


def gaussian(sigma: float, strength: float) -> Split:
    """Split into ``(y + a n, y - n / a)`` with fresh ``n ~ N(0, sigma^2)``.

    Theorem 1 of Pang et al. 2021.

    Parameters
    ----------
    sigma
        Noise level in picture units.
    strength
        The factor a, above 0.
    """

    def split(y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        noise = sigma * torch.randn(y.shape, generator=generator, device=y.device)
        return y + strength * noise, y - noise / strength

    return split


def poisson(gain: float, share: float) -> Split:
    """Thin the counts of ``y ~ gain Poisson(x / gain)``: each quantum goes to one picture.

    ``w ~ Binomial(y / gain, share)``; ``(gain (y / gain - w) / (1 - share), gain w / share)``, two
    independent Poisson pictures of mean x (Monroy, Bacca and Tachella 2025, arXiv:2412.04648).

    Parameters
    ----------
    gain
        Picture units per quantum; counts are rounded to integers.
    share
        Share of the quanta that go to the target, in (0, 1).
    """

    def split(y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        counts = (y / gain).round().clamp_min(0)
        taken = torch.binomial(counts, torch.full_like(counts, share), generator=generator)
        return gain * (counts - taken) / (1 - share), gain * taken / share

    return split


def gamma(looks: float, share: float) -> Split:
    """Split gamma noise (speckle) of mean x and variance ``x^2 / looks``.

    ``w ~ Beta(looks share, looks (1 - share))``; ``(y (1 - w) / (1 - share), y w / share)``, two
    independent gamma pictures of mean x (Monroy, Bacca and Tachella 2025, arXiv:2412.04648).

    Parameters
    ----------
    looks
        Shape of the gamma distribution, above 0.
    share
        Share of the looks that go to the target, in (0, 1).
    """

    def split(y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        own, other = (
            torch._standard_gamma(torch.full_like(y, looks * part), generator=generator)
            for part in (share, 1 - share)
        )
        taken = own / (own + other).clamp_min(torch.finfo(y.dtype).tiny)
        return y * (1 - taken) / (1 - share), y * taken / share

    return split


@pairing(RecorruptPairing, channels=picture_channels)
def _recorrupt(
    settings: RecorruptPairing,
    problem: Problem,
    input_size: Size,
    generator: torch.Generator,  # noqa: ARG001
) -> Pairing:
    check_same_size(settings, problem, input_size)
    return Recorrupt(problem, _split(settings, problem))


def _split(settings: RecorruptPairing, problem: Problem) -> Split:
    if settings.law == "gaussian":
        noise = problem.measurement.noise
        if not isinstance(noise, Gaussian):
            raise ProblemError(
                f"the recorrupt pairing needs a noise level; {problem.task} has none"
            )
        return gaussian(noise.sigma, settings.strength)
    if problem.variant == "counted":
        raise ProblemError(
            f"the noise was variance-stabilised, so it is no longer {settings.law}: set the law of "
            "the recorrupt pairing to gaussian, or denoise with noise gaussian"
        )
    if settings.law == "poisson":
        gain = settings.gain or asked_light(problem.measurement.y, problem.picture.missing).gain
        return poisson(gain, settings.share)
    if settings.looks is None:
        raise ProblemError("the recorrupt pairing with law gamma needs looks: set it, above 0")
    return gamma(settings.looks, settings.share)
