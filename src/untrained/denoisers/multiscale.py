"""Self-similarity at two scales, and again: what NL-Ridge alone leaves to be gained."""

from torch import Tensor
from torch.nn import functional as F

from untrained.denoisers.nl_ridge import SMALLEST, nl_ridge
from untrained.denoisers.registry import FILTERS
from untrained.recipes import DenoiserName

_CELL = 8
"""Pixels along the cells whose means the coarse scale tells: half-size pixels, 4 by 4."""
_RETURNED = 0.4
"""Share of the residual that comes back."""
_RETURNED_COARSE = 0.7
"""The same at half the size."""


def at_scales(image: Tensor, sigma: float, scales: int, *, again: bool) -> Tensor:
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
    again
        Whether what NL-Ridge has found goes through `both`; at half the size, through NL-Bayes.

    Returns
    -------
    One of the same shape, not clipped; of one scale where half the picture has no room for patches.
    """
    estimate = nl_ridge(image, sigma)
    if scales == 2 and image.ndim == 4 and min(image.shape[-2:]) >= 2 * SMALLEST[2]:
        half = _half(image)
        coarse = nl_ridge(half, sigma / 2)
        if again:
            coarse = regained(coarse, half, sigma / 2, _RETURNED_COARSE, "nl-bayes")
        estimate = _with_means(estimate, coarse)
    return both(estimate, image, sigma) if again else estimate


def both(estimate: Tensor, image: Tensor, sigma: float) -> Tensor:
    """Filter again with the estimate as pilot, by NL-Ridge and by NL-Bayes: the mean.

    They combine patches and pixels, so that what they lose or leave differs. NL-Bayes filters the
    noisy picture; NL-Ridge, whose patches are larger, the estimate with a part of its residual.

    Parameters
    ----------
    estimate, image
        The picture so far and the noisy one, ``(1, C, H, W)`` or ``(1, C, D, H, W)``.
    sigma
        Standard deviation of the noise of the second.
    """
    ridge = regained(estimate, image, sigma, _RETURNED, "nl-ridge")
    return ridge.lerp(regained(estimate, image, sigma, 1, "nl-bayes"), 0.5)


def regained(
    estimate: Tensor, image: Tensor, sigma: float, returned: float, method: DenoiserName
) -> Tensor:
    """Return a part of the residual and filter again, with the estimate as pilot.

    The residual holds what was lost beside the noise (iterative regularisation, Osher et al. 2005,
    doi 10.1137/040605412).

    Parameters
    ----------
    estimate, image, sigma
        As for `both`.
    returned
        Share of the residual, above 0; 1 filters the noisy picture.
    method
        The filter.
    """
    return FILTERS[method](estimate.lerp(image, returned), returned * sigma, pilot=estimate)


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
