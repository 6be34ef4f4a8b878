"""Convert samples of any data type to [0, 1] and back."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from untrained.errors import RequestError

Samples = NDArray[Any]

_UNIT_RANGE = (-0.5, 1.5)

_SLAB = 2**20
"""Samples to convert at once."""


class PictureError(RequestError):
    """A file or array that we cannot restore; the message says what to give instead."""


def value_range(stored: Samples) -> tuple[float, float]:
    """Compute the offset and scale that map the samples to [0, 1]."""
    if stored.dtype == bool:
        return 0.0, 1.0
    if stored.dtype in (np.uint8, np.uint16):
        return 0.0, float(np.iinfo(stored.dtype).max)
    low, high = _extremes(stored)
    if stored.dtype.kind == "f" and _UNIT_RANGE[0] <= low and high <= _UNIT_RANGE[1]:
        return 0.0, 1.0
    return low, (high - low) or 1.0


def balanced_range(stored: Samples) -> tuple[float, float]:
    """Compute the offset and scale that map 0 to one half and the largest sample to 0 or 1."""
    most = max(map(abs, _extremes(stored))) or 1.0
    return -most, 2 * most


def _extremes(stored: Samples) -> tuple[float, float]:
    # fmin and fmax skip NaN and need no copy.
    low, high = (float(each.reduce(stored, axis=None)) for each in (np.fmin, np.fmax))
    if np.isinf([low, high]).any():
        raise PictureError("the picture has infinite samples: replace them by NaN (missing)")
    if np.isnan(low):
        raise PictureError("every sample of the picture is NaN: give at least one known pixel")
    return low, high


def slabs(samples: Samples) -> Iterator[tuple[int | slice, ...]]:
    """Yield indices of the leading axes that cut an array into parts whose copies stay small."""
    each = samples.size // max(len(samples), 1)
    if each > _SLAB and samples.ndim > 1:
        for place in range(len(samples)):
            yield from ((place, *rest) for rest in slabs(samples[place]))
        return
    rows = max(1, _SLAB // max(each, 1))
    yield from ((slice(start, start + rows),) for start in range(0, len(samples), rows))


def normalised(stored: Samples, offset: float, scale: float) -> tuple[Tensor, Tensor | None]:
    """Compute the pixels, missing ones at the mean of their channel, and the mask of these."""
    planes = np.empty((1, stored.shape[-1], *stored.shape[:-1]), np.float32)
    for place in slabs(stored[..., 0]):
        values = (stored[place].astype(np.float64) - offset) / scale
        if np.isnan(values).any():
            return _filled(stored, offset, scale)
        planes[(0, slice(None), *place)] = np.moveaxis(values, -1, 0)
    return torch.from_numpy(planes), None


def _filled(stored: Samples, offset: float, scale: float) -> tuple[Tensor, Tensor]:
    """Compute the pixels and the mask of the missing ones."""
    values = (stored.astype(np.float64) - offset) / scale
    gaps = np.isnan(values)
    axes = tuple(range(values.ndim - 1))
    np.copyto(values, 0.0, where=gaps)
    known = values.sum(axes) / np.maximum((~gaps).sum(axes), 1)
    np.copyto(values, known, where=gaps)
    planes = np.ascontiguousarray(np.moveaxis(values, -1, 0)[None], dtype=np.float32)
    return torch.from_numpy(planes), torch.from_numpy(gaps.any(axis=-1))[None, None]


def as_dtype(samples: Samples, dtype: np.dtype[Any]) -> Samples:
    """Convert floats to a data type; integers are rounded and clipped to its range."""
    if dtype.kind == "b":
        return np.asarray(samples >= 0.5)
    if dtype.kind in "ui":
        limits = np.iinfo(dtype)
        # float64 cannot hold the largest 64-bit integer: clip to the float below it.
        clipped = np.clip(np.rint(samples), float(limits.min), float(limits.max))
        top = np.nextafter(float(limits.max), 0) if limits.bits == 64 else float(limits.max)
        return np.asarray(np.minimum(clipped, top), dtype=dtype)
    return samples.astype(dtype)


def opaque(dtype: np.dtype[Any]) -> float:
    """Return the alpha of an opaque pixel in this data type."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0
