"""Halves: two pictures of half the size foretell each other (Mansour and Heckel 2023)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.noise import mean_squared_error
from untrained.pairings.pair import Pair


class Halves:
    """Zero-Shot Noise2Noise: the picture of one half is the target of the other.

    The network sees the measurement and, besides, its two halves; the loss is half the squared
    error of each half's picture against the other half, and half that against the same half of the
    whole picture (Mansour and Heckel 2023, arXiv:2303.11253, equations 4 to 6).

    Parameters
    ----------
    measurement
        y, ``(1, C, H, W)``, its noise independent from pixel to pixel.
    """

    def __init__(self, measurement: Tensor) -> None:
        self._measurement = measurement
        self._halves = halved(measurement)

    def draw(self, generator: torch.Generator) -> Pair:  # noqa: ARG002
        """Give the measurement and its halves: nothing is drawn."""
        return Pair(
            self._measurement, self._measurement, others=self._halves, judge=self.disagreement
        )

    def disagreement(self, picture: Tensor, found: list[Tensor]) -> Tensor:
        """Loss of the whole picture and of those of the two halves; a scalar."""
        own, (first, second) = halved(picture), self._halves
        residual = mean_squared_error(found[0], second) + mean_squared_error(found[1], first)
        consistency = sum(map(mean_squared_error, found, own), start=picture.new_zeros(()))
        return 0.5 * (residual + consistency)


def halved(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Means of the two diagonals of each block of 2x2: no pixel is in both.

    Parameters
    ----------
    picture
        ``(1, C, H, W)``; a last odd row or column is repeated.

    Returns
    -------
    Two pictures, ``(1, C, ceil(H / 2), ceil(W / 2))`` each.
    """
    height, width = picture.shape[-2:]
    even = F.pad(picture, (0, width % 2, 0, height % 2), mode="replicate")
    corners = [even[..., row::2, column::2] for row in range(2) for column in range(2)]
    return (corners[1] + corners[2]) / 2, (corners[0] + corners[3]) / 2
