"""Upscaling: a larger picture was reduced to the one measured."""

import math
from functools import partial

from torch import Tensor

from untrained.arguments import checked
from untrained.numerics.lanczos import LanczosDownsample
from untrained.operators import Resampling, back_project, downsample, enlarge
from untrained.picture.picture import Picture, in_words
from untrained.picture.region import Region, sides_in_words
from untrained.picture.taking import PictureOrVolume
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem, ProblemError
from untrained.system.torch_state import in_usual_state
from untrained.tasks.upscale.spec import UpscaleVariant

LARGEST_FACTOR = 16
LARGEST = 500_000_000
"""Pixels of a result above which the request is refused."""
KERNELS = ("lanczos", "lanczos2", "lanczos3", "bicubic", "box", "gaussian")
WIDEST = 4.0
"""Standard deviations of a Gaussian, in small pixels, above which nothing of a picture is left."""


@in_usual_state()
@checked
def upscale(
    image: PictureOrVolume, factor: float = 4, *, kernel: str = "lanczos", width: float = 0.5
) -> Problem:
    """Describe an upscaling (super-resolution) problem.

    The result, reduced by the kernel, gives the input again (up to the rounding of its samples).

    Parameters
    ----------
    image
        Any kind of picture, see `as_picture`; or a volume, see `as_volume`.
    factor
        Over 1, up to 16; the result has ``factor * H`` rows and ``factor * W`` columns, each
        rounded to the nearest whole number (halves up). Volumes are enlarged along all three axes,
        by whole factors and the Lanczos kernels alone.
    kernel
        How the larger picture is taken to have been reduced: ``lanczos`` of two lobes, the paper's
        (also ``lanczos2``); ``lanczos3`` or ``bicubic``, as by Pillow and most programs; ``box``,
        each pixel the mean of the area it covers; ``gaussian``, as by a lens. Pixels are areas, as
        for Pillow.
    width
        Standard deviation of the Gaussian, in pixels of `image`.

    Raises
    ------
    ProblemError
        If the factor, the kernel or the width makes no sense.
    PictureError
        If `image` is not a picture.
    """
    picture: Picture = image.without_hidden_colours()
    if not 1 < factor <= LARGEST_FACTOR:
        raise ProblemError(f"factor {factor:g}: give more than 1 and at most {LARGEST_FACTOR}")
    if kernel not in KERNELS:
        raise ProblemError(f"unknown kernel {kernel!r}: choose from {', '.join(KERNELS)}")
    if not 0 < width <= WIDEST:
        raise ProblemError(f"width {width:g}: give more than 0 and at most {WIDEST:g} pixels")
    size = tuple(_rounded(factor * side) for side in picture.size)
    if size == picture.size:
        raise ProblemError(
            f"factor {factor:g} leaves {sides_in_words(picture.size)} pixels as they are"
        )
    if math.prod(size) > LARGEST:
        raise ProblemError(
            f"the result would have {sides_in_words(size)} pixels, over {LARGEST // 10**6} "
            "megapixels: give a smaller factor"
        )
    lobes = {"lanczos": "lanczos2"}.get(kernel, kernel)
    variant: UpscaleVariant = "volume" if picture.is_volume else "x8" if factor >= 8 else ""
    if factor == int(factor) and lobes in ("lanczos2", "lanczos3"):
        return _by_whole_factor(picture, downsample(int(factor), lobes), variant)
    if picture.is_volume:
        raise ProblemError(
            f"factor {factor:g}, kernel {kernel}: volumes take an integer, and lanczos or lanczos3"
        )
    large, small = (size[0], size[1]), (picture.height, picture.width)
    reduction = Resampling.between(large, small, lobes, width)
    return _by_any_factor(picture, reduction, enlarge(picture.pixels, size), variant)


def _rounded(length: float) -> int:
    return math.floor(length + 0.5)


def _by_whole_factor(
    picture: Picture, reduction: LanczosDownsample, variant: UpscaleVariant
) -> Problem:
    times = reduction.factor
    size = tuple(times * side for side in picture.size)
    y, operator = observed(picture, reduction)
    return Problem(
        task="upscale",
        picture=picture,
        measurement=Measurement(y, operator),
        size=size,
        channels=picture.channels,
        knowledge=Knowledge(
            guide=enlarge(picture.pixels, size),
            project=partial(back_project, measurement=y, operator=operator),
        ),
        variant=variant,
        notes=in_words(picture),
        cut=lambda window: _by_whole_factor(picture.cut(window.reduced(times)), reduction, variant),
        tile_alignment=times,
    )


def _by_any_factor(
    picture: Picture, reduction: Resampling, guide: Tensor, variant: UpscaleVariant
) -> Problem:
    y, operator = observed(picture, reduction)

    def cut(window: Region) -> Problem:
        part, small = reduction.window(window)
        return _by_any_factor(picture.cut(small), part, guide[window.place], variant)

    return Problem(
        task="upscale",
        picture=picture,
        measurement=Measurement(y, operator),
        size=(guide.shape[-2], guide.shape[-1]),
        channels=picture.channels,
        knowledge=Knowledge(
            guide=guide,
            project=partial(
                back_project, measurement=y, operator=operator, enlarged=reduction.pseudo_inverse
            ),
        ),
        variant=variant,
        notes=in_words(picture),
        cut=cut,
    )
