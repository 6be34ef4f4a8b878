"""NL-Ridge: patches that look alike, combined linearly (Herbreteau and Kervrann 2022).

Written from the formulas of the paper (arXiv:2203.12570); the groups are found on the luminance and
the channels of the opponent space are filtered apart, as CBM3D does (Dabov et al. 2007).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

_STRIDE = 4
"""Pixels between the patches that groups are sought for."""
_REACH = 18
"""Pixels within which a group is sought, each way."""
_TILE = 12
"""Patches along each side of a tile that is searched at once."""
_RIDGE = 1.05
"""Factor on the noise in the diagonals, for conditioning."""

_FLOAT = 4
"""Bytes of a float32."""

_KEPT = 3 * 2**26
"""Bytes that the allocator keeps at most, as measured with glibc."""

_PRECISION = 1e-6
"""Share of a group's power that the diagonals get at least: what float32 can resolve."""

_LEAST_POWER = 1e-12
"""The same where a group is black."""


class Stage(NamedTuple):
    """Settings of one of the two passes."""

    patch: int
    """Side of a patch in pixels."""
    group: int
    """Patches in a group."""


FIRST, SECOND = Stage(11, 18), Stage(9, 64)
SMALLEST = max(FIRST.patch, SECOND.patch)
"""Least side of a picture that has room for patches."""

Combine = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""From groups ``(..., k, n)`` and their pilots to what they become, and the combination's rows."""


def nl_ridge(
    image: Tensor, sigma: float, *, pilot: Tensor | None = None, stage: Stage = SECOND
) -> Tensor:
    """Remove white Gaussian noise by ridge regression within groups of similar patches.

    Parameters
    ----------
    image
        ``(1, C, H, W)``.
    sigma
        Standard deviation of the noise, in picture units.
    pilot
        An estimate of the clean picture, ``(1, C, H, W)``, in which groups are found and from which
        their combination is taken; the result of a first pass when None.
    stage
        Settings of the pass that has a pilot.

    Returns
    -------
    A picture of the same shape, not clipped; the one given where sigma is 0 or a side shorter than
    a patch.
    """
    height, width = image.shape[-2:]
    largest = stage.patch if pilot is not None else max(FIRST.patch, stage.patch)
    if sigma <= 0 or min(height, width) < largest:
        return image
    forth = opponent(image.shape[1]).to(image)
    noisy = torch.einsum("dc,nchw->ndhw", forth, image)
    if pilot is None:
        guide = _pass(noisy, noisy, FIRST, lambda own, _: by_risk(own, sigma))
    else:
        guide = torch.einsum("dc,nchw->ndhw", forth, pilot)
    clean = _pass(noisy, guide, stage, lambda own, guide: by_pilot(own, guide, sigma))
    back: Tensor = torch.einsum("dc,ndhw->nchw", forth, clean)
    return back.contiguous()


def working_bytes(channels: int, size: tuple[int, int]) -> int:
    """Predict how many bytes `nl_ridge` holds at most for a picture of this height and width.

    Beside the picture it is the patches of one band: noisy, of the guide, filtered, and one copy.
    As much again, up to a limit, is lost to what the allocator keeps between small bands.
    """
    rows = min(size[0], (_TILE - 1) * _STRIDE + 2 * _REACH + FIRST.patch)
    patches = 4 * _FLOAT * channels * rows * size[1] * FIRST.patch**2
    return patches + min(patches, _KEPT)


def opponent(channels: int) -> Tensor:
    """Give orthonormal rows, the first the mean of the channels (a cosine transform)."""
    places = (torch.arange(channels) + 0.5) * torch.pi / channels
    rows = torch.cos(torch.arange(channels)[:, None] * places)
    lengths: Tensor = rows.norm(dim=1, keepdim=True)
    return rows / lengths


def by_risk(own: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Combine so that Stein's estimate of the risk is least: ``(I - n s^2 (Y Y')^-1) Y``."""
    gram = own @ own.transpose(-1, -2)
    # Clipping to black or white leaves less noise than sigma says: no group has less than none.
    power = gram.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    noise = power.clamp(max=own.shape[-1] * sigma**2)
    weights = _shrinkage(gram, (_RIDGE - 1) * noise, noise)
    return weights @ own, weights


def by_pilot(own: Tensor, pilot: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Combine as if the pilot were the truth: ``P P' (P P' + n s^2 I)^-1 Y``."""
    noise = _RIDGE * own.shape[-1] * sigma**2
    weights = _shrinkage(pilot @ pilot.transpose(-1, -2), noise, noise)
    return weights @ own, weights


def _shrinkage(gram: Tensor, ridge: Tensor | float, noise: Tensor | float) -> Tensor:
    """``I - noise (gram + ridge I)^-1``; the identity where that cannot be inverted."""
    eye = torch.eye(gram.shape[-1], device=gram.device)
    floor = _PRECISION * gram.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    factor, failed = torch.linalg.cholesky_ex(gram + (ridge + floor + _LEAST_POWER) * eye)
    singular = failed[..., None, None] > 0
    inverse = torch.cholesky_inverse(torch.where(singular, eye, factor))
    weights: Tensor = torch.where(singular, eye, eye - noise * inverse)
    return weights


def _pass(noisy: Tensor, guide: Tensor, stage: Stage, combine: Combine) -> Tensor:
    """Group on the luminance of the guide, combine each channel, put the patches back."""
    side, height = stage.patch, noisy.shape[-2]
    total, share = torch.zeros_like(noisy), torch.zeros_like(noisy)
    for tops in grid(height - side + 1, noisy.device, _STRIDE).split(_TILE):
        first = max(0, int(tops[0]) - _REACH)
        end = min(height, int(tops[-1]) + _REACH + side)
        band = slice(first, end)
        sums, counts = _band(noisy[..., band, :], guide[..., band, :], tops - first, stage, combine)
        total[..., band, :] += sums
        share[..., band, :] += counts
    filtered: Tensor = total / share
    return filtered


def _band(
    noisy: Tensor, guide: Tensor, tops: Tensor, stage: Stage, combine: Combine
) -> tuple[Tensor, Tensor]:
    """Filter the groups of the patches at `tops` in a band that holds all their neighbours.

    Returns
    -------
    Sums and weights of the patches, both as the band.
    """
    side, (height, width) = stage.patch, noisy.shape[-2:]
    area = side * side
    own, guides = (
        F.unfold(part.transpose(0, 1), side).transpose(1, 2).contiguous() for part in (noisy, guide)
    )
    sums, counts = torch.zeros_like(own), own.new_zeros(own.shape[:2])
    for group in _groups(guides[0], tops, (height - side + 1, width - side + 1), stage):
        flat = group.flatten()
        for channel in range(len(own)):
            shape = (*group.shape, area)
            found, weights = combine(
                own[channel, flat].view(shape), guides[channel, flat].view(shape)
            )
            trust = 1 / weights.square().sum(-1).clamp_min(1e-3)
            sums[channel].index_add_(0, flat, (found * trust[..., None]).flatten(0, 1))
            counts[channel].index_add_(0, flat, trust.flatten())
    folded = (
        F.fold(part.transpose(1, 2), (height, width), side).transpose(0, 1)
        for part in (sums, counts[..., None].expand(-1, -1, area))
    )
    return next(folded), next(folded)


def _groups(
    patches: Tensor, tops: Tensor, places: tuple[int, int], stage: Stage
) -> Iterator[Tensor]:
    """Yield ``(patches of a tile, group)`` indices of the patches nearest to each.

    Parameters
    ----------
    patches
        ``(places, area)`` of the luminance.
    tops
        Rows of the patches that groups are sought for.
    places
        Rows and columns of places.
    stage
        Size of the groups.
    """
    rows = torch.arange(places[0], device=patches.device)
    squares = patches.square().sum(1)
    for lefts in grid(places[1], patches.device, _STRIDE).split(_TILE):
        first, last = int(lefts[0]) - _REACH, int(lefts[-1]) + _REACH
        columns = torch.arange(max(0, first), min(places[1], last + 1), device=patches.device)
        candidates = (rows[:, None] * places[1] + columns).flatten()
        wanted = (tops[:, None] * places[1] + lefts).flatten()
        distance = squares[candidates] - 2 * patches[wanted] @ patches[candidates].T
        far_rows = (tops[:, None] - rows).abs() > _REACH
        far_columns = (lefts[:, None] - columns).abs() > _REACH
        far = (far_rows[:, None, :, None] | far_columns[None, :, None, :]).view(distance.shape)
        distance.masked_fill_(far, torch.inf)
        # Each patch is of its own group, even among equals: no pixel goes without an estimate.
        itself = (tops[:, None] * len(columns) + lefts - columns[0]).flatten()
        distance[torch.arange(len(itself), device=itself.device), itself] = -torch.inf
        fewest = int((~far).sum(1).min())
        best = distance.topk(min(stage.group, fewest), largest=False, sorted=False).indices
        yield candidates[best]


def grid(count: int, device: torch.device, stride: int) -> Tensor:
    """Every place at multiples of `stride`, and the last."""
    places = torch.arange(0, count, stride, device=device)
    last = torch.tensor([count - 1], device=device)
    found: Tensor = torch.unique(torch.cat([places, last]))
    return found
