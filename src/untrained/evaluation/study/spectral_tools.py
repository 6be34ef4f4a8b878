"""Power spectra of pictures by radial frequency."""

import torch
from torch import Tensor


def power(image: Tensor) -> Tensor:
    """Compute the power spectrum ``(H, W)`` of ``(1, C, H, W)``, summed over the channels.

    The mean is subtracted, and a Hann window keeps the jump at the picture's edges out of the high
    frequencies.
    """
    height, width = image.shape[-2:]
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(
        width, periodic=False
    )
    centred = (image - image.mean(dim=(-2, -1), keepdim=True)) * window
    spectrum: Tensor = torch.fft.fft2(centred.double()).abs().square().sum(dim=(0, 1))
    return spectrum


def radial_frequency(size: tuple[int, int]) -> Tensor:
    """Compute the radius of each FFT frequency, ``(H, W)``, in cycles per pixel."""
    rows, columns = (torch.fft.fftfreq(side) for side in size)
    return torch.hypot(rows[:, None], columns[None])


def band_of(size: tuple[int, int], bands: int) -> Tensor:
    """Number the band of each frequency, ``(H, W)``: equal widths to 1/2, corners in the last."""
    return (radial_frequency(size) * 2 * bands).long().clamp_max(bands - 1)


def band_power(image: Tensor, bands: int) -> Tensor:
    """Sum the power of ``(1, C, H, W)`` in each band, ``(bands,)``."""
    band = band_of((int(image.shape[-2]), int(image.shape[-1])), bands)
    return torch.zeros(bands, dtype=torch.float64).scatter_add_(
        0, band.flatten(), power(image).flatten()
    )


def spectral_slope(image: Tensor) -> float:
    """Fit ``power ~ frequency^-slope``: 0 for white noise, about 2 for natural pictures.

    The fit is a straight line through the logarithms of the mean power in rings one frequency step
    wide, from the second ring to 1/2 (natural pictures: Field 1987, doi 10.1364/JOSAA.4.002379).
    """
    size = (int(image.shape[-2]), int(image.shape[-1]))
    rings = min(size) // 2
    ring = (radial_frequency(size) * min(size)).round().long().flatten()
    counted = torch.zeros(int(ring.max()) + 1, dtype=torch.float64)
    total = counted.scatter_add(0, ring, power(image).flatten())
    number = counted.scatter_add(0, ring, torch.ones(ring.shape, dtype=torch.float64))
    inside = slice(2, rings + 1)
    x = torch.arange(len(counted), dtype=torch.float64)[inside].log()
    y = (total / number)[inside].clamp_min(1e-30).log()
    x, y = x - x.mean(), y - y.mean()
    return -float((x * y).sum() / x.square().sum())


def roughness(image: Tensor) -> float:
    """Compute the mean absolute difference of neighbouring samples over the standard deviation.

    It is the total variation of ``(1, C, H, W)`` per sample, without the contrast: about 1.13 for
    Gaussian white noise, near 0 for smooth pictures.
    """
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().mean()
    across = (image[..., 1:] - image[..., :-1]).abs().mean()
    deviation = (image - image.mean(dim=(-2, -1), keepdim=True)).square().mean().sqrt()
    return float((down + across) / 2 / deviation.clamp_min(1e-12))
