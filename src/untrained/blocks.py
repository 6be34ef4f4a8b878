"""NL-Ridge of volumes: blocks that look alike, combined linearly.

The method of `nlridge` (Herbreteau and Kervrann 2022, arXiv:2203.12570) with blocks of voxels in
place of patches, as BM4D is to BM3D (Maggioni et al. 2013, doi 10.1109/TIP.2012.2210725).
"""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor

from untrained.nlridge import Combine, Stage, by_pilot, by_risk, grid, opponent
from untrained.window import Size

_STRIDE = 3
"""Voxels between the blocks that groups are sought for."""
_REACH = 5
"""Voxels within which a group is sought, each way."""
_TILE = 4
"""Blocks along each side of a tile that is searched at once."""
_FLOAT = 4
"""Bytes of a float32."""

FIRST, SECOND = Stage(4, 18), Stage(4, 64)
SMALLEST = max(FIRST.patch, SECOND.patch)
"""Least side of a volume that has room for blocks."""


def ridge_of_blocks(
    volume: Tensor, sigma: float, *, pilot: Tensor | None = None, stage: Stage = SECOND
) -> Tensor:
    """Remove white Gaussian noise by ridge regression within groups of similar blocks.

    Parameters
    ----------
    volume
        ``(1, C, D, H, W)``.
    sigma, pilot, stage
        As for `nlridge.nl_ridge`.

    Returns
    -------
    A volume of the same shape, not clipped; the one given where sigma is 0 or a side shorter than a
    block.
    """
    largest = stage.patch if pilot is not None else max(FIRST.patch, stage.patch)
    if sigma <= 0 or min(volume.shape[2:]) < largest:
        return volume
    forth = opponent(volume.shape[1]).to(volume)
    noisy = torch.einsum("dc,czyx->dzyx", forth, volume[0])
    if pilot is None:
        guide = _pass(noisy, noisy, FIRST, lambda own, _: by_risk(own, sigma))
    else:
        guide = torch.einsum("dc,czyx->dzyx", forth, pilot[0])
    clean = _pass(noisy, guide, stage, lambda own, guide: by_pilot(own, guide, sigma))
    return torch.einsum("dc,dzyx->czyx", forth, clean)[None].contiguous()


def working_bytes(channels: int, size: Size) -> int:
    """Predict how many bytes `ridge_of_blocks` holds at most for a volume of this size.

    Beside the result and its weights it is the blocks of one tile: noisy, of the guide, filtered,
    and one copy.
    """
    reach = (_TILE - 1) * _STRIDE + 2 * _REACH + 1
    places = torch.Size(min(side, reach) for side in size).numel()
    blocks = 4 * _FLOAT * channels * places * SMALLEST**3
    return blocks + 5 * _FLOAT * channels * torch.Size(size).numel()


def _pass(noisy: Tensor, guide: Tensor, stage: Stage, combine: Combine) -> Tensor:
    """Group on the luminance of the guide, combine each channel, put the blocks back."""
    total, share = torch.zeros_like(noisy), torch.zeros_like(noisy)
    for corners, region in _tiles(noisy.shape[1:], stage.patch, noisy.device):
        sums, counts = _tile(noisy[region], guide[region], corners, stage, combine)
        total[region] += sums
        share[region] += counts
    return total / share


def _tiles(
    size: torch.Size, side: int, device: torch.device
) -> Iterator[tuple[list[Tensor], tuple[slice, ...]]]:
    """Yield the places of blocks along each axis, tile by tile, and the region they may look at.

    The places count from the region's first voxel.
    """
    along = [grid(length - side + 1, device, _STRIDE).split(_TILE) for length in size]
    for corners in itertools.product(*along):
        starts = [max(0, int(places[0]) - _REACH) for places in corners]
        stops = [
            min(length, int(places[-1]) + _REACH + side)
            for places, length in zip(corners, size, strict=True)
        ]
        inside = [places - start for places, start in zip(corners, starts, strict=True)]
        yield inside, (slice(None), *map(slice, starts, stops))


def _tile(
    noisy: Tensor, guide: Tensor, corners: list[Tensor], stage: Stage, combine: Combine
) -> tuple[Tensor, Tensor]:
    """Filter the groups of the blocks at `corners` in a region ``(C, d, h, w)``.

    Returns
    -------
    Sums and weights of the blocks, both as the region.
    """
    side = stage.patch
    places = [length - side + 1 for length in noisy.shape[1:]]
    own, guides = (_blocks(part, side) for part in (noisy, guide))
    group = _groups(guides[0], corners, places, stage.group)
    flat, shape = group.flatten(), (*group.shape, side**3)
    sums, counts = torch.zeros_like(own), own.new_zeros(own.shape[:2])
    for channel in range(len(own)):
        found, weights = combine(own[channel, flat].view(shape), guides[channel, flat].view(shape))
        trust = 1 / weights.square().sum(-1).clamp_min(1e-3)
        sums[channel].index_add_(0, flat, (found * trust[..., None]).flatten(0, 1))
        counts[channel].index_add_(0, flat, trust.flatten())
    weights = counts[..., None].expand_as(sums)
    return _folded(sums, noisy.shape, side), _folded(weights, noisy.shape, side)


def _blocks(region: Tensor, side: int) -> Tensor:
    """All blocks of a region ``(C, d, h, w)``: ``(C, places, side^3)``."""
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


def _groups(blocks: Tensor, corners: list[Tensor], places: list[int], most: int) -> Tensor:
    """Find the blocks nearest to each at `corners`: ``(tile, group)`` indices.

    Parameters
    ----------
    blocks
        ``(places, side^3)`` of the luminance.
    corners
        Places along each axis of the blocks that groups are sought for.
    places
        Number of places along each axis.
    most
        Blocks in a group.
    """
    z, y, x = corners
    wanted = ((z[:, None, None] * places[1] + y[:, None]) * places[2] + x).flatten()
    near_z, near_y, near_x = (
        (corner[:, None] - torch.arange(count, device=blocks.device)).abs() <= _REACH
        for corner, count in zip(corners, places, strict=True)
    )
    near_plane = near_y[:, None, :, None] & near_x[:, None]
    near = (near_z[:, None, None, :, None, None] & near_plane[:, :, None]).flatten(0, 2).flatten(1)
    distance = blocks.square().sum(1) - 2 * blocks[wanted] @ blocks.T
    distance.masked_fill_(~near, torch.inf)
    # Each block is of its own group, even among equals: no voxel goes without an estimate.
    distance[torch.arange(len(wanted), device=wanted.device), wanted] = -torch.inf
    fewest = int(near.sum(1).min())
    return distance.topk(min(most, fewest), largest=False, sorted=False).indices
