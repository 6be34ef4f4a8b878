"""Lanczos reduction, used by the forward operators and as pooling inside networks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def lanczos_kernel(factor: int, lobes: int) -> Tensor:
    """Sample the Lanczos window with `lobes` lobes for reduction by `factor`.

    The samples are those of the input pixels seen from the centre of the output pixel: half a pixel
    off it for an even factor (the authors' kernel with phase 0.5), on it for an odd one (their
    kernel with phase 0, without its zero border).

    Returns
    -------
    The one-dimensional kernel, float64, symmetric and summing to one, of ``2 * lobes * factor``
    samples, one less when `factor` is odd. Its outer product with itself is the two-dimensional
    kernel of Ulyanov et al. 2018 (arXiv:1711.10925).

    Raises
    ------
    ValueError
        If `factor` or `lobes` is below one.
    """
    if min(factor, lobes) < 1:
        raise ValueError(f"factor {factor} and lobes {lobes} must both be at least 1")
    taps = 2 * lobes * factor - factor % 2
    distance = (torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2) / factor
    weights = torch.sinc(distance) * torch.sinc(distance / lobes)
    return weights / weights.sum()


class LanczosDownsample(nn.Module):
    """Reduce every channel by `factor` with a Lanczos kernel, edge pixels replicated.

    Maps ``(N, C, H, W)`` to ``(N, C, H // factor, W // factor)`` for H, W >= `factor`; in volumes
    ``(N, C, D, H, W)`` all three sides are reduced. The kernel is a constant and channels do not
    mix. The original code had a dense convolution here, which the optimiser could change inside a
    network.
    """

    kernel: Tensor
    remainder: Tensor

    def __init__(self, factor: int, lobes: int) -> None:
        super().__init__()
        self.factor = factor
        exact = lanczos_kernel(factor, lobes)
        # Two float32 halves: exact to 1e-14 after .double(), and some devices have no float64.
        self.register_buffer("kernel", exact.float(), persistent=False)
        self.register_buffer("remainder", (exact - exact.float()).float(), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Reduce `image`, ``(N, C, [D,] H, W)``, along each side."""
        pad = (self.kernel.numel() - self.factor) // 2
        channels, axes = image.shape[1], image.ndim - 2
        convolve = F.conv2d if axes == 2 else F.conv3d
        reduced = F.pad(image, (pad,) * 2 * axes, mode="replicate")
        kernel = self.kernel.to(image.dtype) + self.remainder.to(image.dtype)
        for axis in range(axes):
            sides, strides = [1] * axes, [1] * axes
            sides[axis], strides[axis] = kernel.numel(), self.factor
            filters = kernel.view(1, 1, *sides).expand(channels, 1, *sides)
            reduced = convolve(reduced, filters, stride=tuple(strides), groups=channels)
        return reduced
