"""Convolution without assumptions about the border."""

import math
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.arguments import Within, checked
from untrained.errors import RequestError
from untrained.operators.adjoint import adjoint
from untrained.picture.arrays import RealNumbers
from untrained.system.torch_state import in_usual_state

_LEAST_POWER = 0.1
"""Least power of the kernel's spectrum that is whitened, relative to the largest."""


_WIDEST = 2000.0
"""Pixels of a standard deviation above which a request is a slip."""


class Convolution(nn.Module):
    """Convolve and keep only the part that needs no border assumption.

    ``y_ij = sum_kl k_kl x_(i + h - 1 - k, j + w - 1 - l)`` for a kernel of h rows and w columns:
    from ``(1, C, H + h - 1, W + w - 1)`` to ``(1, C, H, W)``. The picture is larger than the
    measurement by the reach of the kernel.

    Parameters
    ----------
    reach
        h and w.
    """

    def __init__(self, reach: tuple[int, int]) -> None:
        super().__init__()
        self.reach = reach

    def psf(self) -> Tensor:
        """The kernel ``(h, w)``, the same for all channels."""
        raise NotImplementedError

    def corner(self) -> tuple[int, int]:
        """Return the row and column of the picture under the first pixel of the measurement."""
        rows, columns = self.reach
        return (rows - 1) // 2, (columns - 1) // 2

    def forward(self, image: Tensor) -> Tensor:
        """Blur ``(1, C, H + h - 1, W + w - 1)`` to ``(1, C, H, W)``."""
        channels = image.shape[1]
        weights = self.psf().to(image.dtype).flip(0, 1).repeat(channels, 1, 1, 1)
        return F.conv2d(image, weights, groups=channels)

    def A(self, image: Tensor) -> Tensor:
        """Apply `forward`."""
        return self.forward(image)

    def A_adjoint(self, measurement: Tensor) -> Tensor:
        """Correlate with the kernel, zeros around: ``(1, C, H + h - 1, W + w - 1)``."""
        height, width = self.extended(measurement.shape[-2], measurement.shape[-1])
        return adjoint(self, measurement, (height, width))

    def extended(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width of the picture of a measurement of `height` and `width`."""
        return height + self.reach[0] - 1, width + self.reach[1] - 1

    def centre(self, image: Tensor) -> Tensor:
        """Cut the picture to the ``(1, C, H, W)`` under the middle of the kernel."""
        (rows, columns), (top, left) = self.reach, self.corner()
        height, width = image.shape[-2] - rows + 1, image.shape[-1] - columns + 1
        return image[..., top : top + height, left : left + width]

    def frame(self, measurement: Tensor) -> Tensor:
        """Repeat the edges of ``(1, C, H, W)`` up to the picture's size; `centre` undoes it."""
        (rows, columns), (top, left) = self.reach, self.corner()
        pads = (left, columns - 1 - left, top, rows - 1 - top)
        return F.pad(measurement, pads, mode="replicate")


class Blur(Convolution):
    """Convolve with a known kernel; see `Convolution`.

    Parameters
    ----------
    kernel
        ``(h, w)``, real; the same for all channels.

    Raises
    ------
    RequestError
        If it is not two-dimensional, not finite or all zero.
    """

    kernel: Tensor

    def __init__(self, kernel: Tensor) -> None:
        if kernel.ndim != 2 or 0 in kernel.shape:
            raise RequestError(f"a kernel of shape {tuple(kernel.shape)}: give rows and columns")
        if not bool(kernel.isfinite().all()):
            raise RequestError("the kernel has entries that are not finite: give finite numbers")
        if not bool(kernel.any()):
            raise RequestError("the kernel is all zero: give one with an entry that is not 0")
        super().__init__((kernel.shape[0], kernel.shape[1]))
        self.register_buffer("kernel", kernel.float(), persistent=False)

    def psf(self) -> Tensor:
        """The kernel."""
        return self.kernel

    def whiten(self, measurement: Tensor) -> Tensor:
        """Divide the spectrum by ``(|K|^2 + e)^(1/2)``, K that of the kernel.

        ``(A A* + e)^(-1/2)`` but for the border (Tirer and Giryes 2020, doi
        10.1109/TIP.2020.2988779), with e a tenth of the largest ``|K|^2``.
        """
        size = measurement.shape[-2:]
        power = torch.fft.rfft2(self.kernel.to(measurement.dtype), s=size).abs().square()
        response = (power / power.max() + _LEAST_POWER).rsqrt()
        whitened: Tensor = torch.fft.irfft2(torch.fft.rfft2(measurement) * response, s=size)
        return whitened


@in_usual_state()
@checked
def blur(kernel: RealNumbers) -> Blur:
    """Make the operator that blurs with a kernel.

    Parameters
    ----------
    kernel
        ``(h, w)``, as in `Blur`: an array, a tensor, a list or a path; it is not normalised.
    """
    return Blur(kernel)


@in_usual_state()
@checked
def gaussian_kernel(sigma: Annotated[float, Within(most=_WIDEST)]) -> Tensor:
    """Sample a Gaussian out to four standard deviations, with sum 1.

    Parameters
    ----------
    sigma
        Standard deviation in pixels.

    Raises
    ------
    RequestError
        If it is not positive and finite.
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise RequestError(f"sigma is {sigma:g}: give a finite standard deviation above 0")
    reach = math.ceil(4 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma).square())
    kernel = torch.outer(taps, taps)
    return kernel / kernel.sum()
