"""Upscaling: a larger picture was reduced to the one measured."""

from functools import partial
from typing import Any

from torch import nn

from untrained.image import Picture, as_picture
from untrained.operators import back_project, downsample, enlarge
from untrained.problem import Problem, ProblemError, observed

LARGEST_FACTOR = 16


def upscale(image: Any, factor: float = 4, *, kernel: str = "lanczos2") -> Problem:
    """Describe an upscaling (super-resolution) problem.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``.
    factor
        Integer from 2 to 16; the result is ``(factor * H, factor * W)``.
    kernel
        How the larger picture is taken to have been reduced: ``lanczos2`` (the paper's) or
        ``lanczos3``.

    Raises
    ------
    ProblemError
        If the factor or the kernel makes no sense.
    PictureError
        If `image` is not a picture.
    """
    picture = as_picture(image)
    if not 2 <= factor <= LARGEST_FACTOR or factor != int(factor):
        raise ProblemError(f"factor {factor:g}: give an integer from 2 to {LARGEST_FACTOR}")
    times = int(factor)
    try:
        reduction = downsample(times, kernel)
    except ValueError as error:
        raise ProblemError(str(error)) from error
    return _described(picture, reduction, times)


def _described(picture: Picture, reduction: nn.Module, times: int) -> Problem:
    size = (times * picture.height, times * picture.width)
    measurement, operator = observed(picture, reduction)
    agree = partial(back_project, measurement=measurement, operator=operator)
    return Problem(
        task="upscale",
        picture=picture,
        measurement=measurement,
        operator=operator,
        size=size,
        guide=enlarge(picture.pixels, size),
        agree=agree,
        variant="x8" if times >= 8 else "",
        cut=lambda window: _described(picture.cut(window.reduced(times)), reduction, times),
        grain=times,
    )
