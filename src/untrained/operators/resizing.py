"""Operators from picture to picture: masks, reduction, smoothing."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.numerics.lanczos import LanczosDownsample

KERNELS = {"lanczos2": 2, "lanczos3": 3}


class Mask(nn.Module):
    """Keep the known pixels, set the others to zero.

    Parameters
    ----------
    known
        Bool ``(1, 1 or C, [D,] H, W)``, True where the pixel was measured.
    """

    known: Tensor

    def __init__(self, known: Tensor) -> None:
        super().__init__()
        self.register_buffer("known", known.float(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Mask ``(1, C, [D,] H, W)``."""
        return image * self.known


def downsample(factor: int, kernel: str = "lanczos2") -> LanczosDownsample:
    """Make the operator that reduces ``(1, C, f H, f W)`` to ``(1, C, H, W)``, volumes likewise.

    Parameters
    ----------
    factor
        The reduction f, at least 2.
    kernel
        ``lanczos2`` (the paper's) or ``lanczos3``.

    Raises
    ------
    ValueError
        If the kernel is unknown or the factor below 2.
    """
    if kernel not in KERNELS:
        raise ValueError(f"unknown kernel {kernel!r}: choose from {', '.join(KERNELS)}")
    if factor < 2:
        raise ValueError(f"factor {factor} does not reduce: give an integer of 2 or more")
    return LanczosDownsample(factor, KERNELS[kernel])


def back_project(
    image: Tensor,
    measurement: Tensor,
    operator: nn.Module,
    rounds: int = 8,
    enlarged: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Make a picture consistent with its reduced measurement (Irani and Peleg 1991).

    Adds the enlarged residual ``y - A x``, a few times over.

    Parameters
    ----------
    image
        x, ``(1, C, [D,] H, W)``.
    measurement
        y, ``(1, C, [d,] h, w)``.
    operator
        A, a reduction as made by `downsample` or `Resampling`, alone or followed by a mask.
    rounds
        Number of iterations.
    enlarged
        Enlarges the residual; bicubic interpolation if None.
    """
    back = enlarged or partial(enlarge, size=image.shape[2:])
    for _ in range(rounds):
        image = image + back(measurement - operator(image))
    return image


def enlarge(image: Tensor, size: Sequence[int]) -> Tensor:
    """Interpolate ``(1, C, [D,] H, W)`` to `size` by cubic convolution along each side."""
    if image.ndim == 4:
        return F.interpolate(image, size=tuple(size), mode="bicubic", align_corners=False)
    slices = image.movedim(2, 1).flatten(0, 1)
    planes = enlarge(slices, size[1:]).unflatten(0, (1, -1)).movedim(1, 2)
    columns = planes.flatten(3)
    along = enlarge(columns, (size[0], columns.shape[-1]))
    larger: Tensor = along.unflatten(-1, tuple(size[1:]))
    return larger.contiguous()


def smooth(image: Tensor, sigma: float) -> Tensor:
    """Blur ``(1, C, H, W)`` by a Gaussian out to three standard deviations, edges repeated.

    Parameters
    ----------
    image
        The picture, of any size.
    sigma
        Standard deviation in pixels.
    """
    radius = max(1, math.ceil(3 * sigma))
    taps = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-0.5 * (taps / sigma).square())
    weights = weights / weights.sum()
    channels = image.shape[1]
    for across in (True, False):
        pads = (radius, radius, 0, 0) if across else (0, 0, radius, radius)
        kernel = weights.view(1, 1, 1, -1) if across else weights.view(1, 1, -1, 1)
        kernel = kernel.repeat(channels, 1, 1, 1)
        image = F.conv2d(F.pad(image, pads, mode="replicate"), kernel, groups=channels)
    return image
