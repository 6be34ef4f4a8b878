"""Self-similarity at two scales, and again: what NL-Ridge alone leaves to be gained."""

from torch import Tensor
from torch.nn import functional as F

from untrained.similar import self_similar, smallest

_CELL = 8
"""Pixels along the cells whose means the coarse scale tells: half-size pixels, 4 by 4."""


def at_scales(image: Tensor, sigma: float, scales: int, *, rounds: int, returned: float) -> Tensor:
    """Remove white Gaussian noise; the low frequencies of a picture are found at half its size.

    A group of patches averages what lies within it: noise of longer waves stays, above all in the
    colours. At half the size a patch covers four times the area under half the noise, so that scale
    tells the means of cells, and the fine one all else (as Facciolo, Pierazzo and Morel 2017, doi
    10.1137/17M1111826, who join the scales by cosine transforms).

    Parameters
    ----------
    image
        ``(1, C, H, W)``; or a volume ``(1, C, D, H, W)``, for which there is one scale.
    sigma
        Standard deviation of the noise, in picture units.
    scales
        1 or 2.
    rounds, returned
        As for `regained`, at both scales.

    Returns
    -------
    One of the same shape, not clipped; of one scale where half the picture has no room for patches.
    """
    estimate = self_similar(image, sigma)
    if scales == 2 and image.ndim == 4 and min(image.shape[-2:]) >= 2 * smallest(2):
        half = _half(image)
        coarse = regained(self_similar(half, sigma / 2), half, sigma / 2, rounds, returned)
        estimate = _with_means(estimate, coarse)
    return regained(estimate, image, sigma, rounds, returned)


def regained(estimate: Tensor, image: Tensor, sigma: float, rounds: int, returned: float) -> Tensor:
    """Return a part of the residual and filter again, with the estimate as pilot.

    The residual holds what was lost beside the noise (iterative regularisation, Osher et al. 2005,
    doi 10.1137/040605412).

    Parameters
    ----------
    estimate, image
        The picture so far and the noisy one, ``(1, C, H, W)`` or ``(1, C, D, H, W)``.
    sigma
        Standard deviation of the noise of the second.
    rounds
        How often.
    returned
        Share of the residual, above 0; 1 filters the noisy picture.
    """
    for _ in range(rounds):
        quieter = estimate.lerp(image, returned)
        estimate = self_similar(quieter, returned * sigma, pilot=estimate)
    return estimate


def _half(image: Tensor) -> Tensor:
    """Means of 2x2 pixels, of a picture mirrored beyond its edges to whole cells."""
    bottom, right = (-side % _CELL for side in image.shape[-2:])
    return F.avg_pool2d(F.pad(image, (0, right, 0, bottom), mode="reflect"), 2)


def _with_means(estimate: Tensor, coarse: Tensor) -> Tensor:
    """Take the means of cells from the coarse picture, in between interpolated."""
    height, width = estimate.shape[-2:]
    off = F.avg_pool2d(coarse - _half(estimate), _CELL // 2)
    wide = F.interpolate(off, scale_factor=_CELL, mode="bicubic", align_corners=False)
    mended: Tensor = estimate + wide[..., :height, :width]
    return mended
