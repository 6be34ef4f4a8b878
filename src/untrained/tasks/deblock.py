"""Deblocking: JPEG compression left blocks and ringing."""

from typing import Any

from untrained.image import Picture, as_picture
from untrained.problem import Problem, observed

_BLOCKS = 16
"""Side of the units that JPEG compresses: blocks of 8x8, two each way where colour is halved."""


def deblock(image: Any) -> Problem:
    """Describe the removal of compression artefacts.

    The network takes up the picture before the artefacts (Ulyanov et al. 2018). The
    picture is its own guide, for the recipes that use one.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``.

    Raises
    ------
    PictureError
        If `image` is not a picture.
    """
    return _described(as_picture(image))


def _described(picture: Picture) -> Problem:
    measurement, operator = observed(picture)
    return Problem(
        task="deblock",
        picture=picture,
        measurement=measurement,
        operator=operator,
        size=(picture.height, picture.width),
        guide=picture.pixels,
        cut=lambda window: _described(picture.cut(window)),
        grain=_BLOCKS,
    )
