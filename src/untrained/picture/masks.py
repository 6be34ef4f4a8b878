"""Masks: turn a picture file, a picture or an array into true and false."""

import os
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from untrained.arguments import FilePath, read
from untrained.picture.picture import Picture
from untrained.picture.reading import decoded
from untrained.picture.region import Size, sides_in_words
from untrained.picture.samples import PictureError
from untrained.picture.taking import as_picture, as_volume


class Mask(NamedTuple):
    """A mask, and how it was read if it was not plain black and white."""

    white: Tensor
    """Bool ``(1, 1, [D,] H, W)``."""
    note: str = ""
    """One sentence, or nothing."""


def as_mask(value: Any, size: Size) -> Mask:
    """Convert any accepted kind of mask.

    White is where the mean of the channels is above one half of the range of the type. A mask of
    black and one other value that is darker, as one of 0 and 1, has this value as its white.

    Parameters
    ----------
    value
        A path, a Picture, an image of Pillow, an array ``(H, W[, C])``, bool, integer or float, or
        a tensor ``(H, W)``, ``(C, H, W)`` or ``(1, C, H, W)``. For a volume ``(D, H, W[, C])`` and
        ``(1, C, D, H, W)``, or a picture for all slices.
    size
        Required H and W; D, H and W for a volume.

    Raises
    ------
    PictureError
        If it is not a picture or has another size, or is grey in several levels but nowhere white.
    """
    picture = _picture(value, volume=len(size) == 3)
    if picture.size not in (size, size[-2:]):
        raise PictureError(
            f"the mask is {sides_in_words(picture.size)}, the picture {sides_in_words(size)}: they "
            "must match"
        )
    white, note = _white(picture)
    if picture.size != size:
        white = white[:, :, None].expand(1, 1, *size)
    return Mask(white, note)


def _picture(value: Any, *, volume: bool) -> Picture:
    if isinstance(value, str | os.PathLike):
        return decoded(read("path", FilePath, value), "volume" if volume else "auto")
    if volume and isinstance(value, np.ndarray | Tensor) and value.ndim == 3:
        return as_volume(value)
    return as_picture(value, volumes=volume)


def _white(picture: Picture) -> tuple[Tensor, str]:
    grey = picture.pixels.mean(dim=1, keepdim=True)
    white = grey > 0.5
    if not bool(white.any()) and picture.alpha is not None and np.ptp(picture.alpha) > 0:
        raise PictureError(
            "the mask is nowhere white, only its alpha differs: give it in black and white"
        )
    if bool(white.any()) or not bool((picture.stored != 0).any()):
        return white, ""
    values = np.unique(picture.stored.reshape(-1, picture.channels), axis=0)
    others = [tuple(each.tolist()) for each in values if each.any()]
    told = partial(_told, flat=picture.channels == 1)
    if len(others) > 1:
        listed = ", ".join(told(each) for each in others[:3])
        raise PictureError(
            f"the mask is nowhere white, and has {len(others)} values beside black ({listed}"
            f"{' ...' if len(others) > 3 else ''}): make those that count white, or give a bool one"
        )
    marked = torch.from_numpy((picture.stored != 0).any(axis=-1))[None, None]
    return marked, f"the mask holds 0 and {told(others[0])}: {told(others[0])} counts as white"


def _told(value: tuple[Any, ...], *, flat: bool) -> str:
    return f"{value[0]:g}" if flat else str(value)
