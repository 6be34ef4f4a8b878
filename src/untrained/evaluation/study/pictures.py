"""The targets of the studies: a natural picture, and others made from it."""

from pathlib import Path

import torch
from torch import Tensor

from untrained.errors import RequestError
from untrained.picture import reading
from untrained.picture.picture import Picture
from untrained.picture.taking import as_picture

SMALLEST = 16
"""Shortest side that a study accepts, in pixels."""

_STREAM = 0x5EED_0F_57_0D1E5


def generator(seed: int) -> torch.Generator:
    """Make the random generator for everything that a study draws itself.

    Its stream differs from that of a fit with the same seed: otherwise a target could equal the
    latent, and the network could copy it.
    """
    return torch.Generator().manual_seed(seed ^ _STREAM)


def natural(path: Path | None, side: int) -> tuple[Tensor, str]:
    """Read the picture of a study.

    Parameters
    ----------
    path
        A picture file; None for a face of scikit-image's astronaut.
    side
        Longest side; a larger picture is reduced to it.

    Returns
    -------
    Float32 ``(1, C, H, W)`` in [0, 1] with 1 or 3 channels, and a description of its origin.

    Raises
    ------
    RequestError
        If the file is not a picture, is neither grey nor RGB, has missing pixels, or is too small.
    """
    picture, origin = _sample(side) if path is None else (reading.read(path), str(path))
    if picture.missing is not None:
        raise RequestError(f"{origin} has missing pixels: give a picture without gaps")
    if picture.cmyk or picture.channels not in (1, 3):
        raise RequestError(f"{origin} is neither grey nor RGB: convert it first")
    image = _reduced(picture.pixels, side)
    height, width = image.shape[-2:]
    if min(height, width) < SMALLEST:
        raise RequestError(
            f"{origin} is {width}x{height} for this study: give {SMALLEST} pixels a side or more"
        )
    return image, f"{origin}, {width}x{height}"


def noisy(image: Tensor, sigma: float, draws: torch.Generator) -> Tensor:
    """Add Gaussian noise of `sigma` to ``(1, C, H, W)`` and clip to [0, 1], as the paper does."""
    return (image + sigma * torch.randn(image.shape, generator=draws)).clamp(0, 1)


def shuffled(image: Tensor, draws: torch.Generator) -> Tensor:
    """Shuffle the pixels of ``(1, C, H, W)``; the channels of a pixel stay together."""
    order = torch.randperm(image.shape[-2] * image.shape[-1], generator=draws)
    return image.flatten(2)[..., order].reshape(image.shape)


def uniform(image: Tensor, draws: torch.Generator) -> Tensor:
    """Draw uniform noise in [0, 1] with the shape of `image`."""
    return torch.rand(image.shape, generator=draws)


def _sample(side: int) -> tuple[Picture, str]:
    from skimage.data import astronaut

    whole = astronaut()
    # Small pictures show only the face: the whole picture, reduced, would be all edges.
    part = whole if side > 256 else whole[:256, 96:352]
    return as_picture(part), "scikit-image's astronaut"


def _reduced(image: Tensor, side: int) -> Tensor:
    from skimage.transform import resize

    height, width = image.shape[-2:]
    if max(height, width) <= side:
        return image
    share = side / max(height, width)
    size = (*image.shape[:2], max(1, round(height * share)), max(1, round(width * share)))
    return torch.from_numpy(resize(image.numpy(), size, anti_aliasing=True)).float().clamp(0, 1)
