"""The base of the tomography operators: line integrals of a slice, one projection per angle."""

import math
from typing import Annotated, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.arguments import Within
from untrained.errors import RequestError
from untrained.operators.adjoint import adjoint
from untrained.operators.subsets import with_buffers

_AT_ONCE = 2**24
"""Samples that are interpolated at once, and whose places are kept: it bounds the memory."""


_TURNS = 360_000.0
"""Largest angle in degrees: a thousand turns, beyond which digits of the angle are lost."""

DetectorSide = Annotated[int, Within(1, 20_000)]
"""An argument that counts the pixels of a slice along a side, or the bins of a detector."""


class Projection(nn.Module):
    """Integrate a square slice along lines, by bilinear interpolation; outside it is zero.

    A geometry defines in `grid` where each line is sampled.

    Parameters
    ----------
    angles
        Degrees, one for each projection.
    size
        N, the height and width of the slice.
    bins
        B, the number of detector bins.

    Raises
    ------
    RequestError
        If there are no angles, one is not finite, or a number is below 1.
    """

    directions: Tensor
    places: Tensor | None

    parts_axis = -2
    """The axis of the measurement whose entries are projections."""
    subset_axis = -2

    def __init__(self, angles: Tensor, size: int, bins: int) -> None:
        super().__init__()
        degrees = np.atleast_1d(angles.double().numpy())
        if degrees.ndim != 1:
            raise RequestError(
                f"angles of shape {degrees.shape}: give one finite angle in degrees per projection"
            )
        if np.abs(degrees).max(initial=0) > _TURNS:
            raise RequestError(
                f"angles up to {np.abs(degrees).max():.3g}: give degrees, at most {_TURNS:g}"
            )
        if size < 1:
            raise RequestError(f"size {size}: give the pixels along a side, 1 or more")
        if bins < 1:
            raise RequestError(f"{bins} bins: give the number of detector bins, 1 or more")
        self.size, self.bins = int(size), int(bins)
        radians = torch.from_numpy(np.deg2rad(degrees))
        directions = torch.stack([radians.cos(), radians.sin()], dim=1)
        self.register_buffer("directions", directions, persistent=False)
        self.register_buffer("places", None, persistent=False)

    def keep_places(self) -> None:
        """Cache the sampling places, if they are not too many; call it at the end of a set-up."""
        if len(self.directions) * self.size * self.bins <= _AT_ONCE:
            self.places = self.grid(self.directions.float())

    def grid(self, directions: Tensor) -> Tensor:
        """Compute where the lines are sampled, in grid_sample's units: ``(angles, N, B, 2)``.

        Parameters
        ----------
        directions
            Cosine and sine of each angle, ``(angles, 2)``.
        """
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        """Project ``(1, C, N, N)`` to the sinogram ``(1, C, angles, B)``, in pixels x its unit."""
        if tuple(image.shape[-2:]) != (self.size, self.size):
            raise RequestError(
                f"the slice is {image.shape[-1]}x{image.shape[-2]}, the detector has {self.bins} "
                f"bins for {self.size}x{self.size}: they must match"
            )
        if self.places is not None:
            return self._project(image, self.places.to(image.dtype))
        chunk = max(1, _AT_ONCE // (self.size * self.bins))
        directions = self.directions.to(image.dtype).split(chunk)
        return torch.cat([self._project(image, self.grid(some)) for some in directions], dim=-2)

    def _project(self, image: Tensor, grid: Tensor) -> Tensor:
        stack = image.expand(len(grid), -1, -1, -1)
        along = F.grid_sample(stack, grid, padding_mode="zeros", align_corners=False)
        return along.sum(dim=2).transpose(0, 1)[None]

    def in_grid(self, x: Tensor, y: Tensor) -> Tensor:
        """Turn columns and rows from the centre pixel ``N // 2`` into grid_sample's units."""
        pixels: Tensor = torch.stack([x, y], dim=-1) + self.size // 2
        grid: Tensor = (2 * pixels + 1) / self.size - 1
        return grid

    def offsets(self, count: int) -> Tensor:
        """Count whole numbers from the middle of `count`: ``-(count // 2)`` and up."""
        directions = self.directions
        return torch.arange(count, device=directions.device) - count // 2

    def subset(self, chosen: Tensor) -> Self:
        """Return the operator of some projections, by their indices."""
        places = None if self.places is None else self.places[chosen]
        return with_buffers(self, directions=self.directions[chosen], places=places)

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Back-project ``(1, C, angles, B)`` to ``(1, C, N, N)``: the exact adjoint."""
        self.check(measurement)
        return adjoint(self, measurement, (self.size, self.size))

    def whiten(self, measurement: Tensor) -> Tensor:
        """Filter each projection by the root of the ramp: ``(A A*)^(-1/2)`` but for a factor.

        It undoes the blur of back-projection (Tirer and Giryes 2020, doi
        10.1109/TIP.2020.2988779).
        """
        return self._filtered(measurement, self._ramp(measurement).clamp_min(0).sqrt())

    def ramp_filtered(self, measurement: Tensor) -> Tensor:
        """Filter each projection by the ramp (Kak and Slaney 1988, eq. 61), bins one apart."""
        return self._filtered(measurement, self._ramp(measurement))

    def smeared(self, projections: Tensor) -> Tensor:
        """Back-project ``(1, C, angles, B)`` to each pixel and sum: ``(1, C, N, N)``.

        Pixel-driven: each pixel interpolates a projection linearly between two bins. The adjoint
        would gather many bins at the centre.
        """
        rows = projections[0].transpose(0, 1)
        directions = self.directions.to(projections)
        chunk = max(1, 2**22 // self.size**2)
        parts = zip(directions.split(chunk), rows.split(chunk), strict=True)
        return torch.stack([self._smeared(turn, part) for turn, part in parts]).sum(dim=0)[None]

    def _smeared(self, directions: Tensor, projections: Tensor) -> Tensor:
        bins, weight = self.bins_of_pixels(directions)
        x = (2 * (bins + self.bins // 2) + 1) / self.bins - 1
        grid = torch.stack([x, torch.zeros_like(x)], dim=-1)
        seen = F.grid_sample(
            projections[:, :, None], grid, padding_mode="zeros", align_corners=False
        )
        return (seen * weight).sum(dim=0)

    def bins_of_pixels(self, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the bin of each pixel, from the middle one, ``(angles, N, N)``, and its weight.

        Parameters
        ----------
        directions
            Cosine and sine of each angle, ``(angles, 2)``.

        Returns
        -------
        The places, and weights broadcastable to ``(angles, 1, N, N)``.
        """
        raise NotImplementedError

    def pixels(self, directions: Tensor) -> tuple[Tensor, Tensor]:
        """Compute each pixel's place across and along the middle line: two ``(angles, N, N)``."""
        offsets = self.offsets(self.size).to(directions)
        rows, columns = torch.meshgrid(offsets, offsets, indexing="ij")
        cos, sin = (part[:, None, None] for part in directions.unbind(1))
        return cos * columns - sin * rows, sin * columns + cos * rows

    def _filtered(self, measurement: Tensor, response: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(measurement, n=self._padded(), dim=-1)
        filtered: Tensor = torch.fft.irfft(spectrum * response, n=self._padded(), dim=-1)
        return filtered[..., : self.bins]

    def _ramp(self, measurement: Tensor) -> Tensor:
        return _ramp(self._padded()).to(measurement)

    def _padded(self) -> int:
        return max(64, int(2 ** math.ceil(math.log2(2 * self.bins))))

    def check(self, measurement: Tensor) -> None:
        """Check the shape of a sinogram.

        Raises
        ------
        RequestError
            If it is not ``(1, C, angles, B)``.
        """
        wanted = (len(self.directions), self.bins)
        if measurement.ndim != 4 or tuple(measurement.shape[-2:]) != wanted:
            raise RequestError(
                f"the sinogram has the shape {tuple(measurement.shape)}, not (1, C, {wanted[0]}, "
                f"{wanted[1]}): {wanted[0]} angles, {wanted[1]} detector bins"
            )


def _ramp(length: int) -> Tensor:
    """Transform the ramp, sampled in space to keep the mean (Kak and Slaney, eq. 61)."""
    places = torch.cat([torch.arange(0, length // 2 + 1), torch.arange(length // 2 - 1, 0, -1)])
    ramp = torch.zeros(length, dtype=torch.float64)
    ramp[0] = 0.25
    odd = places % 2 == 1
    ramp[odd] = -1 / (math.pi * places[odd].double()) ** 2
    response: Tensor = torch.fft.rfft(ramp)
    return 2 * response.real
