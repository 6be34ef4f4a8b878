"""Self-similarity of pictures and of volumes: which filter it is, and what it needs."""

from torch import Tensor

from untrained import blocks, nlridge
from untrained.nlridge import Stage
from untrained.window import Size


def self_similar(
    image: Tensor, sigma: float, *, pilot: Tensor | None = None, stage: Stage | None = None
) -> Tensor:
    """Filter by NL-Ridge a picture ``(1, C, H, W)`` or a volume ``(1, C, D, H, W)``.

    Parameters as for `nlridge.nl_ridge`; the stage is that of pictures or of volumes when None.
    """
    if image.ndim == 4:
        return nlridge.nl_ridge(image, sigma, pilot=pilot, stage=stage or nlridge.SECOND)
    return blocks.ridge_of_blocks(image, sigma, pilot=pilot, stage=stage or blocks.SECOND)


def smallest(axes: int) -> int:
    """Least side of a picture (2 axes) or a volume (3) that has room for patches."""
    return nlridge.SMALLEST if axes == 2 else blocks.SMALLEST


def working_bytes(channels: int, size: Size) -> int:
    """Predict how many bytes `self_similar` holds at most for a picture or volume of this size."""
    if len(size) == 2:
        return nlridge.working_bytes(channels, (size[0], size[1]))
    return blocks.working_bytes(channels, size)
