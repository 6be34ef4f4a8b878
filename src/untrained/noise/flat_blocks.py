"""Blocks of pixels with the least structure, by their DCT: there the noise shows."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from untrained.noise.models import CLIPPING_MARGIN

Samples = NDArray[np.float64]

_MOST = 20_000
"""Most blocks; in larger pictures, as many on a grid."""
_SHARE = 0.01
"""Share of the blocks that counts as quiet."""
_FEWEST = 60
"""Least number of quiet blocks to use, if there are as many."""
_LARGER, _ALIKE = 10, 1.3
"""Factor on the share of blocks, and the largest ratio of the levels that counts as noise."""
_FLAT = 1e-12
"""Energy of a block, in squared picture units, below which it is flat."""
_LARGE, _SMALL = 8, 4
"""Sides of the blocks: usual, and in pictures with a side below twice that."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks of one channel by their cosine transforms, without blocks of hidden noise."""

    mean: Samples
    """Brightness of each, in picture units."""
    coarse: Samples
    """Energy of each at low frequencies, without the mean: mostly structure."""
    fine: Samples
    """Coefficients ``(n, k)`` of each at high frequencies: mostly noise."""
    cut: NDArray[np.bool_]
    """Which hold black or white samples: there clipping has cut the noise."""
    flat: int = 0
    """Number of further blocks, each of one value."""

    def __len__(self) -> int:
        return len(self.mean)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Blocks":
        """Select blocks by a mask or by indices."""
        return Blocks(
            self.mean[which], self.coarse[which], self.fine[which], self.cut[which], self.flat
        )

    def unclipped(self, level: float) -> "Blocks":
        """Select the blocks whose noise of standard deviation `level` is not clipped."""
        margin = CLIPPING_MARGIN * level
        return self.chosen((self.mean > margin) & (self.mean < 1 - margin))

    def level(self, share: float = _SHARE, fewest: int = _FEWEST) -> float:
        """Estimate the standard deviation of white noise from the blocks with least structure.

        Ponomarenko et al. 2007; Colom and Buades 2013 (doi 10.5201/ipol.2013.45): blocks are chosen
        by low frequencies and measured at high ones. In white noise the two are independent, so the
        choice causes no bias. If other blocks are flat, as in drawings and screenshots, it is noise
        only if blocks with more structure show no more.
        """
        level = self._quiet(share, fewest)
        if self.flat > share * len(self) and self._quiet(_LARGER * share, fewest) > _ALIKE * level:
            return 0.0
        return level

    def _quiet(self, share: float, fewest: int) -> float:
        if len(self) == 0:
            return 0.0
        count = min(len(self), max(fewest, math.ceil(min(share, 1) * len(self))))
        quiet = np.argpartition(self.coarse, count - 1)[:count]
        return float(np.sqrt(np.median(np.square(self.fine[quiet]).mean(0))))


def cut_blocks(channel: Samples, missing: NDArray[np.bool_] | None = None) -> Blocks:
    """Cut one channel into overlapping blocks and transform them.

    Missing pixels, a frame of one colour around the picture and areas of one value hide the noise
    and are left out. A channel of only two values, as in black-and-white scans, gives no blocks.

    Parameters
    ----------
    channel
        ``(H, W)``, in picture units.
    missing
        Of the same shape, True where nothing was measured.

    Returns
    -------
    No blocks if H or W is less than 4.
    """
    none = Blocks(np.zeros(0), np.zeros(0), np.zeros((0, 1)), np.zeros(0, bool))
    known = channel if missing is None else np.where(missing, np.nan, channel)
    known = known[without_frame(channel)]
    side = _LARGE if min(known.shape) >= 2 * _LARGE else _SMALL
    if min(known.shape) < side or _two_values(known):
        return none
    windows = np.lib.stride_tricks.sliding_window_view(known, (side, side))
    stride = max(1, math.ceil(math.sqrt(windows.shape[0] * windows.shape[1] / _MOST)))
    blocks = windows[::stride, ::stride].reshape(-1, side, side)
    blocks = blocks[np.isfinite(blocks).all((1, 2))]
    mean = blocks.mean((1, 2))
    flat = np.square(blocks - mean[:, None, None]).sum((1, 2)) < _FLAT
    blocks, mean = blocks[~flat], mean[~flat]
    coefficients = dctn(blocks, axes=(1, 2), norm="ortho")
    order = np.add.outer(np.arange(side), np.arange(side))
    coarse = coefficients[:, (order > 0) & (order <= side // 2)]
    energy = np.square(coarse).sum(1)
    cut = ((blocks <= 0) | (blocks >= 1)).any((1, 2))
    return Blocks(mean, energy, coefficients[:, order > side], cut, int(flat.sum()))


def joined(parts: list[Blocks]) -> Blocks:
    """Join the blocks of several slices of one size."""
    filled = [part for part in parts if len(part)]
    flat = sum(part.flat for part in parts)
    if not filled:
        return replace(parts[0], flat=flat)
    return Blocks(
        np.concatenate([part.mean for part in filled]),
        np.concatenate([part.coarse for part in filled]),
        np.concatenate([part.fine for part in filled]),
        np.concatenate([part.cut for part in filled]),
        flat,
    )


def _two_values(channel: Samples) -> bool:
    known = channel[np.isfinite(channel)]
    return known.size == 0 or bool(np.isin(known, (known.min(), known.max())).all())


def without_frame(channel: Samples) -> tuple[slice, slice]:
    """Find a channel ``(H, W)`` without its edges of one value: a frame, a letterbox."""
    differs = channel != channel[0, 0]
    rows = np.flatnonzero(differs.any(axis=1))
    columns = np.flatnonzero(differs.any(axis=0))
    if len(rows) == 0:
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
