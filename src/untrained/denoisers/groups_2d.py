"""Groups of similar patches: found in a guide, combined, put back in place.

The groups are found on the luminance, as CBM3D does (Dabov et al. 2007).
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.recipes import PatchSettings
from untrained.system.heartbeat import beat
from untrained.system.parallel import parallel_map, workers

_TILE = 12
"""Reference patches along each side of a tile that is searched at once."""

_FLOAT = 4
"""Bytes of a float32."""

_ROOM = 2**30
"""Upper limit on the bytes of all bands in work."""

_KEPT = 3 * 2**26
"""Most bytes that the allocator keeps, as measured with glibc."""


Combine = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""From groups ``(C, groups, k, n)`` of a picture and its guide to the filtered groups, and a weight
for each patch ``(C, groups, k)``."""


def combined(noisy: Tensor, guide: Tensor, settings: PatchSettings, combine: Combine) -> Tensor:
    """Combine the groups of similar patches of a picture, and put the patches back.

    Parameters
    ----------
    noisy
        ``(1, C, H, W)``, its first channel the luminance; no side shorter than a patch.
    guide
        Of the same shape; the groups are found in it.
    settings
        Size of patches and groups, distance of reference patches, reach of a group.
    combine
        Filters the groups.

    Returns
    -------
    A picture of the same shape: the weighted mean of the filtered patches.
    """
    channels, height, width = noisy.shape[1:]
    side, reach = settings.side(channels), settings.reach
    total, share = torch.zeros_like(noisy), torch.zeros_like(noisy)
    alike = guide is noisy

    def filtered(tops: Tensor) -> tuple[slice, Tensor, Tensor]:
        first = max(0, int(tops[0]) - reach)
        band = slice(first, min(height, int(tops[-1]) + reach + side))
        own = noisy[..., band, :]
        found = _band(own, own if alike else guide[..., band, :], tops - first, settings, combine)
        return band, *found

    tops = grid(height - side + 1, noisy.device, settings.stride).split(_TILE)
    at_once = _bands_at_once(channels, (height, width), settings)
    bands = parallel_map(filtered, tops, at_once, noisy.device)
    for number, (band, sums, counts) in enumerate(bands, 1):
        total[..., band, :] += sums
        share[..., band, :] += counts
        beat(number / len(tops))
    return total.div_(share)


def working_bytes(channels: int, size: tuple[int, int], settings: PatchSettings) -> int:
    """Predict how many bytes `combined` holds at most for a picture of this height and width.

    The picture and the bands in work. As much again, up to a limit, for what the allocator keeps
    between small bands.
    """
    patches = _bands_at_once(channels, size, settings) * _band_bytes(channels, size, settings)
    return patches + min(patches, _KEPT)


def _band_bytes(channels: int, size: tuple[int, int], settings: PatchSettings) -> int:
    """Compute the bytes of one band's patches: noisy, of the guide, filtered, and one copy."""
    side = settings.side(channels)
    rows = min(size[0], (_TILE - 1) * settings.stride + 2 * settings.reach + side)
    return 4 * _FLOAT * channels * rows * size[1] * side**2


def _bands_at_once(channels: int, size: tuple[int, int], settings: PatchSettings) -> int:
    """Compute how many bands fit in the limit; at least one."""
    return workers(_ROOM // _band_bytes(channels, size, settings))


def _band(
    noisy: Tensor, guide: Tensor, tops: Tensor, settings: PatchSettings, combine: Combine
) -> tuple[Tensor, Tensor]:
    """Filter the groups of the patches at `tops` in a band that holds all their neighbours.

    Returns
    -------
    Sums and weights of the patches, both as the band.
    """
    side, (height, width) = settings.side(noisy.shape[1]), noisy.shape[-2:]
    places = height - side + 1, width - side + 1
    own = _patches(noisy[0], side)
    guides = own if guide is noisy else _patches(guide[0], side)
    sums, counts = torch.zeros_like(own), own.new_zeros(own.shape[:2])
    for group in _groups(guides[0], tops, places, settings):
        add_combined(sums, counts, own, guides, group, combine)
    folded = F.fold(sums.transpose(1, 2), (height, width), side).transpose(0, 1)
    wide = F.pad(counts.view(1, -1, *places), (side - 1,) * 4)
    return folded, F.avg_pool2d(wide, side, stride=1, divisor_override=1)


def _patches(band: Tensor, side: int) -> Tensor:
    """Extract all patches of a band ``(C, h, w)``: ``(C, places, side^2)``."""
    return band.unfold(1, side, 1).unfold(2, side, 1).flatten(3).flatten(1, 2)


def add_combined(
    sums: Tensor, counts: Tensor, own: Tensor, guides: Tensor, group: Tensor, combine: Combine
) -> None:
    """Combine groups, and add the filtered patches to sums and weights, in place.

    Parameters
    ----------
    sums, own, guides
        Of each patch, ``(C, places, n)``.
    counts
        ``(C, places)``.
    group
        ``(groups, k)`` indices of patches.
    combine
        Filters the groups.
    """
    flat, shape = group.flatten(), (len(own), *group.shape, own.shape[-1])
    mine = own[:, flat].view(shape)
    found, trust = combine(mine, mine if guides is own else guides[:, flat].view(shape))
    sums.index_add_(1, flat, (found * trust[..., None]).flatten(1, 2))
    counts.index_add_(1, flat, trust.flatten(1))


def _groups(
    patches: Tensor, tops: Tensor, places: tuple[int, int], settings: PatchSettings
) -> Iterator[Tensor]:
    """Yield ``(patches of a tile, group)`` indices of the patches nearest to each.

    Parameters
    ----------
    patches
        ``(places, area)`` of the luminance.
    tops
        Rows of the reference patches.
    places
        Rows and columns of places.
    settings
        Size and reach of the groups.
    """
    reach = settings.reach
    rows = torch.arange(places[0], device=patches.device)
    squares = patches.square().sum(1)
    for lefts in grid(places[1], patches.device, settings.stride).split(_TILE):
        first, last = int(lefts[0]) - reach, int(lefts[-1]) + reach
        columns = torch.arange(max(0, first), min(places[1], last + 1), device=patches.device)
        candidates = (rows[:, None] * places[1] + columns).flatten()
        wanted = (tops[:, None] * places[1] + lefts).flatten()
        distance = squares[candidates] - 2 * patches[wanted] @ patches[candidates].T
        far_rows = (tops[:, None] - rows).abs() > reach
        far_columns = (lefts[:, None] - columns).abs() > reach
        far = (far_rows[:, None, :, None] | far_columns[None, :, None, :]).view(distance.shape)
        distance.masked_fill_(far, torch.inf)
        # Each patch is in its own group, even among equals, so that every pixel gets an estimate.
        itself = (tops[:, None] * len(columns) + lefts - columns[0]).flatten()
        distance[torch.arange(len(itself), device=itself.device), itself] = -torch.inf
        fewest = int((~far).sum(1).min())
        best = distance.topk(min(settings.group, fewest), largest=False, sorted=False).indices
        yield candidates[best]


def grid(count: int, device: torch.device, stride: int) -> Tensor:
    """List the places at multiples of `stride`, and the last."""
    places = torch.arange(0, count, stride, device=device)
    last = torch.tensor([count - 1], device=device)
    found: Tensor = torch.unique(torch.cat([places, last]))
    return found
