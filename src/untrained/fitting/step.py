"""Step: what one optimisation step tells."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Step:
    """One optimisation step; image and loss come from the same forward pass."""

    index: int
    """Counted from 1."""
    loss: float
    """Mean squared error against the target of this step."""
    image: Tensor
    """The network's picture, ``(1, C, H, W)``."""
    average: Tensor
    """The exponential average of the pictures so far, ``(1, C, H, W)``."""
    picture: Tensor
    """What would be handed over now: the average or the image, as the recipe says."""
    seconds: float
    """Time spent fitting so far."""
    progress: float
    """Share of the budget used, in [0, 1]."""
