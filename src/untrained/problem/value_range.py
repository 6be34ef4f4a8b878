"""The range of a picture in its own units, to map a network's picture from [0, 1]."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from untrained.errors import RequestError

_TAIL = 0.001
"""Share of the guess's samples at either end that do not count: streaks and spikes."""


@dataclass(frozen=True)
class ValueRange:
    """Least and largest value of a picture, in its own units."""

    low: float
    high: float

    def to_units(self, image: Tensor) -> Tensor:
        """Map [0, 1] to units."""
        return self.low + (self.high - self.low) * image

    def from_units(self, picture: Tensor) -> Tensor:
        """Map units to [0, 1]."""
        return (picture - self.low) / (self.high - self.low)


_NEAR = 0.01
"""A sample this near to an end of the range, as a share of it, presses against it."""

_PRESSING = 0.002
"""Share of samples above which the range is said to be too narrow."""


def pressed_end(
    picture: Tensor, limits: ValueRange, bounds: tuple[float | None, float | None]
) -> str | None:
    """Say in one sentence that a picture presses against an end that was assumed; None if not.

    Parameters
    ----------
    picture
        The result in units.
    limits
        The range that the fit was held to.
    bounds
        Those that the user gave; None for an end that was assumed.
    """
    unit = limits.from_units(picture)
    ends = (("least", limits.low, unit <= _NEAR), ("largest", limits.high, unit >= 1 - _NEAR))
    assumed = [
        (float(near.float().mean()), name, value)
        for (name, value, near), given in zip(ends, bounds, strict=True)
        if given is None
    ]
    share, name, value = max(assumed, default=(0.0, "", 0.0))
    if share <= _PRESSING:
        return None
    return (
        f"{share:.1%} of the picture presses against the {name} value that was assumed, "
        f"{value:.4g}: give its bounds"
    )


class ToUnits(nn.Module):
    """Map a network's picture in [0, 1] to units, before the operator sees it."""

    def __init__(self, limits: ValueRange) -> None:
        super().__init__()
        self._limits = limits

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(1, C, H, W)``."""
        return self._limits.to_units(image)


def find_range(
    bounds: tuple[float | None, float | None], guess: Tensor, margin: float = 0.2
) -> ValueRange:
    """Take the known bounds and find the others from a guess.

    Parameters
    ----------
    bounds
        Least and largest value in units; None for an unknown one.
    guess
        A first picture, ``(1, C, H, W)``.
    margin
        Around the range of the guess, as a share of it.

    Raises
    ------
    RequestError
        If a bound is not finite, the bounds are swapped, or the guess is flat.
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
            f"the initial guess spans only {lowest:.4g} to {highest:.4g}, so the range of the "
            "picture is unknown: give bounds"
        )
    rim = margin * (largest - least)
    low = least - rim if bounds[0] is None else least
    high = largest + rim if bounds[1] is None else largest
    return ValueRange(low, high)
