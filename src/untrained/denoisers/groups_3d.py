"""Groups of similar blocks of voxels: `groups_2d` for volumes.

As BM4D extends BM3D (Maggioni et al. 2013, doi 10.1109/TIP.2012.2210725).
"""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from untrained.denoisers.groups_2d import Combine, add_combined, grid
from untrained.picture.region import Size
from untrained.recipes import PatchSettings
from untrained.system.heartbeat import beat

_TILE = 4
"""Blocks along each side of a tile that is searched at once."""
_FLOAT = 4
"""Bytes of a float32."""


def combined(noisy: Tensor, guide: Tensor, settings: PatchSettings, combine: Combine) -> Tensor:
    """Combine groups of similar blocks of a volume ``(1, C, D, H, W)``: `groups_2d.combined`."""
    noisy, guide = noisy[0], guide[0]
    total, share = torch.zeros_like(noisy), torch.zeros_like(noisy)
    tiles = list(_tiles(noisy.shape, settings, noisy.device))
    for number, (corners, region) in enumerate(tiles, 1):
        sums, counts = _tile(noisy[region], guide[region], corners, settings, combine)
        total[region] += sums
        share[region] += counts
        beat(number / len(tiles))
    return (total / share)[None]


def working_bytes(channels: int, size: Size, settings: PatchSettings) -> int:
    """Predict how many bytes `combined` holds at most for a volume of this size.

    The result, its weights, and the blocks of one tile: noisy, of the guide, filtered, one copy.
    """
    side = settings.side(channels)
    reach = (_TILE - 1) * settings.stride + 2 * settings.reach + 1
    places = torch.Size(min(length, reach) for length in size).numel()
    blocks = 4 * _FLOAT * channels * places * side**3
    return blocks + 5 * _FLOAT * channels * torch.Size(size).numel()


def _tiles(
    shape: torch.Size, settings: PatchSettings, device: torch.device
) -> Iterator[tuple[list[Tensor], tuple[slice, ...]]]:
    """Yield the places of blocks along each axis, tile by tile, and the region they search.

    The places count from the region's first voxel.
    """
    channels, *size = shape
    side, reach = settings.side(channels), settings.reach
    along = [grid(length - side + 1, device, settings.stride).split(_TILE) for length in size]
    for corners in itertools.product(*along):
        starts = [max(0, int(places[0]) - reach) for places in corners]
        stops = [
            min(length, int(places[-1]) + reach + side)
            for places, length in zip(corners, size, strict=True)
        ]
        inside = [places - start for places, start in zip(corners, starts, strict=True)]
        yield inside, (slice(None), *map(slice, starts, stops))


def _tile(
    noisy: Tensor, guide: Tensor, corners: list[Tensor], settings: PatchSettings, combine: Combine
) -> tuple[Tensor, Tensor]:
    """Filter the groups of the blocks at `corners` in a region ``(C, d, h, w)``.

    Returns
    -------
    Sums and weights of the blocks, both as the region.
    """
    side = settings.side(len(noisy))
    places = [length - side + 1 for length in noisy.shape[1:]]
    own, guides = (_blocks(part, side) for part in (noisy, guide))
    group = _groups(guides[0], corners, places, settings)
    sums, counts = torch.zeros_like(own), own.new_zeros(own.shape[:2])
    add_combined(sums, counts, own, guides, group, combine)
    weights = counts[..., None].expand_as(sums)
    return _folded(sums, noisy.shape, side), _folded(weights, noisy.shape, side)


def _blocks(region: Tensor, side: int) -> Tensor:
    """Extract all blocks of a region ``(C, d, h, w)``: ``(C, places, side^3)``."""
    blocks = region
    for axis in (1, 2, 3):
        blocks = blocks.unfold(axis, side, 1)
    return blocks.flatten(4).flatten(1, 3)


def _folded(blocks: Tensor, shape: torch.Size, side: int) -> Tensor:
    """Add blocks ``(C, places, side^3)`` up where they lie: the adjoint of `_blocks`."""
    region, places = blocks.new_zeros(shape), [length - side + 1 for length in shape[1:]]
    voxels = blocks.movedim(-1, 0).unflatten(2, places)
    for voxel, (z, y, x) in zip(voxels, itertools.product(range(side), repeat=3), strict=True):
        region[:, z : z + places[0], y : y + places[1], x : x + places[2]] += voxel
    return region


def _groups(
    blocks: Tensor, corners: list[Tensor], places: list[int], settings: PatchSettings
) -> Tensor:
    """Find the blocks nearest to each at `corners`: ``(tile, group)`` indices.

    Parameters
    ----------
    blocks
        ``(places, side^3)`` of the luminance.
    corners
        Places of the reference blocks along each axis.
    places
        Number of places along each axis.
    settings
        Size and reach of the groups.
    """
    z, y, x = corners
    wanted = ((z[:, None, None] * places[1] + y[:, None]) * places[2] + x).flatten()
    near_z, near_y, near_x = (
        (corner[:, None] - torch.arange(count, device=blocks.device)).abs() <= settings.reach
        for corner, count in zip(corners, places, strict=True)
    )
    near_plane = near_y[:, None, :, None] & near_x[:, None]
    near = (near_z[:, None, None, :, None, None] & near_plane[:, :, None]).flatten(0, 2).flatten(1)
    distance = blocks.square().sum(1) - 2 * blocks[wanted] @ blocks.T
    distance.masked_fill_(~near, torch.inf)
    # Each block is in its own group, even among equals, so that every voxel gets an estimate.
    distance[torch.arange(len(wanted), device=wanted.device), wanted] = -torch.inf
    fewest = int(near.sum(1).min())
    return distance.topk(min(settings.group, fewest), largest=False, sorted=False).indices
