"""The opponent colour transform; its first channel is the luminance."""

import torch
from torch import Tensor


def opponent(channels: int) -> Tensor:
    """Return the matrix ``(channels, channels)``: orthonormal rows of a cosine transform."""
    places = (torch.arange(channels) + 0.5) * torch.pi / channels
    rows = torch.cos(torch.arange(channels)[:, None] * places)
    lengths: Tensor = rows.norm(dim=1, keepdim=True)
    return rows / lengths
