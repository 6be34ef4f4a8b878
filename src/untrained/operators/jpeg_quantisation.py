"""JPEG as a constraint: each cosine coefficient of the original lies within an interval."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.picture.jpeg_tables import BLOCK, Compression

_WHITE = 255.0
_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
"""Luma, blue and red difference of R, G, B (ITU-T T.871)."""

_SURE = 0.25
"""Largest distance of a coefficient from a multiple of its step, in steps, to count as it."""

_ROUNDS = 24
"""Rounds that undo the decoder's chroma interpolation: its worst frequency loses half."""


class BlockCosines(nn.Module):
    """Transform the blocks of luma and chroma as an encoder does, without rounding.

    From ``(1, C, H, W)`` in [0, 1], grey or RGB, to orthonormal coefficients in grey levels,
    ``(N, 8, 8)``: first all blocks of luma by rows, then those of each chroma channel. Subsampled
    chroma takes the means of neighbours. Blocks that reach beyond the picture repeat its edge.

    Parameters
    ----------
    size
        H and W.
    compression
        Gives the chroma subsampling and the block grid.
    """

    cosines: Tensor
    colours: Tensor

    def __init__(self, size: tuple[int, int], compression: Compression) -> None:
        super().__init__()
        self.size = size
        self.halving = compression.halving
        self._whole = _Plane(size, compression.origin)
        fewer = self._whole.reduced(self.halving)
        self._planes = [self._whole, *[fewer] * (len(compression.tables) - 1)]
        order = torch.arange(BLOCK, dtype=torch.float64)
        cosines = torch.cos(math.pi / BLOCK * (order + 0.5) * order[:, None]) / 2
        cosines[0] /= math.sqrt(2)
        colours = _TO_YCC if len(self._planes) == 3 else ((1.0,),)
        self.register_buffer("cosines", cosines.float(), persistent=False)
        self.register_buffer("colours", torch.tensor(colours), persistent=False)

    @property
    def counts(self) -> list[int]:
        """Number of blocks of luma and of each chroma channel."""
        return [math.prod(plane.blocks) for plane in self._planes]

    def forward(self, image: Tensor) -> Tensor:
        """Transform ``(1, C, H, W)`` to ``(N, 8, 8)``."""
        return self.transformed(self.planes(image))

    def planes(self, image: Tensor) -> list[Tensor]:
        """Compute luma ``(H, W)`` and chroma, perhaps subsampled, in grey levels."""
        turned = torch.einsum("dc,chw->dhw", self.colours.to(image), _WHITE * image[0])
        if len(turned) == 1 or self.halving == (1, 1):
            return list(turned)
        padded = F.pad(turned[None, 1:], self._whole.pads(self.halving), mode="replicate")
        return [turned[0], *F.avg_pool2d(padded, self.halving)[0]]

    def transformed(self, planes: list[Tensor]) -> Tensor:
        """Transform the blocks of luma and chroma to ``(N, 8, 8)``."""
        cosines = self.cosines.to(planes[0])
        found = []
        for samples, plane in zip(planes, self._planes, strict=True):
            padded = F.pad(samples[None, None], plane.pads((BLOCK, BLOCK)), mode="replicate")[0, 0]
            blocks = padded.unflatten(1, (-1, BLOCK)).unflatten(0, (-1, BLOCK)).transpose(1, 2)
            found.append(cosines @ blocks.flatten(0, 1) @ cosines.T)
        return torch.cat(found)

    def lift(self, coefficients: Tensor) -> Tensor:
        """Compute a picture ``(1, C, H, W)`` with these coefficients in its whole blocks.

        Subsampled chroma is repeated: among all such pictures, in luma and chroma coordinates, it
        has the least norm.
        """
        cosines = self.cosines.to(coefficients)
        whole = []
        parts = coefficients.split(self.counts)
        for part, plane in zip(parts, self._planes, strict=True):
            blocks = (cosines.T @ part @ cosines).unflatten(0, plane.blocks)
            padded = blocks.transpose(1, 2).flatten(2, 3).flatten(0, 1)
            samples = plane.cropped(padded, (BLOCK, BLOCK))
            if plane is not self._whole:
                rows, columns = self.halving
                repeated = samples.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
                samples = self._whole.cropped(repeated, self.halving)
            whole.append(samples)
        back = torch.linalg.inv(self.colours).to(coefficients)
        return torch.einsum("dc,chw->dhw", back, torch.stack(whole))[None] / _WHITE


class _Plane(NamedTuple):
    """Samples of one channel, and the rows and columns of its first block before them."""

    size: tuple[int, int]
    origin: tuple[int, int]

    def pads(self, cell: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the padding that completes the cells: left, right, top, bottom."""
        top, left = self.origin[0] % cell[0], self.origin[1] % cell[1]
        return left, -(left + self.size[1]) % cell[1], top, -(top + self.size[0]) % cell[0]

    def cropped(self, padded: Tensor, cell: tuple[int, int]) -> Tensor:
        """Undo the padding."""
        left, _, top, _ = self.pads(cell)
        return padded[top : top + self.size[0], left : left + self.size[1]]

    @property
    def blocks(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        left, right, top, bottom = self.pads((BLOCK, BLOCK))
        return (self.size[0] + top + bottom) // BLOCK, (self.size[1] + left + right) // BLOCK

    def reduced(self, times: tuple[int, int]) -> "_Plane":
        """Average over so many rows and columns."""
        left, right, top, bottom = self.pads(times)
        size = (
            (self.size[0] + top + bottom) // times[0],
            (self.size[1] + left + right) // times[1],
        )
        return _Plane(size, (self.origin[0] // times[0], self.origin[1] // times[1]))


class JpegIntervals:
    """The intervals that hold the coefficients of the picture before compression.

    The stored coefficients are recovered from the decoded samples: a coefficient near a multiple of
    its step becomes that multiple. Another one was clipped, or its block reaches beyond the
    picture; it stays as it is.

    Parameters
    ----------
    decoded
        ``(1, C, H, W)`` in [0, 1].
    compression
        How these pixels were compressed.
    share
        Width of the intervals, in steps. The truth always lies within 1, on average nearer to the
        stored value.
    sure
        Largest distance of a coefficient from a multiple of its step, in steps, to count as it.
    """

    def __init__(
        self, decoded: Tensor, compression: Compression, share: float = 1.0, sure: float = _SURE
    ) -> None:
        exact = decoded.double()
        self._size = (decoded.shape[-2], decoded.shape[-1])
        self.cosines = BlockCosines(self._size, compression)
        luma, *colours = self.cosines.planes(exact)
        if compression.halving != (1, 1):
            colours = [_sharpened(plane, compression.halving) for plane in colours]
        seen = self.cosines.transformed([luma, *colours])
        self.seen = seen.float()
        """The coefficients of the decoded samples."""
        counts = self.cosines.counts
        tables = torch.tensor(compression.tables, dtype=torch.float64).unflatten(1, (BLOCK, BLOCK))
        steps = torch.cat(
            [table.expand(count, -1, -1) for table, count in zip(tables, counts, strict=True)]
        )
        shift = torch.zeros_like(seen)
        shift[: counts[0], 0, 0] = BLOCK * (_WHITE + 1) / 2
        multiple = ((seen - shift) / steps).round() * steps + shift
        near = (multiple - seen).abs() <= sure * steps
        self.stored = torch.where(near, multiple, seen).float()
        """The stored coefficients, ``(N, 8, 8)``, in the order of `BlockCosines`."""
        self.half = (share / 2 * steps).float()
        """Half the width of the intervals."""
        power = torch.linalg.inv(self.cosines.colours).square().sum(0)
        power[1:] *= math.prod(compression.halving)
        self._power = torch.cat(
            [one.expand(count) for one, count in zip(power, counts, strict=True)]
        )[:, None, None]

    def excess(self, image: Tensor) -> Tensor:
        """Compute the excess of the coefficients of ``(1, C, H, W)``, ``(N, 8, 8)``; 0 inside."""
        off = self.cosines(image) - self.stored.to(image.device)
        half = self.half.to(image.device)
        excess: Tensor = off - off.clamp(-half, half)
        return excess

    def misfit(self, prediction: Tensor, _target: Tensor | None = None) -> Tensor:
        """Compute the mean squared error, in picture units, to the nearest picture inside."""
        squares = self.excess(prediction).square() * self._power.to(prediction.device)
        return squares.sum() / (_WHITE**2 * prediction.shape[1] * math.prod(self._size))

    def project(self, image: Tensor) -> Tensor:
        """Project onto the intervals, in luma and chroma coordinates."""
        return image - self.cosines.lift(self.excess(image))


def _sharpened(plane: Tensor, times: tuple[int, int]) -> Tensor:
    """Undo the (triangular) interpolation of a decoder, followed by the means of neighbours.

    Together they weight three neighbours by 1/8, 3/4 and 1/8, the edge repeated.
    """
    found = plane
    for _ in range(_ROUNDS):
        blurred = found[None, None]
        if times[0] > 1:
            padded = F.pad(blurred, (0, 0, 1, 1), mode="replicate")
            blurred = (padded[..., :-2, :] + 6 * blurred + padded[..., 2:, :]) / 8
        if times[1] > 1:
            padded = F.pad(blurred, (1, 1, 0, 0), mode="replicate")
            blurred = (padded[..., :-2] + 6 * blurred + padded[..., 2:]) / 8
        found = found + plane - blurred[0, 0]
    return found
