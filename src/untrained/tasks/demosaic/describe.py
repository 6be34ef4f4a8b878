"""Demosaicing: a sensor saw one colour at each pixel."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.noise import Gaussian
from untrained.operators import Bayer
from untrained.picture.picture import Picture
from untrained.picture.samples import PictureError
from untrained.picture.taking import PictureLike
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering
from untrained.system.torch_state import in_usual_state
from untrained.tasks.demosaic.spec import DemosaicOptions

_LEAST_BITS = 8


@in_usual_state()
@checked
def demosaic(image: PictureLike, pattern: str = "RGGB", *, sigma: float | None = None) -> Problem:
    """Describe the demosaicing of a raw plane. Its samples come back bit for bit.

    Parameters
    ----------
    image
        The mosaic, one sample a pixel: any kind of picture, see `as_picture`; 8 or 16 bits, or
        float. The result has three channels and the same type. Samples of 16 bits that
        stay below a smaller power of two are taken to have as many bits: white is its last level.
        Samples that are NaN were not seen and are filled, too.
    pattern
        Colours of the first two pixels of the first row, then of the second: ``RGGB``, ``BGGR``,
        ``GRBG`` or ``GBRG``.
    sigma
        Noise level in picture units (white is 1); the samples are then denoised too. None takes
        them to be exact.

    Raises
    ------
    RequestError
        If the pattern is unknown, or the mosaic smaller than 2x2.
    ProblemError
        If sigma is not in (0, 1].
    PictureError
        If `image` is not a picture of one channel.
    """
    plane: Picture = image
    if plane.channels != 1:
        raise PictureError(
            f"the image has {plane.channels} channels: a mosaic has one sample a pixel"
        )
    if sigma is not None and not 0 < sigma <= 1:
        raise ProblemError(f"sigma {sigma:g} is not in (0, 1] picture units")
    plane, notes = _exposed(plane)
    if sigma is not None:
        notes = (*notes, f"noise level {255 * sigma:.2f} of 255, as given")
    noise = None if sigma is None else Gaussian(sigma)
    return _described(plane, pattern, noise, (f"pattern {pattern}", *notes))


def from_options(plane: Any, options: DemosaicOptions) -> Problem:
    """Describe the demosaicing of a raw plane from the options of the command line."""
    sigma = None if options.sigma is None else options.sigma / 255
    return demosaic(plane, options.pattern, sigma=sigma)


def _described(
    plane: Picture, pattern: str, noise: Gaussian | None, notes: tuple[str, ...] = ()
) -> Problem:
    size = (plane.height, plane.width)
    bayer = Bayer(pattern, size)
    y, operator = observed(plane, bayer)
    known = torch.ones(1, 1, *size) if plane.missing is None else (~plane.missing).float()
    seen = (bayer.colours * known).bool()
    return Problem(
        task="demosaic",
        picture=_in_colour(plane, seen),
        measurement=Measurement(y, operator, noise),
        size=size,
        channels=int(seen.shape[1]),
        knowledge=Knowledge(guide=bayer.bilinear(y, known)),
        rendering=Rendering(kept=seen if noise is None else None),
        variant="" if noise is None else "noisy",
        notes=notes,
        cut=lambda window: _described(plane.cut(window), pattern, noise),
        tile_alignment=2,
    )


def _exposed(plane: Picture) -> tuple[Picture, tuple[str, ...]]:
    """Take samples of 16 bits that need fewer to have fewer."""
    largest = int(plane.stored.max()) if plane.stored.dtype == np.uint16 else 0
    bits = max(_LEAST_BITS, largest.bit_length())
    if largest == 0 or bits == 16:
        return plane, ()
    white = 2**bits - 1
    pixels = plane.pixels * (plane.scale / white)
    return replace(plane, pixels=pixels, scale=float(white)), (
        f"the largest sample is {largest}: taken as {bits} bits, white is {white}",
    )


def _in_colour(plane: Picture, seen: Tensor) -> Picture:
    """The samples in the channels of their colours, black elsewhere."""
    places = seen[0].permute(1, 2, 0).numpy()
    black = np.array(plane.offset).astype(plane.stored.dtype)
    return replace(
        plane,
        pixels=plane.pixels * seen,
        stored=np.where(places, plane.stored, black),
        missing=None,
        flat=False,
        metadata=replace(plane.metadata, icc=None, compression=None),
    )
