"""Collaborative filtering of pictures and volumes: groups of similar patches."""

import torch
from torch import Tensor

from untrained.denoisers import groups_2d, groups_3d
from untrained.denoisers.groups_2d import Combine
from untrained.numerics.opponent_colour import opponent
from untrained.picture.region import Size
from untrained.recipes import PatchSettings

_PRECISION = 1e-6
"""Least ridge, as a share of a group's power: what float32 can resolve."""
_LEAST_POWER = 1e-12
"""The same where a group is black."""


def combined_colours(
    image: Tensor, guide: Tensor, settings: PatchSettings, combine: Combine
) -> Tensor:
    """Combine groups of similar patches, or blocks, in the opponent space of the channels.

    Parameters
    ----------
    image
        A picture ``(1, C, H, W)`` or a volume ``(1, C, D, H, W)``.
    guide
        One of the same shape, in whose luminance the groups are found.
    settings, combine
        As for `groups_2d.combined`.

    Returns
    -------
    One of the same shape.
    """
    forth = opponent(image.shape[1]).to(image)
    noisy = torch.einsum("dc,nc...->nd...", forth, image)
    guide = noisy if guide is image else torch.einsum("dc,nc...->nd...", forth, guide)
    kind = groups_2d if image.ndim == 4 else groups_3d
    back: Tensor = torch.einsum(
        "dc,nd...->nc...", forth, kind.combined(noisy, guide, settings, combine)
    )
    return back.contiguous()


def factorised(gram: Tensor, ridge: Tensor | float) -> tuple[Tensor, Tensor]:
    """Factorise ``gram + ridge I`` of each group, by Cholesky; `gram` itself is overwritten.

    Returns
    -------
    Lower triangles (the identity where the factorisation fails), and where it fails, bool
    ``(...)``.
    """
    powers = gram.diagonal(dim1=-2, dim2=-1)
    powers += ridge + _PRECISION * powers.mean(-1, keepdim=True) + _LEAST_POWER
    factor, failed = torch.linalg.cholesky_ex(gram)
    singular = failed > 0
    if singular.any():
        factor[singular] = torch.eye(gram.shape[-1], device=gram.device)
    return factor, singular


def working_bytes(channels: int, size: Size, settings: PatchSettings) -> int:
    """Predict how many bytes `combined_colours` holds at most with patches like these."""
    if len(size) == 2:
        return groups_2d.working_bytes(channels, (size[0], size[1]), settings)
    return groups_3d.working_bytes(channels, size, settings)
