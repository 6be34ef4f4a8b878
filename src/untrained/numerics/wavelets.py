"""Sparsity: the mean magnitude (L1) of a picture's wavelet coefficients, or of its pixels."""

import torch
from torch import Tensor


def wavelet_sparsity(image: Tensor, levels: int) -> Tensor:
    """Compute the mean magnitude of the undecimated Haar wavelet coefficients; a scalar.

    The magnitudes of the details of an orthonormal transform, summed over all its shifts, per pixel
    and shift (Donoho and Johnstone 1994; Coifman and Donoho 1995, doi
    10.1007/978-1-4612-2544-7_9). The border of the picture is repeated.

    Parameters
    ----------
    image
        ``(1, C, [D,] H, W)``.
    levels
        Scales; those wider than the picture are left out.
    """
    axes = range(2, image.ndim)
    smooth, total = image, image.new_zeros(())
    for level in range(levels):
        if 2**level >= min(image.shape[2:]):
            break
        bands = [smooth]
        for axis in axes:
            bands = [half for band in bands for half in _split(band, 2**level, axis)]
        smooth, *details = bands
        weight = 2 ** (-(level + 1) * len(axes) / 2)
        total = total + weight * sum(band.abs().mean() for band in details)
    return total


def pixel_sparsity(image: Tensor) -> Tensor:
    """Compute the mean magnitude of the pixels, a scalar: dark pixels stay exactly dark."""
    return image.abs().mean()


def _split(image: Tensor, apart: int, axis: int) -> tuple[Tensor, Tensor]:
    """Return half the sum and half the difference of each pixel and the one `apart` further on."""
    side = image.shape[axis]
    places = torch.arange(side, device=image.device) + apart
    further = image.index_select(axis, places.clamp_max(side - 1))
    return (image + further) / 2, (image - further) / 2
