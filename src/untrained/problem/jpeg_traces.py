"""Traces that JPEG compression leaves in samples: where its blocks lie, and how coarse it was."""

import itertools
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.operators import JpegIntervals
from untrained.picture.jpeg import BLOCK, Compression, tables
from untrained.picture.region import Region

_SIDE = 256
"""Pixels of the part that is looked at, each way, from the middle."""
_QUALITIES = range(1, 96)
"""Above, there is nothing to be found or mended."""
_ALIKE = 4
"""Qualities in a row, of which the best is taken: their steps are nearly the same."""
_OFF = 1.0
"""Grey levels by which the rounding of samples moves a coefficient of luma, for the most part."""
_OFF_COLOUR = 0.125
"""The same of colours, whose interpolation must be undone too, in steps."""
_TELLING = 6.0
"""Steps up to this many grey levels tell nothing: chance hits their multiples too often."""
_LEAST, _FEWEST = 0.5, 12
"""Share of coefficients that must be multiples of their steps, and how many must not be zero."""
_SAMPLINGS = ((2, 2), (1, 2), (1, 1), (2, 1))


def find_compression(image: Tensor) -> Compression | None:
    """Find how libjpeg compressed a picture of which only the decoded samples are left.

    The lowest quality at which the coefficients of luma are multiples of the steps (compare Fan and
    de Queiroz 2003, doi 10.1109/TIP.2002.807361), and the sampling at which those of the colours
    are.

    Parameters
    ----------
    image
        ``(1, 1 or 3, H, W)``, of samples of 8 bits, in [0, 1].

    Returns
    -------
    None where no trace is found: other encoders' tables, or a picture changed after it was decoded.
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
    """The whole blocks in the middle of a picture, as many as are looked at."""
    height, width = image.shape[-2:]
    tall, wide = min(height, _SIDE), min(width, _SIDE)
    top, left = (height - tall) // 2, (width - wide) // 2
    grey = image[0, :, top : top + tall, left : left + wide].mean(0)
    first = (_aligned(top, _first_block(grey)), _aligned(left, _first_block(grey.T)))
    rows, columns = (top + tall - first[0]) // BLOCK, (left + wide - first[1]) // BLOCK
    return Region(*first, rows * BLOCK, columns * BLOCK)


def _aligned(start: int, offset: int) -> int:
    """First row of a block, an even number of blocks from the picture's first whole one."""
    row = start + offset
    return row + BLOCK if (row - row % BLOCK) % (2 * BLOCK) else row


def _luma(image: Tensor) -> Tensor:
    weights = torch.tensor([0.299, 0.587, 0.114], dtype=image.dtype)
    return torch.einsum("c,nchw->nhw", weights, image)[:, None]


def _first_block(plane: Tensor) -> int:
    """Row in which the first whole block begins: steps stand out between blocks."""
    bends = (plane[3:] - 3 * plane[2:-1] + 3 * plane[1:-2] - plane[:-3]).abs().mean(1)
    strength = torch.stack([bends[start::BLOCK].mean() for start in range(BLOCK)])
    # The first of these bends lies about the step from row 1 to row 2.
    return (int(strength.argmax()) + 2) % BLOCK


def _share(image: Tensor, compression: Compression) -> float:
    """Share of the last channel's coefficients that are multiples: of zeros or of others, the less.

    Means of luma, which are alike in flat pictures, steps too small to tell, and clipped blocks do
    not count; 0 where too few coefficients do.
    """
    intervals = JpegIntervals(image, compression, sure=1.0)
    count = intervals.cosines.counts[-1]
    steps, stored = (2 * intervals.half)[-count:], intervals.stored[-count:]
    off = (intervals.seen[-count:] - stored).abs()
    telling = (steps > _TELLING) & ~_clipped(image, compression)
    if len(compression.tables) == 1:
        near = off <= _OFF
        telling[:, 0, 0] = False
    else:
        near = off <= _OFF_COLOUR * steps
    zero = stored.abs() < steps / 2
    if int((telling & ~zero).sum()) < _FEWEST:
        return 0.0
    shares = [near[telling & kind].float().mean() for kind in (zero, ~zero)]
    return float(torch.stack(shares).nan_to_num(1.0).min())


def _clipped(image: Tensor, compression: Compression) -> Tensor:
    """Blocks of the last channel that hold a sample at black or white, ``(N, 1, 1)``."""
    beyond = ((image <= 0) | (image >= 1)).any(dim=1, keepdim=True).to(image.dtype)
    height, width = image.shape[-2:]
    rows, columns = compression.unit if len(compression.tables) > 1 else (BLOCK, BLOCK)
    top, left = compression.origin[0] % rows, compression.origin[1] % columns
    pads = (left, -(left + width) % columns, top, -(top + height) % rows)
    return F.max_pool2d(F.pad(beyond, pads), (rows, columns)).flatten().bool()[:, None, None]


_AS_GOOD = 0.93
"""Share of the best one's multiples at which a sampling is as likely."""


def _with_colours(image: Tensor, quality: int) -> Compression:
    """The coarsest sampling and place of colours at which most of their coefficients are multiples.

    What was sampled coarsely looks much like the finer samplings of it.
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
