"""NL-Bayes: patches that look alike, each filtered by their covariance (Lebrun et al. 2013).

Written from the formula of the paper (doi 10.1137/120874989). Where NL-Ridge combines the patches
of a group, this combines the pixels within each, all colours together.
"""

import torch
from torch import Tensor

from untrained.denoisers.collaborative import combined_colours, factorised
from untrained.denoisers.groups_2d import Stage

_SIDE = 8
"""Side of the patches of a picture of one channel; 6 of three."""
_LEAST = 4
"""Least side of a patch, which is that of a block too: they must not lie further apart."""
_GROUP = 64
"""Patches in a group."""


def nl_bayes(image: Tensor, sigma: float, *, pilot: Tensor, stage: Stage | None = None) -> Tensor:
    """Remove white Gaussian noise by the mean and covariance of groups of similar patches.

    Parameters
    ----------
    image
        ``(1, C, H, W)``; or a volume ``(1, C, D, H, W)``.
    sigma
        Standard deviation of the noise, in picture units.
    pilot
        An estimate of the clean picture, of the same shape, in which groups are found and whose
        means and covariances are taken for those of the truth.
    stage
        Size of patches and groups; that of `stage_for` when None.

    Returns
    -------
    A picture of the same shape, not clipped; the one given where sigma is 0 or a side shorter than
    a patch.
    """
    stage = stage or stage_for(image)
    if sigma <= 0 or min(image.shape[2:]) < stage.patch:
        return image
    return combined_colours(
        image, pilot, stage, lambda own, guide: _by_covariance(own, guide, sigma)
    )


def stage_for(image: Tensor) -> Stage:
    """Choose size of patches and groups for a picture, by its channels, or a volume."""
    side = round(_SIDE / image.shape[1] ** 0.25) if image.ndim == 4 else _LEAST
    return Stage(max(side, _LEAST), _GROUP)


def _by_covariance(own: Tensor, pilot: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """``m + (y - m) C (C + s^2 I)^-1`` with mean m and covariance C of the pilot's patches.

    By the identity of Woodbury: with k patches P less their mean, it is
    ``(Y - m) P' (P P' + k s^2 I)^-1 P``, where the matrix is of the size of the group. Where that
    cannot be inverted, the patches as they are.
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
