"""Recorruption: two pictures of independent noise from one, by adding or splitting noise."""

from collections.abc import Callable

import torch
from torch import Tensor

from untrained.pairings.pair import Pair

Split = Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]]
"""From a measurement to two, of which each has its own noise and the expectation of the first."""


class Recorrupt:
    """Recorrupted-to-Recorrupted: one of two pictures made of the measurement foretells the other.

    Their noises are uncorrelated given the clean picture, so the squared error has the expectation
    of the supervised one plus a constant (Pang et al. 2021; Monroy, Bacca and Tachella 2025).

    Parameters
    ----------
    measurement
        y, ``(1, C, H, W)``.
    operator
        A, a mask or the identity: only measured pixels enter the target.
    split
        Makes the two pictures.
    """

    def __init__(self, measurement: Tensor, operator: torch.nn.Module, split: Split) -> None:
        self._measurement = measurement
        self._operator = operator
        self._split = split

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw a fresh recorruption."""
        first, second = self._split(self._measurement, generator)
        return Pair(first, self._operator(second))


def gaussian(sigma: float, strength: float) -> Split:
    """``(y + a n, y - n / a)`` with fresh ``n ~ N(0, sigma^2)`` (Pang et al. 2021, theorem 1).

    Parameters
    ----------
    sigma
        Noise level in picture units.
    strength
        a.
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
        Picture units for each quantum; counts are rounded to whole ones.
    share
        Share of the quanta that go to the target, in (0, 1).
    """

    def split(y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        counts = (y / gain).round().clamp_min(0)
        taken = torch.binomial(counts, torch.full_like(counts, share), generator=generator)
        return gain * (counts - taken) / (1 - share), gain * taken / share

    return split


def gamma(looks: float, share: float) -> Split:
    """Split gamma noise of mean x and variance ``x^2 / looks``, as speckle has.

    ``w ~ Beta(looks share, looks (1 - share))``; ``(y (1 - w) / (1 - share), y w / share)``, two
    independent gamma pictures of mean x (Monroy, Bacca and Tachella 2025, arXiv:2412.04648).

    Parameters
    ----------
    looks
        Shape of the gamma law, above 0.
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
