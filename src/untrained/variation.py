"""Total variation: the hand-made prior that an untrained network is compared with."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from untrained.noise import Gaussian, Poisson
from untrained.recipes import TotalVariation

_ROUND = 1e-6
"""Added under the root, so that flat areas have a gradient."""

_LEAD = 0.05
"""How much of the logarithm of the discrepancy goes into that of the weight at each step."""


def total_variation(image: Tensor, chroma: float = 1.0) -> Tensor:
    """Mean over the pixels of the length of the gradient, all channels together; a scalar.

    ``sum_ij sqrt(|x_ij - x_i+1,j|^2 + |x_ij - x_i,j+1|^2) / (H W)`` with differences of zero at the
    last row and column (Rudin, Osher and Fatemi 1992; coupled over channels as in Bresson and Chan
    2008).

    Parameters
    ----------
    image
        ``(1, C, H, W)``.
    chroma
        Factor on what differs between the channels, as against their mean: colours are smoother
        than brightness (Condat and Mosaddegh 2012, doi 10.1109/ICIP.2012.6467477).
    """
    down = F.pad(image.diff(dim=-2), (0, 0, 0, 1))
    right = F.pad(image.diff(dim=-1), (0, 1))
    squares = (down.square() + right.square()).sum(dim=1)
    if chroma != 1:
        bright = image.shape[1] * (down.mean(dim=1).square() + right.mean(dim=1).square())
        squares = bright + chroma**2 * (squares - bright).clamp_min(0)
    return (squares + _ROUND).sqrt().mean()


class Variation:
    """Total variation as a term of the loss, its weight fixed or led by the noise level.

    Parameters
    ----------
    settings
        The weight, and where it is led to (Morozov 1966).
    noise
        What it is led by; None keeps the weight fixed.
    """

    def __init__(self, settings: TotalVariation, noise: Gaussian | Poisson | None) -> None:
        self.weight = settings.weight
        self._settings = settings
        self._noise = noise
        self._calls = 0

    def term(self, image: Tensor) -> Tensor:
        """Return what is added to the loss for the picture ``(1, C, H, W)``."""
        return self.weight * total_variation(image, self._settings.chroma)

    def update(self, prediction: Tensor, measurement: Tensor) -> None:
        """Take in what A made of a step's picture, and the measurement."""
        self._calls += 1
        target = self._settings.discrepancy
        if self._noise is None or target is None or self._calls <= self._settings.after:
            return
        excess = self._noise.excess(prediction, measurement)
        self.weight = max(self._settings.least, self.weight * (target / excess) ** _LEAD)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""
        return {"weight": self.weight, "calls": self._calls}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.weight, self._calls = state["weight"], state["calls"]
