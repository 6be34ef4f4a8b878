"""Total variation: the hand-made prior that an untrained network is compared with."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from untrained.noise import CLIPPING_MARGIN, LEAST_SHARE

_ROUND = 1e-6
"""Added under the root, so that flat areas have a gradient."""

_LEAD = 0.05
"""How much of the logarithm of the discrepancy goes into that of the weight at each step."""


def total_variation(image: Tensor) -> Tensor:
    """Mean over the pixels of the length of the gradient, all channels together; a scalar.

    ``sum_ij sqrt(|x_ij - x_i+1,j|^2 + |x_ij - x_i,j+1|^2) / (H W)`` with differences of zero at the
    last row and column (Rudin, Osher and Fatemi 1992; coupled over channels as in Bresson and Chan
    2008).

    Parameters
    ----------
    image
        ``(1, C, H, W)``.
    """
    down = F.pad(image.diff(dim=-2), (0, 0, 0, 1))
    right = F.pad(image.diff(dim=-1), (0, 1))
    squares = (down.square() + right.square()).sum(dim=1)
    return (squares + _ROUND).sqrt().mean()


class Variation:
    """Total variation as a term of the loss, its weight fixed or led by the noise level.

    Parameters
    ----------
    weight
        The factor, at first.
    sigma
        Noise level that the residual is led to (Morozov 1966); None keeps the weight fixed.
    """

    def __init__(self, weight: float, sigma: float | None) -> None:
        self.weight = weight
        self._sigma = sigma

    def term(self, image: Tensor) -> Tensor:
        """Return what is added to the loss for the picture ``(1, C, H, W)``."""
        return self.weight * total_variation(image)

    def update(self, prediction: Tensor, target: Tensor) -> None:
        """Take in what A made of a step's picture, and the measurement.

        Samples near black and white are left out: clipping has cut their noise.
        """
        if self._sigma is None:
            return
        squares = (prediction - target).square()
        margin = CLIPPING_MARGIN * self._sigma
        whole = (prediction > margin) & (prediction < 1 - margin)
        counted = squares[whole] if whole.float().mean() > LEAST_SHARE else squares
        residual = max(float(counted.mean()), 1e-12)
        self.weight *= (self._sigma**2 / residual) ** _LEAD

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return {"weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.weight = state["weight"]
