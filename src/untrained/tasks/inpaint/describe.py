"""Inpainting: only the known pixels were measured."""

from typing import Any, Literal

import torch
from torch import Tensor

from untrained.operators import Mask
from untrained.picture.masks import as_mask, mask
from untrained.picture.picture import Picture, as_picture, in_words
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering
from untrained.tasks.inpaint.spec import InpaintOptions, InpaintVariant

DEEPEST_SCATTERED = 6.0
"""Missing pixels further than this from every known one count as a hole."""

MOST_STROKES = 0.3
"""Share of missing pixels up to which they are taken for text, scratches or dirt."""

_Kind = Literal["", "holes", "strokes"]
_OF_VOLUMES: dict[_Kind, InpaintVariant] = {
    "": "volume",
    "holes": "volume-holes",
    "strokes": "volume-strokes",
}


def inpaint(image: Any, fill: Any = None, *, known: Any = None) -> Problem:
    """Describe an inpainting problem. Known pixels come back bit for bit.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``; or a volume, see `as_volume`.
    fill
        Mask ``(H, W)``, of a volume ``(D, H, W)`` or one ``(H, W)`` for all slices, as an array, a
        tensor or a Picture: white (over half, or True) is filled, as in OpenCV and scikit-image.
    known
        The opposite: white is known, as in the literature. Give at most one of the two; with
        neither, transparent and missing (NaN) pixels are filled.

    Raises
    ------
    ProblemError
        If both masks are given, or no pixel is missing, or none is known.
    PictureError
        If `image` is not a picture or the mask has another size.
    """
    picture = as_picture(image, volumes=True)
    filled = _filled(picture, fill, known)
    if picture.missing is not None:
        filled = filled | picture.missing
    if not filled.any():
        raise ProblemError(
            "no pixel is missing: give a mask that is white where to fill, or one of the known "
            "pixels, or a picture with transparent or NaN pixels"
        )
    if filled.all():
        raise ProblemError("no pixel is known: is the mask inverted?")
    depth = _depth(filled)
    share = float(filled.float().mean())
    kind: _Kind = (
        "holes" if depth > DEEPEST_SCATTERED else "strokes" if share <= MOST_STROKES else ""
    )
    words = {"holes": "in holes", "strokes": "few, as of text or scratches", "": "scattered"}[kind]
    note = (
        f"{100 * share:.3g} % of the pixels are missing, {words}: up to {depth:.3g} pixels from a "
        "known one"
    )
    variant = _OF_VOLUMES[kind] if picture.is_volume else kind
    return _described(picture, filled, variant, (*in_words(picture), note))


def from_options(image: Any, options: InpaintOptions) -> Problem:
    """Describe an inpainting problem from the options of the command line: files of masks."""
    picture = as_picture(image, volumes=True)
    fill, known = (path and mask(path, picture.size) for path in (options.mask, options.known))
    return inpaint(picture, fill, known=known)


def _described(
    picture: Picture, filled: Tensor, variant: InpaintVariant, notes: tuple[str, ...] = ()
) -> Problem:
    return Problem(
        task="inpaint",
        picture=picture,
        measurement=Measurement(picture.pixels * ~filled, Mask(~filled)),
        size=picture.size,
        channels=picture.channels,
        rendering=Rendering(kept=~filled, filled=filled),
        variant=variant,
        notes=notes,
        cut=lambda window: _described(picture.cut(window), filled[window.place], variant),
    )


def _depth(filled: Tensor) -> float:
    """Largest distance, in pixels, from a missing pixel to a known one."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    return float(distance_transform_edt(filled[0, 0].numpy()).max())


def _filled(picture: Picture, fill: Any, known: Any) -> Tensor:
    size = picture.size
    if fill is not None and known is not None:
        raise ProblemError("give the mask of pixels to fill or of known pixels, not both")
    if fill is not None:
        return as_mask(fill, size)
    if known is not None:
        return ~as_mask(known, size)
    if picture.transparent is not None:
        return picture.transparent
    return torch.zeros((1, 1, *size), dtype=torch.bool)
