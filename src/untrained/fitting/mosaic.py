"""Mosaic: overlapping windows that cover a picture, joined without a seam."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from untrained.picture.region import Region

OVERLAP = 64
"""Pixels that neighbours share at least, where tiles are not small."""

_LARGEST_SHARE = 4
"""The overlap is at most the side over this, so that no three tiles of a row meet."""

_RIM = 0.25
"""Share of an overlap, at each end, in which the tile that ends there has no weight.

The border of a network's picture is worse than its inside.
"""

_LEVELS = 2**12
"""Weights along an axis are multiples of one over this: their products and sums are exact."""


class Span(NamedTuple):
    """From the first pixel to the one after the last."""

    start: int
    stop: int


@dataclass(frozen=True)
class Grid:
    """Windows of about equal size that cover a picture, neighbours overlapping.

    Made by `Grid.cover`.
    """

    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    @classmethod
    def cover(cls, size: tuple[int, int], side: int, *, alignment: int = 1) -> "Grid":
        """Cover a picture with as few windows as possible.

        Parameters
        ----------
        size
            H and W.
        side
            Longest side of a window in pixels, at least 4 times the alignment.
        alignment
            Windows begin at multiples of it, and end at them or at the picture's border.
        """
        overlap = min(OVERLAP, side // _LARGEST_SHARE)
        rows, columns = (_spans(length, side, overlap, alignment) for length in size)
        return cls(rows, columns)

    @cached_property
    def windows(self) -> tuple[Region, ...]:
        """The windows, row by row."""
        return tuple(
            Region(row.start, column.start, row.stop - row.start, column.stop - column.start)
            for row in self.rows
            for column in self.columns
        )

    @property
    def overlap(self) -> int:
        """Pixels that neighbours share at least; 0 for a single window."""
        pairs = [*zip(self.rows, self.rows[1:]), *zip(self.columns, self.columns[1:])]  # noqa: B905
        return min((one.stop - other.start for one, other in pairs), default=0)

    def weight(self, number: int) -> Tensor:
        """Weight ``(1, 1, h, w)`` in [0, 1] of a window's pixels; at each pixel they sum to 1."""
        row, column = divmod(number, len(self.columns))
        return _weights(self.rows, row)[None, None, :, None] * _weights(self.columns, column)


@dataclass(frozen=True, eq=False)
class Mosaic:
    """A picture ``(1, C, H, W)`` filled window by window; never changed in place."""

    grid: Grid
    given: Tensor
    """What is shown where no window is filled, ``(1, C, H, W)``."""
    total: Tensor
    """Sum of the weighted pictures, ``(1, C, H, W)``."""
    cover: Tensor
    """Sum of their weights, ``(1, 1, H, W)``."""

    @classmethod
    def blank(cls, grid: Grid, given: Tensor) -> "Mosaic":
        """Begin with no window filled."""
        return cls(grid, given, torch.zeros_like(given), torch.zeros_like(given[:, :1]))

    def joined(self, number: int, picture: Tensor) -> "Mosaic":
        """Join the picture ``(1, C, h, w)`` of a window."""
        place, weight = self.grid.windows[number].place, self.grid.weight(number)
        total, cover = self.total.clone(), self.cover.clone()
        total[place] += weight * picture.cpu()
        cover[place] += weight
        return replace(self, total=total, cover=cover)

    @property
    def picture(self) -> Tensor:
        """The whole, as far as it is filled, ``(1, C, H, W)``."""
        return self.total + (1 - self.cover) * self.given


def _spans(length: int, longest: int, overlap: int, alignment: int) -> tuple[Span, ...]:
    """Cover a length by spans that share `overlap` or more; all counted in units of it."""
    cells, most = math.ceil(length / alignment), longest // alignment
    if length <= longest:
        return (Span(0, length),)
    shared = math.ceil(overlap / alignment)
    count = math.ceil((cells - shared) / (most - shared))
    each = math.ceil((cells + (count - 1) * shared) / count)
    starts = [place * (cells - each) // (count - 1) for place in range(count)]
    return tuple(Span(s * alignment, min((s + each) * alignment, length)) for s in starts)


def _weights(spans: tuple[Span, ...], place: int) -> Tensor:
    """Compute the weights of the pixels of one span: its own rise less that of the next."""
    span = spans[place]
    pixels = torch.arange(span.start, span.stop, dtype=torch.float64) + 0.5
    weights = torch.ones_like(pixels)
    if place > 0:
        weights = _rise(pixels, span.start, spans[place - 1].stop)
    if place < len(spans) - 1:
        weights = weights - _rise(pixels, spans[place + 1].start, span.stop)
    return weights.float()


def _rise(pixels: Tensor, start: int, stop: int) -> Tensor:
    """Rise by half a cosine from 0 to 1 in the overlap from `start` to `stop`, in exact steps."""
    rim = _RIM * (stop - start)
    way = ((pixels - start - rim) / (stop - start - 2 * rim)).clamp(0, 1)
    return ((1 - torch.cos(math.pi * way)) / 2 * _LEVELS).round() / _LEVELS
