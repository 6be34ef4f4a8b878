"""Estimate the level of white noise from the picture alone."""

import math

import numpy as np
from torch import Tensor

from untrained.noise.flat_blocks import Blocks, cut_blocks, joined
from untrained.noise.models import LEAST_SHARE

_ROUNDS = 3
_MOST = 16
"""Most channels, and most slices of a volume, that are examined."""


def estimate_sigma(image: Tensor, missing: Tensor | None = None) -> float:
    """Estimate the standard deviation of white Gaussian noise.

    Uses the 8x8 blocks with the least structure (`Blocks.level`), averaged over the channels.
    Blocks near black and white, where clipping to [0, 1] has cut the noise, are left out if enough
    others remain.

    Parameters
    ----------
    image
        ``(1, C, [D,] H, W)``, in picture units.
    missing
        Bool ``(1, 1, [D,] H, W)``, True where nothing was measured.

    Returns
    -------
    The estimate in picture units; 0 for pictures thinner than 4 pixels.
    """
    return white_level(blocks_of(image, missing))


def white_level(channels: tuple[Blocks, ...]) -> float:
    """Average the level over the channels, without all-black or all-white ones if possible."""
    whole = [blocks for blocks in channels if _is_whole(blocks)]
    return float(np.mean([unclipped_level(blocks) for blocks in whole or channels]))


def levels(image: Tensor, missing: Tensor | None = None) -> tuple[float, ...]:
    """Estimate the standard deviation of white noise of each channel; as `estimate_sigma`."""
    return tuple(unclipped_level(blocks) for blocks in blocks_of(image, missing))


def blocks_of(image: Tensor, missing: Tensor | None = None) -> tuple[Blocks, ...]:
    """Cut each channel of a picture ``(1, C, [D,] H, W)`` into blocks; in volumes, of some slices.

    If there are many channels, only some are cut, evenly spaced.
    """
    holes = None if missing is None else missing[0, 0].cpu().numpy()
    chosen = image[0, :: math.ceil(image.shape[1] / _MOST)].double().cpu().numpy()
    if chosen.ndim == 3:
        return tuple(cut_blocks(channel, holes) for channel in chosen)
    slices = range(0, chosen.shape[1], math.ceil(chosen.shape[1] / _MOST))
    return tuple(
        joined([cut_blocks(channel[at], None if holes is None else holes[at]) for at in slices])
        for channel in chosen
    )


def unclipped_level(blocks: Blocks) -> float:
    """Estimate the level of white noise from unclipped blocks, if there are enough."""
    level = blocks.level()
    if level == 0 and _is_whole(blocks):
        # Flat blocks may have been clipped, and not drawn.
        level = blocks.chosen(~blocks.cut).level()
    for _ in range(_ROUNDS):
        unclipped = blocks.unclipped(level)
        if len(unclipped) < max(1, LEAST_SHARE * len(blocks)):
            break
        level = unclipped.level()
    return level


def _is_whole(blocks: Blocks) -> bool:
    """Return whether enough blocks have no black or white sample."""
    return int((~blocks.cut).sum()) > LEAST_SHARE * (len(blocks) + blocks.flat)
