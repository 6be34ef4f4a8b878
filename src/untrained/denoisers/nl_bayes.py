"""NL-Bayes: similar patches, each filtered by their covariance (Lebrun et al. 2013).

Written from the formula of the paper (doi 10.1137/120874989). Where NL-Ridge combines the patches
of a group, this combines the pixels within each, all colours together.
"""

import torch
from torch import Tensor

from untrained.denoisers.collaborative import combined_colours, factorised
from untrained.denoisers.registry import denoiser
from untrained.recipes import NLBayes


@denoiser(NLBayes)
def nl_bayes(image: Tensor, sigma: float, settings: NLBayes, *, pilot: Tensor) -> Tensor:
    """Remove white Gaussian noise by the mean and covariance of groups of similar patches.

    Parameters
    ----------
    image
        ``(1, C, H, W)``; or a volume ``(1, C, D, H, W)``.
    sigma
        Standard deviation of the noise, in picture units.
    settings
        Size of patches and groups.
    pilot
        An estimate of the clean picture, of the same shape. It gives the groups and, in place of
        the truth, their means and covariances.

    Returns
    -------
    A picture of the same shape, not clipped; `image` itself if sigma is 0 or a side is shorter than
    a patch.
    """
    if sigma <= 0 or min(image.shape[2:]) < settings.least_side(image.shape[1]):
        return image
    return combined_colours(
        image, pilot, settings, lambda own, guide: _by_covariance(own, guide, sigma)
    )


def _by_covariance(own: Tensor, pilot: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Compute ``m + (y - m) C (C + s^2 I)^-1``: m, C are mean and covariance of pilot patches.

    By Woodbury's identity, for k patches P less their mean, it is
    ``(Y - m) P' (P P' + k s^2 I)^-1 P``, with a matrix of the size of the group. If that cannot be
    inverted, the patches stay as they are.
    """
    trust = own.new_ones(own.shape[:-1])
    shape = own.shape
    own, pilot = (part.movedim(0, -2).flatten(-2) for part in (own, pilot))
    mean, own_mean = (part.mean(-2, keepdim=True) for part in (pilot, own))
    spread = pilot - mean
    gram = spread @ spread.transpose(-1, -2)
    factor, singular = factorised(gram, gram.shape[-1] * sigma**2)
    along = torch.cholesky_solve(spread, factor)
    found = mean + (own - own_mean) @ spread.transpose(-1, -2) @ along
    if singular.any():
        found[singular] = own[singular]
    return found.unflatten(-1, (shape[0], shape[-1])).movedim(-2, 0), trust
