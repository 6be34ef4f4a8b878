"""Sparsity: the mean magnitude (L1) of a picture's wavelet coefficients, or of its pixels."""

from torch import Tensor
from torch.nn import functional as F


def wavelet_sparsity(image: Tensor, levels: int) -> Tensor:
    """Mean magnitude of the undecimated Haar wavelet coefficients; a scalar.

    The sum of the magnitudes of the details of an orthonormal transform, over all its shifts, a
    pixel and a shift (Donoho and Johnstone 1994; Coifman and Donoho 1995, doi
    10.1007/978-1-4612-2544-7_9). The picture is continued by its border.

    Parameters
    ----------
    image
        ``(1, C, H, W)``.
    levels
        Scales; those wider than the picture are left out.
    """
    smooth, total = image, image.new_zeros(())
    for level in range(levels):
        apart = 2**level
        if apart >= min(image.shape[-2:]):
            break
        low, high = _split(smooth, apart, dim=-1)
        smooth, rough = _split(low, apart, dim=-2)
        mixed, diagonal = _split(high, apart, dim=-2)
        details = sum(band.abs().mean() for band in (rough, mixed, diagonal))
        total = total + details / 2 ** (level + 1)
    return total


def pixel_sparsity(image: Tensor) -> Tensor:
    """Mean magnitude of the pixels: what is dark stays exactly dark; a scalar."""
    return image.abs().mean()


def _split(image: Tensor, apart: int, *, dim: int) -> tuple[Tensor, Tensor]:
    """Half the sum and half the difference of each pixel and the one `apart` further on."""
    gap = (0, apart, 0, 0) if dim == -1 else (0, 0, 0, apart)
    further = F.pad(image, gap, mode="replicate").narrow(dim, apart, image.shape[dim])
    return (image + further) / 2, (image - further) / 2
