"""The opponent space of colours, in which the first channel is the luminance."""

import torch
from torch import Tensor


def opponent(channels: int) -> Tensor:
    """Give orthonormal rows, the first the mean of the channels (a cosine transform)."""
    places = (torch.arange(channels) + 0.5) * torch.pi / channels
    rows = torch.cos(torch.arange(channels)[:, None] * places)
    lengths: Tensor = rows.norm(dim=1, keepdim=True)
    return rows / lengths
