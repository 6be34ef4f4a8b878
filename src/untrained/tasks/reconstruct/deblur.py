"""Deblurring: the picture was convolved with a kernel, known or not, then noise was added."""

from typing import Any

import torch

from untrained.errors import RequestError
from untrained.noise import Gaussian, estimate_sigma
from untrained.operators import BlindBlur, Blur, Convolution, Whitening, blur
from untrained.picture.picture import Picture, as_picture
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering


def deblur(
    image: Any, kernel: Any = None, *, blind: int | None = None, sigma: float | None = None
) -> Problem:
    """Describe the deblurring of a picture. A picture larger by the kernel is fitted, then cut.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``.
    kernel
        Array or tensor ``(h, w)``, 0 or more; its sum is made 1. No larger than the picture.
    blind
        In place of the kernel: a side in pixels that holds it. Kernel and picture are then fitted
        together (SelfDeblur, Ren et al. 2020), the kernel 0 or more and of sum 1.
    sigma
        Noise level in picture units (2/255, not 2); estimated from the picture when None.

    Raises
    ------
    RequestError
        If the kernel is empty, all zero, negative, not finite or larger than the picture.
    ProblemError
        If sigma is not in (0, 1], or not just one of kernel and blind is given.
    PictureError
        If `image` is not a picture.
    """
    picture = as_picture(image)
    if sigma is not None and not 0 < sigma <= 1:
        raise ProblemError(f"sigma {sigma:g} is not in (0, 1] picture units")
    if (kernel is None) == (blind is None):
        raise ProblemError("give the kernel, or in its place the side that holds it (blind)")
    level = estimate_sigma(picture.pixels) if sigma is None else sigma
    origin = "estimated from the picture" if sigma is None else "as given"
    stated = f"noise level {255 * level:.2f} of 255, {origin}"
    if blind is not None:
        return _blind(picture, blind, Gaussian(level), stated)
    operator = _operator(kernel, picture.height, picture.width)
    y, through = observed(picture, operator)
    rows, columns = operator.kernel.shape
    return Problem(
        task="reconstruct",
        picture=picture,
        measurement=Measurement(y, through, Gaussian(level), whitening=Whitening(operator)),
        size=operator.extended(picture.height, picture.width),
        channels=picture.channels,
        knowledge=Knowledge(guide=operator.frame(y), make_guide=operator.frame),
        rendering=Rendering(to_output=operator.centre, frame=(picture.height, picture.width)),
        variant="blur" if level > 0 else "",
        notes=(
            f"kernel of {columns}x{rows}",
            stated,
        ),
    )


def _blind(picture: Picture, side: int, noise: Gaussian, stated: str) -> Problem:
    operator = BlindBlur(side, side)
    _check_reach(operator, picture.height, picture.width)
    y, through = observed(picture, operator)
    return Problem(
        task="reconstruct",
        picture=picture,
        measurement=Measurement(y, through, noise),
        size=operator.extended(picture.height, picture.width),
        channels=picture.channels,
        rendering=Rendering(frame=(picture.height, picture.width)),
        variant="blind",
        notes=(f"a kernel within {side}x{side} is fitted too", stated),
    )


def _check_reach(operator: Convolution, height: int, width: int) -> None:
    rows, columns = operator.reach
    if rows > height or columns > width:
        raise RequestError(
            f"the kernel is {columns}x{rows}, larger than the picture of {width}x{height}"
        )


def _operator(kernel: Any, height: int, width: int) -> Blur:
    operator = blur(torch.as_tensor(kernel).float().clone())
    _check_reach(operator, height, width)
    if float(operator.kernel.min()) < 0:
        raise RequestError(
            f"the kernel has entries below 0, down to {float(operator.kernel.min()):.3g}"
        )
    operator.kernel /= operator.kernel.sum()
    return operator
