"""What is known about the picture besides its measurement."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Knowledge:
    """A picture that resembles the fitted one, and constraints on the result."""

    guide: Tensor | None = None
    """A picture ``(1, G, [D,] H, W)`` that resembles the fitted one, for the guide pairing."""
    make_guide: Callable[[Tensor], Tensor] | None = None
    """Makes the guide from a measurement, if the measurement alone determines it."""
    project: Callable[[Tensor], Tensor] | None = None
    """Moves a picture ``(1, C, [D,] H, W)`` to the nearest that is consistent with the measurement,
    on the CPU."""
    colour_shift: Callable[[Tensor], float] | None = None
    """How far off the mean colours of a picture ``(1, C, H, W)`` are, in picture units: large where
    a fit is stuck."""

    def to(self, device: torch.device) -> "Knowledge":
        """Copy to a device."""
        return replace(self, guide=None if self.guide is None else self.guide.to(device))
