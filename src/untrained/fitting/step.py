"""Step: the pictures and numbers of one step of a fit."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Step:
    """One step; of a network, image and loss come from the same forward pass."""

    index: int
    """Counted from 1."""
    loss: float
    """Mean squared error against the target of this step."""
    image: Tensor
    """The picture that this step made, ``(1, C, H, W)``."""
    average: Tensor
    """The exponential average of a network's pictures so far, ``(1, C, H, W)``."""
    picture: Tensor
    """What would be handed over now, ``(1, C, H, W)``."""
    seconds: float
    """Time spent fitting so far."""
    progress: float
    """Share of the budget used, in [0, 1]."""
    stage: str = "network"
    """The name of the stage that made it."""
