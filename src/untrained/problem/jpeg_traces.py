"""Estimate JPEG parameters from decoded samples: block grid, quality, chroma sampling."""

import itertools
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.operators import JpegIntervals
from untrained.picture.jpeg_tables import BLOCK, Compression, tables
from untrained.picture.region import Region

_SIDE = 256
"""Pixels that are examined, each way, from the middle."""
_QUALITIES = range(1, 96)
"""Above this quality there is nothing to find or restore."""
_ALIKE = 4
"""Number of neighbouring qualities to choose the best from: their steps are nearly equal."""
_OFF = 1.0
"""Grey levels by which the rounding of samples usually moves a coefficient of luma."""
_OFF_COLOUR = 0.125
"""The same for colours, in steps: their interpolation must be undone too."""
_LEAST_STEP = 6.0
"""Steps up to this many grey levels are useless: chance hits their multiples too often."""
_LEAST, _FEWEST = 0.5, 12
"""Share of coefficients that must be multiples of their steps, and how many must not be zero."""
_SAMPLINGS = ((2, 2), (1, 2), (1, 1), (2, 1))


def find_compression(image: Tensor) -> Compression | None:
    """Estimate how libjpeg compressed a picture from its decoded samples.

    The lowest quality at which the coefficients of luma are multiples of the steps (compare Fan and
    de Queiroz 2003, doi 10.1109/TIP.2002.807361), and the sampling at which those of the colours
    are.

    Parameters
    ----------
    image
        ``(1, 1 or 3, H, W)``, of samples of 8 bits, in [0, 1].

    Returns
    -------
    None without a trace: another encoder's tables, or a picture changed after decoding.
    """
    height, width = image.shape[-2:]
    if image.shape[1] not in (1, 3) or min(height, width) < 4 * BLOCK:
        return None
    place = _whole_blocks(image)
    part = image[place.place].double()
    grey = part if image.shape[1] == 1 else _luma(part)
    shares = {quality: _share(grey, Compression(tables(quality)[:1])) for quality in _QUALITIES}
    fitting = [quality for quality, share in shares.items() if share >= _LEAST]
    if not fitting:
        return None
    near = range(fitting[0], min(fitting[0] + _ALIKE, _QUALITIES.stop))
    quality = max(near, key=lambda quality: shares[quality])
    found = Compression(tables(quality)[:1])
    if image.shape[1] == 3:
        found = _with_colours(part, quality)
    return found.cut(Region(-place.top, -place.left, height, width))


def _whole_blocks(image: Tensor) -> Region:
    """Find the whole blocks in the middle of a picture that are examined."""
    height, width = image.shape[-2:]
    tall, wide = min(height, _SIDE), min(width, _SIDE)
    top, left = (height - tall) // 2, (width - wide) // 2
    grey = image[0, :, top : top + tall, left : left + wide].mean(0)
    first = (_aligned(top, _first_block(grey)), _aligned(left, _first_block(grey.T)))
    rows, columns = (top + tall - first[0]) // BLOCK, (left + wide - first[1]) // BLOCK
    return Region(*first, rows * BLOCK, columns * BLOCK)


def _aligned(start: int, offset: int) -> int:
    """Find the first row of a block an even number of blocks from the first whole one."""
    row = start + offset
    return row + BLOCK if (row - row % BLOCK) % (2 * BLOCK) else row


def _luma(image: Tensor) -> Tensor:
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=image.dtype)
    return torch.einsum("c,nchw->nhw", weights, image)[:, None]


def _first_block(plane: Tensor) -> int:
    """Find the row where the first whole block begins: steps stand out between blocks."""
    bends = (plane[3:] - 3 * plane[2:-1] + 3 * plane[1:-2] - plane[:-3]).abs().mean(1)
    strength = torch.stack([bends[start::BLOCK].mean() for start in range(BLOCK)])
    # The first of these bends lies about the step from row 1 to row 2.
    return (int(strength.argmax()) + 2) % BLOCK


def _share(image: Tensor, compression: Compression) -> float:
    """Compute the share of the last channel's coefficients that are multiples of their step.

    Counted for zeros and for the others; the smaller share is returned. Means of luma (equal in
    flat pictures), too small steps and clipped blocks do not count; 0 if too few coefficients do.
    """
    intervals = JpegIntervals(image, compression, sure=1.0)
    count = intervals.cosines.counts[-1]
    steps, stored = (2 * intervals.half)[-count:], intervals.stored[-count:]
    off = (intervals.seen[-count:] - stored).abs()
    informative = (steps > _LEAST_STEP) & ~_clipped(image, compression)
    if len(compression.tables) == 1:
        near = off <= _OFF
        informative[:, 0, 0] = False
    else:
        near = off <= _OFF_COLOUR * steps
    zero = stored.abs() < steps / 2
    if int((informative & ~zero).sum()) < _FEWEST:
        return 0.0
    shares = [near[informative & kind].float().mean() for kind in (zero, ~zero)]
    return float(torch.stack(shares).nan_to_num(1.0).min())


def _clipped(image: Tensor, compression: Compression) -> Tensor:
    """Find the blocks of the last channel with a black or white sample, ``(N, 1, 1)``."""
    beyond = ((image <= 0) | (image >= 1)).any(dim=1, keepdim=True).to(image.dtype)
    height, width = image.shape[-2:]
    rows, columns = compression.unit if len(compression.tables) > 1 else (BLOCK, BLOCK)
    top, left = compression.origin[0] % rows, compression.origin[1] % columns
    pads = (left, -(left + width) % columns, top, -(top + height) % rows)
    return F.max_pool2d(F.pad(beyond, pads), (rows, columns)).flatten().bool()[:, None, None]


_AS_GOOD = 0.93
"""Share of the best one's multiples at which a sampling is as likely."""


def _with_colours(image: Tensor, quality: int) -> Compression:
    """Find the coarsest chroma sampling and offset at which most coefficients are multiples.

    Coarsely sampled chroma also looks like the finer samplings.
    """
    choices = [
        Compression(tables(quality), halving, (BLOCK * down, BLOCK * right))
        for halving in _SAMPLINGS
        for down, right in itertools.product(range(halving[0]), range(halving[1]))
    ]
    shares = [_share(image, choice) for choice in choices]
    near = [k for k, share in enumerate(shares) if share >= _AS_GOOD * max(shares)]
    best = max(near, key=lambda k: (math.prod(choices[k].halving), shares[k]))
    return choices[best]
