"""Pictures as networks take them: tensors ``(1, C, [D,] H, W)``."""

from typing import Annotated, Any

import torch
from torch import Tensor

from untrained.arguments import Reads, short
from untrained.picture.samples import PictureError


def dense(value: Any) -> Tensor:
    """Take a tensor of real numbers, of any shape, as float on the CPU.

    Raises
    ------
    PictureError
        If it is not one.
    """
    if not isinstance(value, Tensor):
        raise PictureError(f"{short(value)} is not a tensor: give one")
    empty = value.is_meta or value.layout != torch.strided or value.numel() == 0
    if empty or value.is_complex():
        raise PictureError(f"{short(value)} has no real samples: give a dense tensor")
    plain = value.detach().cpu()
    return plain if plain.dtype in (torch.float32, torch.float64) else plain.float()


def planes(value: Any) -> Tensor:
    """Take a tensor of real numbers ``(1, C, [D,] H, W)`` as float, on the CPU.

    Raises
    ------
    PictureError
        If it is not one.
    """
    if not isinstance(value, Tensor) or value.ndim not in (4, 5) or len(value) != 1:
        raise PictureError(f"{short(value)} is not a tensor (1, C, H, W): give one")
    return dense(value)


Dense = Annotated[Tensor, Reads(dense, "a tensor")]
"""An argument that is a tensor of real numbers."""
Planes = Annotated[Tensor, Reads(planes, "a tensor (1, C, H, W)")]
"""An argument that is a picture as networks take it."""
