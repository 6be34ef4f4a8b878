"""Averages over the pictures of a fit, and over several networks."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

_SMOOTHING = 1.5
"""Standard deviation in pixels of the Gaussian that smooths the variance over networks."""


def mean(pictures: list[Tensor]) -> Tensor:
    """Compute the mean of pictures of one shape."""
    return torch.stack(pictures).mean(dim=0)


def standard_deviation(pictures: list[Tensor]) -> Tensor:
    """Compute the standard deviation over the pictures of several networks (a deep ensemble).

    Lakshminarayanan et al. 2017 (arXiv:1612.01474). The variance is averaged over the channels and
    smoothed by a Gaussian: a few networks say little about a single pixel. It shows where the
    networks disagree, but not the errors that they share.

    Parameters
    ----------
    pictures
        Two or more ``(1, C, [D,] H, W)``.

    Returns
    -------
    ``(1, 1, [D,] H, W)`` in picture units.
    """
    variance = torch.stack(pictures).var(dim=0).mean(dim=1, keepdim=True)
    reach = math.ceil(3 * _SMOOTHING)
    places = torch.arange(-reach, reach + 1, device=variance.device)
    kernel = torch.exp(-(places**2) / (2 * _SMOOTHING**2))
    kernel = kernel / kernel.sum()
    axes = variance.ndim - 2
    convolve = F.conv2d if axes == 2 else F.conv3d
    smooth = F.pad(variance, (reach,) * 2 * axes, mode="replicate")
    for axis in reversed(range(2, 2 + axes)):
        sides = [-1 if each == axis else 1 for each in range(2 + axes)]
        smooth = convolve(smooth, kernel.view(sides))
    return smooth.sqrt()


class ExponentialAverage:
    """Exponential moving average, corrected for its start at zero as in Adam (Kingma and Ba 2015).

    With decay d and pictures ``x_1 ... x_t`` it is ``sum_i d^(t-i) x_i / sum_i d^(t-i)``: the first
    value is the first picture itself, and a decay of 0 returns each picture unchanged.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self._sum: Tensor | None = None
        self._weight = 0.0

    def update(self, image: Tensor) -> Tensor:
        """Take in a picture and return the average so far, a new tensor."""
        self._sum = image if self._sum is None else self._sum * self.decay + image
        self._weight = self._weight * self.decay + 1
        return self._sum / self._weight

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        return {"sum": self._sum, "weight": self._weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._sum, self._weight = state["sum"], state["weight"]
