"""Averages of the successive pictures of a fit."""

from typing import Any

from torch import Tensor


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
        """Everything needed to continue."""
        return {"sum": self._sum, "weight": self._weight}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._sum, self._weight = state["sum"], state["weight"]
