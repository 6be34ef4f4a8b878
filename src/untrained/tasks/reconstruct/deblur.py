"""Deblurring: the picture was convolved with a kernel, known or not, then noise was added."""

from typing import Annotated

from torch import Tensor

from untrained.arguments import Within, checked
from untrained.errors import RequestError
from untrained.noise import Gaussian, estimate_sigma
from untrained.operators import BlindBlur, Blur, Whitening
from untrained.picture.arrays import RealNumbers
from untrained.picture.picture import Picture
from untrained.picture.taking import PictureLike
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering
from untrained.system.torch_state import in_usual_state


@in_usual_state()
@checked
def deblur(
    image: PictureLike,
    kernel: RealNumbers | None = None,
    *,
    blind: Annotated[int, Within(1)] | None = None,
    sigma: float | None = None,
) -> Problem:
    """Describe the deblurring of a picture. A picture larger by the kernel is fitted, then cut.

    Parameters
    ----------
    image
        Any kind of picture, see `as_picture`.
    kernel
        ``(h, w)``, 0 or more: an array, a tensor, a list or a path. Its sum is made 1. No larger
        than the picture.
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
    picture: Picture = image
    if sigma is not None and not 0 < sigma <= 1:
        raise ProblemError(f"sigma {sigma:g} is not in (0, 1] picture units")
    if kernel is not None and blind is not None:
        raise ProblemError("give the kernel, or in its place the side that holds it (blind)")
    level = estimate_sigma(picture.pixels) if sigma is None else sigma
    origin = "estimated from the picture" if sigma is None else "as given"
    stated = f"noise level {255 * level:.2f} of 255, {origin}"
    if blind is not None:
        return _blind(picture, blind, Gaussian(level), stated)
    if kernel is None:
        raise ProblemError("give the kernel, or in its place the side that holds it (blind)")
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
    _check_reach((side, side), picture.height, picture.width)
    operator = BlindBlur(side, side)
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


def _check_reach(reach: tuple[int, int], height: int, width: int) -> None:
    rows, columns = reach
    if rows > height or columns > width:
        raise RequestError(
            f"the kernel is {columns}x{rows}, larger than the picture of {width}x{height}"
        )


def _operator(kernel: Tensor, height: int, width: int) -> Blur:
    operator = Blur(kernel.float())
    _check_reach(operator.reach, height, width)
    if float(operator.kernel.min()) < 0:
        raise RequestError(
            f"the kernel has entries below 0, down to {float(operator.kernel.min()):.3g}"
        )
    operator.kernel /= operator.kernel.sum()
    return operator
