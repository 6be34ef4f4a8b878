"""The range of a picture in units of its own, between which a network's picture is mapped."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from untrained.errors import RequestError

_MARGIN = 0.2
"""Share of the guess's range that a bound found from it leaves."""

_TAIL = 0.001
"""Share of the guess's samples on either side that do not count: streaks and spikes."""


@dataclass(frozen=True)
class ValueRange:
    """Least and largest value of a picture, in its own units."""

    low: float
    high: float

    def to_units(self, image: Tensor) -> Tensor:
        """From [0, 1] to units."""
        return self.low + (self.high - self.low) * image

    def from_units(self, picture: Tensor) -> Tensor:
        """From units to [0, 1]."""
        return (picture - self.low) / (self.high - self.low)


class ToUnits(nn.Module):
    """Map a network's picture in [0, 1] to units, before the operator sees it."""

    def __init__(self, limits: ValueRange) -> None:
        super().__init__()
        self._limits = limits

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(1, C, H, W)``."""
        return self._limits.to_units(image)


def find_range(bounds: tuple[float | None, float | None], guess: Tensor) -> ValueRange:
    """Take the bounds that are known and find the others from a guess.

    Parameters
    ----------
    bounds
        Least and largest value in units; None for one that is not known.
    guess
        A first picture, ``(1, C, H, W)``.

    Raises
    ------
    RequestError
        If a bound is not finite, they are the wrong way round, or the guess is flat.
    """
    known = [b for b in bounds if b is not None]
    if not all(map(math.isfinite, known)) or (len(known) == 2 and known[0] >= known[1]):
        raise RequestError(f"bounds {bounds[0]} and {bounds[1]}: give a finite least and largest")
    ends = torch.tensor([_TAIL, 1 - _TAIL], dtype=torch.float64)
    # torch's quantile takes no more than 2^24 numbers.
    some = guess.detach().flatten().double().cpu()[:: max(1, guess.numel() // 2**22)]
    lowest, highest = (float(end) for end in torch.quantile(some, ends))
    least = lowest if bounds[0] is None else bounds[0]
    largest = highest if bounds[1] is None else bounds[1]
    if least >= largest:
        raise RequestError(
            f"the initial guess spans {lowest:.4g} to {highest:.4g}: no range can be found from "
            "it, give bounds"
        )
    margin = _MARGIN * (largest - least)
    low = least - margin if bounds[0] is None else least
    high = largest + margin if bounds[1] is None else largest
    return ValueRange(low, high)
