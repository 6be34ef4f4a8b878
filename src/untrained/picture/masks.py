"""Masks: turn a picture file, a picture or an array into true and false."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrained.picture.picture import as_picture, as_volume
from untrained.picture.reading import decoded
from untrained.picture.region import Size, sides_in_words
from untrained.picture.samples import PictureError


def mask(source: Any, size: Size) -> Tensor:
    """Read a mask from a path, or convert whatever `as_mask` accepts.

    Raises
    ------
    PictureError
        If it cannot be read or has another size.
    """
    if isinstance(source, str | Path):
        source = decoded(Path(source), "volume" if len(size) == 3 else "auto")
    return as_mask(source, size)


def as_mask(value: Any, size: Size) -> Tensor:
    """Convert any accepted kind of mask.

    Parameters
    ----------
    value
        A Picture, an array ``(H, W[, C])``, bool, integer or float, or a tensor ``(1, C, H, W)``,
        bool or floating. For a volume ``(D, H, W[, C])`` and ``(1, C, D, H, W)``, or a picture for
        all slices.
    size
        Required H and W; D, H and W for a volume.

    Returns
    -------
    Bool ``(1, 1, [D,] H, W)``, True where the mean of the channels is above one half.

    Raises
    ------
    PictureError
        If it is not a picture or has another size.
    """
    if isinstance(value, Tensor) and value.dtype == torch.bool:
        value = value.float()
    volume = len(size) == 3
    if volume and isinstance(value, np.ndarray) and value.ndim == 3:
        picture = as_volume(value)
    else:
        picture = as_picture(value, volumes=volume)
    if picture.size not in (size, size[-2:]):
        raise PictureError(
            f"the mask is {sides_in_words(picture.size)}, the picture {sides_in_words(size)}: they "
            "must match"
        )
    white = picture.pixels.mean(dim=1, keepdim=True) > 0.5
    return white if picture.size == size else white[:, :, None].expand(1, 1, *size)
