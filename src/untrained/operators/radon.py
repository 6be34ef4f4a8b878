"""Parallel-beam computed tomography: line integrals of a slice, and filtered back-projection."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.errors import RequestError
from untrained.operators.linear import adjoint

_AT_ONCE = 2**24
"""Samples that are interpolated at once, and whose places are kept: bounds the memory."""


class Radon(nn.Module):
    """Integrate a square slice along parallel lines (Radon 1917; Kak and Slaney 1988, section 3.1).

    The slice is turned about its centre pixel ``N // 2``, by bilinear interpolation, and summed
    down its columns; outside it is zero. This is the geometry of `skimage.transform.radon` with
    ``circle=True``, but for the order of the axes.

    Parameters
    ----------
    angles
        Degrees, one for each projection.
    size
        N, the height and width of the slice and the number of detector bins.

    Raises
    ------
    RequestError
        If there is no angle, one is not finite, or the size is below 1.
    """

    directions: Tensor
    places: Tensor | None

    parts_axis = -2
    """The axis of the measurement whose entries are projections."""

    def __init__(self, angles: Any, size: int) -> None:
        super().__init__()
        degrees = np.atleast_1d(np.asarray(angles, dtype=np.float64))
        if degrees.ndim != 1 or degrees.size == 0 or not np.isfinite(degrees).all():
            raise RequestError(
                f"angles of shape {degrees.shape}: give one finite number of degrees a projection"
            )
        if size < 1:
            raise RequestError(f"size {size}: give the number of detector bins, 1 or more")
        self.size = int(size)
        radians = torch.from_numpy(np.deg2rad(degrees))
        directions = torch.stack([radians.cos(), radians.sin()], dim=1)
        self.register_buffer("directions", directions, persistent=False)
        few = len(directions) * self.size**2 <= _AT_ONCE
        places = self._grid(directions.float()) if few else None
        self.register_buffer("places", places, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Project ``(1, C, N, N)`` to the sinogram ``(1, C, angles, N)``, in pixels x its unit."""
        if tuple(image.shape[-2:]) != (self.size, self.size):
            raise RequestError(
                f"the slice is {image.shape[-1]}x{image.shape[-2]}, the detector has {self.size} "
                "bins: they must match"
            )
        if self.places is not None:
            return self._project(image, self.places.to(image.dtype))
        chunk = max(1, _AT_ONCE // self.size**2)
        directions = self.directions.to(image.dtype).split(chunk)
        return torch.cat([self._project(image, self._grid(some)) for some in directions], dim=-2)

    def _project(self, image: Tensor, grid: Tensor) -> Tensor:
        stack = image.expand(len(grid), -1, -1, -1)
        turned = F.grid_sample(stack, grid, padding_mode="zeros", align_corners=False)
        return turned.sum(dim=2).transpose(0, 1)[None]

    def _grid(self, directions: Tensor) -> Tensor:
        """Where each pixel of the turned slices lies in the slice, in grid_sample's units."""
        half = self.size // 2
        offsets = torch.arange(self.size, device=directions.device, dtype=directions.dtype) - half
        rows, columns = torch.meshgrid(offsets, offsets, indexing="ij")
        cos, sin = (part[:, None, None] for part in directions.unbind(1))
        x = cos * columns + sin * rows + half
        y = cos * rows - sin * columns + half
        pixels: Tensor = torch.stack([x, y], dim=-1)
        grid: Tensor = (2 * pixels + 1) / self.size - 1
        return grid

    def A(self, image: Tensor) -> Tensor:
        """As `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Back-project ``(1, C, angles, N)`` to ``(1, C, N, N)``: the exact adjoint."""
        self._check(measurement)
        return adjoint(self, measurement, (self.size, self.size))

    def A_dagger(self, measurement: Tensor) -> Tensor:
        """Filtered back-projection with the ramp filter (Kak and Slaney 1988, section 3.3).

        Right for angles that cover half a turn evenly.
        """
        self._check(measurement)
        filtered = self._filtered(measurement, _ramp(self._padded()).to(measurement))
        weight = math.pi / (2 * len(self.directions))
        return weight * self.A_adjoint(filtered)

    def equalise(self, measurement: Tensor) -> Tensor:
        """Filter each projection by the root of the ramp: ``(A A*)^(-1/2)`` but for a factor.

        What back-projection blurs then counts in full (Tirer and Giryes 2020,
        doi 10.1109/TIP.2020.2988779).
        """
        ramp = _ramp(self._padded()).to(measurement).clamp_min(0).sqrt()
        return self._filtered(measurement, ramp)

    def _filtered(self, measurement: Tensor, response: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(measurement, n=self._padded(), dim=-1)
        filtered: Tensor = torch.fft.irfft(spectrum * response, n=self._padded(), dim=-1)
        return filtered[..., : self.size]

    def _padded(self) -> int:
        return max(64, int(2 ** math.ceil(math.log2(2 * self.size))))

    def _check(self, measurement: Tensor) -> None:
        wanted = (len(self.directions), self.size)
        if measurement.ndim != 4 or tuple(measurement.shape[-2:]) != wanted:
            raise RequestError(
                f"the sinogram has the shape {tuple(measurement.shape)}, not (1, C, {wanted[0]}, "
                f"{wanted[1]}): {wanted[0]} angles, {wanted[1]} detector bins"
            )


def _ramp(length: int) -> Tensor:
    """Transform of the ramp, sampled in space so that the mean is kept (Kak and Slaney, eq. 61)."""
    places = torch.cat([torch.arange(0, length // 2 + 1), torch.arange(length // 2 - 1, 0, -1)])
    ramp = torch.zeros(length, dtype=torch.float64)
    ramp[0] = 0.25
    odd = places % 2 == 1
    ramp[odd] = -1 / (math.pi * places[odd].double()) ** 2
    response: Tensor = torch.fft.rfft(ramp)
    return 2 * response.real
