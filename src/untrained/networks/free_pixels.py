"""The picture itself as weights in place of a network, for hand-crafted penalties."""

import torch
from torch import Tensor, nn


class Pixels(nn.Module):
    """A picture whose samples are the weights.

    Parameters
    ----------
    channels
        C.
    size
        H and W; D, H and W of a volume.
    from_input
        Whether the samples begin at the first C channels of the input; else they begin at mid-grey
        and the input is ignored.
    """

    def __init__(self, channels: int, size: tuple[int, ...], *, from_input: bool = False) -> None:
        super().__init__()
        self.from_input = from_input
        start = 0.0 if from_input else 0.5
        self.picture = nn.Parameter(torch.full((1, channels, *size), start))

    def forward(self, start: Tensor) -> Tensor:
        """Return the picture, ``(1, C, [D,] H, W)``."""
        if not self.from_input:
            return self.picture * 1
        return self.picture + start[:, : self.picture.shape[1]]
