"""NL-Ridge: similar patches, combined linearly (Herbreteau and Kervrann 2022).

Written from the formulas of the paper (arXiv:2203.12570); the channels of the opponent space are
filtered apart, as CBM3D does (Dabov et al. 2007).
"""

import torch
from torch import Tensor

from untrained.denoisers.collaborative import combined_colours, factorised
from untrained.denoisers.registry import denoiser
from untrained.recipes import NL_RIDGE_TWICE, NLRidge
from untrained.system.heartbeat import part


def nl_ridge_twice(
    image: Tensor, sigma: float, settings: tuple[NLRidge, NLRidge] | None = None
) -> Tensor:
    """Remove white Gaussian noise in two passes; the first result is the pilot of the second.

    Parameters
    ----------
    image, sigma
        As for `nl_ridge`.
    settings
        Settings of both passes; `NL_RIDGE_TWICE` if None.

    Returns
    -------
    A picture of the same shape, not clipped; `image` itself if sigma is 0 or a side has no room for
    a patch.
    """
    first, second = settings or NL_RIDGE_TWICE[image.ndim - 2]
    channels, sides = image.shape[1], image.shape[2:]
    if min(sides) < max(first.least_side(channels), second.least_side(channels)):
        return image
    with part(0, 2):
        pilot = nl_ridge(image, sigma, first)
    with part(1, 2):
        return nl_ridge(image, sigma, second, pilot=pilot)


@denoiser(NLRidge)
def nl_ridge(
    image: Tensor, sigma: float, settings: NLRidge, *, pilot: Tensor | None = None
) -> Tensor:
    """Remove white Gaussian noise by ridge regression within groups of similar patches.

    Parameters
    ----------
    image
        ``(1, C, H, W)``; or a volume ``(1, C, D, H, W)``, with blocks of voxels as patches, as in
        BM4D (Maggioni et al. 2013, doi 10.1109/TIP.2012.2210725).
    sigma
        Standard deviation of the noise, in picture units.
    settings
        Size of patches and groups, conditioning.
    pilot
        An estimate of the clean picture, of the same shape. It gives the groups and the weights of
        their combination. If None, both come from the noisy picture, by Stein's unbiased risk
        estimate.

    Returns
    -------
    A picture of the same shape, not clipped; `image` itself if sigma is 0 or a side is shorter than
    a patch.
    """
    if sigma <= 0 or min(image.shape[2:]) < settings.least_side(image.shape[1]):
        return image
    ridge = settings.ridge
    if pilot is None:
        return combined_colours(image, image, settings, lambda own, _: _by_risk(own, sigma, ridge))
    return combined_colours(
        image, pilot, settings, lambda own, guide: _by_pilot(own, guide, sigma, ridge)
    )


def _by_risk(own: Tensor, sigma: float, ridge: float) -> tuple[Tensor, Tensor]:
    """Combine patches by the least Stein risk estimate: ``(I - n s^2 (Y Y')^-1) Y``."""
    gram = own @ own.transpose(-1, -2)
    # Clipping can leave less noise than sigma, never more than the power of the group.
    power = gram.diagonal(dim1=-2, dim2=-1).mean(-1, keepdim=True)
    noise = power.clamp(max=own.shape[-1] * sigma**2)
    weights = _shrinkage(gram, (ridge - 1) * noise, noise)
    return weights @ own, _trust(weights)


def _by_pilot(own: Tensor, pilot: Tensor, sigma: float, ridge: float) -> tuple[Tensor, Tensor]:
    """Combine patches with the pilot in place of the truth: ``P P' (P P' + n s^2 I)^-1 Y``."""
    noise = ridge * own.shape[-1] * sigma**2
    weights = _shrinkage(pilot @ pilot.transpose(-1, -2), noise, noise)
    return weights @ own, _trust(weights)


def _trust(weights: Tensor) -> Tensor:
    """Compute one over the remaining noise of each patch."""
    return 1 / weights.square().sum(-1).clamp_min(1e-3)


def _shrinkage(gram: Tensor, ridge: Tensor | float, noise: Tensor | float) -> Tensor:
    """Compute ``I - noise (gram + ridge I)^-1``; the identity where that cannot be inverted.

    Parameters
    ----------
    gram
        ``(..., k, k)``; it is overwritten.
    ridge, noise
        One for all, or ``(..., 1)``.
    """
    factor, singular = factorised(gram, ridge)
    weights = torch.cholesky_inverse(factor)
    weights *= -(noise[..., None] if isinstance(noise, Tensor) else noise)
    weights.diagonal(dim1=-2, dim2=-1).add_(1)
    if singular.any():
        weights[singular] = torch.eye(weights.shape[-1], device=weights.device)
    return weights
