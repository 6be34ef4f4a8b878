"""Total variation: the hand-made prior that an untrained network is compared with."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from untrained.noise import Gaussian, Poisson

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
    noise
        Leads the weight to where the residual is what it explains (Morozov 1966); None keeps the
        weight fixed.
    target
        Times that.
    after
        Steps before `update` is to be called.
    """

    def __init__(
        self,
        weight: float,
        noise: Gaussian | Poisson | None,
        target: float = 1.0,
        *,
        after: int = 0,
    ) -> None:
        self.weight = weight
        self._noise = noise
        self._target = target
        self.after = after

    def term(self, image: Tensor) -> Tensor:
        """Return what is added to the loss for the picture ``(1, C, H, W)``."""
        return self.weight * total_variation(image)

    def update(self, prediction: Tensor, measurement: Tensor) -> None:
        """Take in what A made of a step's picture, and the measurement."""
        if self._noise is not None:
            excess = self._noise.excess(prediction, measurement)
            self.weight *= (self._target / excess) ** _LEAD

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return {"weight": self.weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.weight = state["weight"]
