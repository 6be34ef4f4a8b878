"""No network: the picture itself as weights, for priors that are made by hand."""

import torch
from torch import Tensor, nn


class Pixels(nn.Module):
    """A picture of free samples, mid-grey at first; its input is not looked at.

    Parameters
    ----------
    channels
        C.
    size
        H and W.
    """

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.picture = nn.Parameter(torch.full((1, channels, *size), 0.5))

    def forward(self, _input: Tensor) -> Tensor:
        """Return the picture, ``(1, C, H, W)``."""
        return self.picture * 1
