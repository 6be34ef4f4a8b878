"""Deblurring: the picture was convolved with a known kernel, then noise was added."""

from typing import Any

import torch

from untrained.errors import RequestError
from untrained.image import as_picture
from untrained.noise import Gaussian, estimate_sigma
from untrained.operators import Blur, Equaliser, blur
from untrained.problem import Problem, ProblemError, observed


def deblur(image: Any, kernel: Any, *, sigma: float | None = None) -> Problem:
    """Describe the deblurring of a picture. A picture larger by the kernel is fitted, then cut.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``.
    kernel
        Array or tensor ``(h, w)``, 0 or more; its sum is made 1. No larger than the picture.
    sigma
        Noise level in picture units (2/255, not 2); estimated from the picture when None.

    Raises
    ------
    RequestError
        If the kernel is empty, all zero, negative, not finite or larger than the picture.
    ProblemError
        If sigma is not in (0, 1].
    PictureError
        If `image` is not a picture.
    """
    picture = as_picture(image)
    if sigma is not None and not 0 < sigma <= 1:
        raise ProblemError(f"sigma {sigma:g} is not in (0, 1] picture units")
    operator = _operator(kernel, picture.height, picture.width)
    level = estimate_sigma(picture.pixels) if sigma is None else sigma
    origin = "estimated from the picture" if sigma is None else "as given"
    measurement, through = observed(picture, operator)
    rows, columns = operator.kernel.shape
    return Problem(
        task="reconstruct",
        picture=picture,
        measurement=measurement,
        operator=through,
        size=operator.extended(picture.height, picture.width),
        noise=Gaussian(level),
        equaliser=Equaliser(operator),
        guide=operator.frame(measurement),
        estimate=operator.frame,
        dress=operator.centre,
        frame=(picture.height, picture.width),
        variant="blur" if level > 0 else "",
        notes=(
            f"kernel of {columns}x{rows}",
            f"noise level {255 * level:.2f} of 255, {origin}",
        ),
    )


def _operator(kernel: Any, height: int, width: int) -> Blur:
    operator = blur(torch.as_tensor(kernel).float())
    rows, columns = operator.kernel.shape
    if rows > height or columns > width:
        raise RequestError(
            f"the kernel is {columns}x{rows}, larger than the picture of {width}x{height}"
        )
    if float(operator.kernel.min()) < 0:
        raise RequestError(
            f"the kernel has entries below 0, down to {float(operator.kernel.min()):.3g}"
        )
    operator.kernel /= operator.kernel.sum()
    return operator
