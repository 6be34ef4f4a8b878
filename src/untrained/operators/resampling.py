"""Reduction by any factor: each small pixel is a weighted mean of large ones."""

from collections.abc import Callable
from functools import cached_property
from typing import Self

import torch
from torch import Tensor, nn

from untrained.picture.region import Region

SUPPORT = {"lanczos2": 2.0, "lanczos3": 3.0, "bicubic": 2.0, "box": 0.5}
"""Reach of each kernel, in small pixels; that of the Gaussian depends on its width."""

_DEVIATIONS = 3.0
"""Reach of a Gaussian, in standard deviations."""

_RIDGE = 0.01
"""Least power that is inverted, relative to that of a small pixel."""

_CUBIC = -0.5
"""Keys' parameter a (1981, doi 10.1109/TASSP.1981.1163711)."""


class Resampling(nn.Module):
    """Reduce rows and columns separately: ``y = R x C'`` for every channel.

    Pixels are areas: pixel i of n covers ``[i/n, (i + 1)/n]`` of the picture, in both sizes, as in
    Pillow, OpenCV and PyTorch without aligned corners. Pixels beyond the border have no weight.

    Parameters
    ----------
    rows, columns
        R ``(h, H)`` and C ``(w, W)``, each row summing to 1.
    """

    rows: Tensor
    columns: Tensor

    def __init__(self, rows: Tensor, columns: Tensor) -> None:
        super().__init__()
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("columns", columns, persistent=False)

    @classmethod
    def between(
        cls, large: tuple[int, int], small: tuple[int, int], kernel: str, width: float = 0.5
    ) -> Self:
        """Make the reduction from one size to another.

        Parameters
        ----------
        large, small
            H and W before and after; no side of the second is longer.
        kernel
            ``lanczos2``, ``lanczos3``, ``bicubic``, ``box`` (each pixel by the area it shares) or
            ``gaussian``.
        width
            Standard deviation of the Gaussian, in pixels of the small picture.
        """
        rows, columns = (
            weights(before, after, kernel, width).float()
            for before, after in zip(large, small, strict=True)
        )
        return cls(rows, columns)

    def forward(self, image: Tensor) -> Tensor:
        """Reduce ``(N, C, H, W)`` to ``(N, C, h, w)``."""
        rows, columns = self.rows.to(image.dtype), self.columns.to(image.dtype)
        reduced: Tensor = rows @ image @ columns.T
        return reduced

    def pseudo_inverse(self, measurement: Tensor) -> Tensor:
        """Enlarge ``(N, C, h, w)`` to the least-norm picture ``(N, C, H, W)`` that reduces to it.

        The pseudo-inverse, regularised where the kernel passes almost nothing (Tikhonov).
        """
        enlarged: Tensor = self._back_rows @ measurement @ self._back_columns.T
        return enlarged

    @cached_property
    def _back_rows(self) -> Tensor:
        return _pseudo_inverse(self.rows)

    @cached_property
    def _back_columns(self) -> Tensor:
        return _pseudo_inverse(self.columns)

    def window(self, region: Region) -> tuple["Resampling", Region]:
        """Return the reduction of a region of the large picture, and its region of small pixels.

        The small pixels have their centres in the region; weights outside it move to those inside.
        """
        rows, top = _within(self.rows, region.top, region.height)
        columns, left = _within(self.columns, region.left, region.width)
        return Resampling(rows, columns), Region(top, left, len(rows), len(columns))


def _pseudo_inverse(whole: Tensor) -> Tensor:
    """Compute ``R' (R R' + e I)^-1`` in single precision, e a share of the largest row's power."""
    exact = whole.double()
    power = exact @ exact.T
    ridge = _RIDGE * power.diagonal().max() * torch.eye(len(power), dtype=power.dtype)
    inverse: Tensor = torch.linalg.solve(power + ridge, exact).T
    return inverse.float()


def _within(whole: Tensor, start: int, length: int) -> tuple[Tensor, int]:
    small, large = whole.shape
    centres = (torch.arange(small) + 0.5) * large / small
    inside = (centres >= start) & (centres < start + length)
    first = int(inside.int().argmax())
    part = whole[inside.to(whole.device)][:, start : start + length]
    return part / part.sum(1, keepdim=True), first


def weights(large: int, small: int, kernel: str, width: float = 0.5) -> Tensor:
    """Compute the weight of each of `large` pixels in each of `small` pixels, along a row.

    The kernel is stretched by ``large / small`` about the centre of each small pixel, sampled at
    the centres of the large ones, cut off at the border, and made to sum to 1.

    Returns
    -------
    Float64 ``(small, large)``.

    Raises
    ------
    ValueError
        If the kernel is unknown.
    """
    factor = large / small
    centres = (torch.arange(small, dtype=torch.float64) + 0.5) * factor
    places = torch.arange(large, dtype=torch.float64) + 0.5
    distance = (places - centres[:, None]) / factor
    if kernel == "box":
        begins = (distance - 0.5 / factor).clamp(-0.5, 0.5)
        raw = (distance + 0.5 / factor).clamp(-0.5, 0.5) - begins
    elif kernel == "gaussian":
        # A narrow one is sampled between pixels at worst: half a large pixel is always reached.
        reach = max(_DEVIATIONS * width, 0.5 / factor)
        raw = torch.exp(-0.5 * (distance / width).square()) * (distance.abs() <= reach)
    elif kernel in SUPPORT:
        raw = _CURVES[kernel](distance) * (distance.abs() < SUPPORT[kernel])
    else:
        known = ", ".join((*SUPPORT, "gaussian"))
        raise ValueError(f"unknown kernel {kernel!r}: choose from {known}")
    return raw / raw.sum(1, keepdim=True)


def _cubic(distance: Tensor) -> Tensor:
    away = distance.abs()
    near = ((_CUBIC + 2) * away - (_CUBIC + 3)) * away.square() + 1
    far = _CUBIC * (((away - 5) * away + 8) * away - 4)
    return torch.where(away < 1, near, far)


_CURVES: dict[str, Callable[[Tensor], Tensor]] = {
    "lanczos2": lambda distance: torch.sinc(distance) * torch.sinc(distance / 2),
    "lanczos3": lambda distance: torch.sinc(distance) * torch.sinc(distance / 3),
    "bicubic": _cubic,
}
