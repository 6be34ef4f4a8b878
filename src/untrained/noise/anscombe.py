"""Variance stabilisation of noise that grows with the light, and its inverse."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from untrained.noise.models import PoissonGaussian

_OFFSET = 3 / 8
_ROOT = 1.5**0.5


@dataclass(frozen=True)
class Stabiliser:
    """Generalised Anscombe transformation of pictures, and its exact unbiased inverse.

    Forward, ``2 sqrt((x - black) / a + 3/8 + (s / a)^2)`` of a picture ``x`` under Poisson-Gaussian
    noise of gain ``a`` and standard deviation ``s`` has noise of about unit variance (Starck,
    Murtagh and Bijaoui 1998). It is scaled so that black is 0 and white 1.
    Back, the closed-form exact unbiased inverse (Mäkitalo and Foi 2013, doi
    10.1109/TIP.2012.2202675): a denoised picture is an expectation, and the algebraic inverse of an
    expectation is too dark.
    """

    noise: PoissonGaussian

    @property
    def _read(self) -> float:
        """Variance of the Gaussian part in squared counts."""
        return (self.noise.sigma / self.noise.gain) ** 2

    def _root(self, picture: Tensor) -> Tensor:
        counts = (picture - self.noise.black) / self.noise.gain
        return 2 * (counts + _OFFSET + self._read).clamp_min(0).sqrt()

    @property
    def _ends(self) -> tuple[float, float]:
        """The roots of black and white."""
        dark, white = self._root(torch.tensor([0.0, 1.0], dtype=torch.float64))
        return float(dark), float(white)

    @property
    def level(self) -> float:
        """Standard deviation of the noise of a stabilised picture."""
        black, white = self._ends
        return 1 / (white - black)

    def forward(self, picture: Tensor) -> Tensor:
        """Stabilise a picture of any shape, in picture units."""
        black, white = self._ends
        return (self._root(picture) - black) / (white - black)

    def inverse(self, stabilised: Tensor) -> Tensor:
        """Invert: return the picture whose stabilised measurements have this expectation."""
        black, white = self._ends
        root = (stabilised.double() * (white - black) + black).clamp_min(self._least)
        counts = (
            root**2 / 4
            + _ROOT / (4 * root)
            - 11 / (8 * root**2)
            + 5 * _ROOT / (8 * root**3)
            - 1 / 8
            - self._read
        )
        found = counts.clamp_min(0) * self.noise.gain + self.noise.black
        return found.to(stabilised.dtype)

    @property
    def _least(self) -> float:
        """The least possible expectation, that of no light."""
        return 2 * math.sqrt(_OFFSET + self._read)
