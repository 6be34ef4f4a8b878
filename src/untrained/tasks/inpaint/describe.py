"""Inpainting: only the known pixels were measured."""

from functools import partial
from typing import Annotated, Any, Literal

import torch
from torch import Tensor

from untrained.arguments import Reads, checked, read
from untrained.operators import Mask
from untrained.picture.masks import Mask as PictureMask
from untrained.picture.masks import as_mask
from untrained.picture.picture import Picture, in_words
from untrained.picture.taking import PictureOrVolume
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering
from untrained.system.torch_state import in_usual_state
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


@in_usual_state()
@checked
def inpaint(image: PictureOrVolume, fill: Any = None, *, known: Any = None) -> Problem:
    """Describe an inpainting problem. Known pixels come back bit for bit.

    Parameters
    ----------
    image
        Any kind of picture, see `as_picture`; or a volume, see `as_volume`.
    fill
        Mask ``(H, W)``, of a volume ``(D, H, W)`` or one ``(H, W)`` for all slices: a path, an
        array, a tensor, an image of Pillow or a Picture. White is filled, as in OpenCV and
        scikit-image: what is over half of the range, or True, or 1 in a mask of 0 and 1.
    known
        The opposite: white is known, as in the literature. Give at most one of the two; with
        neither, transparent and missing (NaN or masked) pixels are filled.

    Raises
    ------
    ProblemError
        If both masks are given, or no pixel is missing, or none is known.
    PictureError
        If `image` is not a picture or the mask has another size.
    """
    picture: Picture = image
    filled, how = _filled(picture, fill, known)
    if picture.missing is not None:
        filled = filled | picture.missing
    if not filled.any():
        raise ProblemError(
            "no pixel is missing: give a mask that is white where to fill, or one of the known "
            "pixels, or a picture with transparent or NaN pixels"
        )
    if filled.all():
        raise ProblemError("no pixel is known: is the mask inverted (fill for known)?")
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
    return _described(picture, filled, variant, (*in_words(picture), *how, note))


def from_options(image: Any, options: InpaintOptions) -> Problem:
    """Describe an inpainting problem from the options of the command line: files of masks."""
    return inpaint(image, options.mask, known=options.known)


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


def _filled(picture: Picture, fill: Any, known: Any) -> tuple[Tensor, tuple[str, ...]]:
    """Find what to fill, and say how the mask was read if it was not black and white."""
    if fill is not None and known is not None:
        raise ProblemError(
            "give the mask of pixels to fill (fill) or of known pixels (known), not both"
        )
    if fill is not None:
        mask = _read("fill", fill, picture)
        return mask.white, (mask.note,) if mask.note else ()
    if known is not None:
        mask = _read("known", known, picture)
        return ~mask.white, (mask.note,) if mask.note else ()
    if picture.transparent is not None:
        return picture.transparent, ()
    return torch.zeros((1, 1, *picture.size), dtype=torch.bool), ()


def _read(name: str, value: Any, picture: Picture) -> PictureMask:
    size = picture.size
    found: PictureMask = read(name, Annotated[Any, Reads(partial(as_mask, size=size), "")], value)
    return found
