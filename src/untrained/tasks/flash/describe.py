"""Flash/no-flash: the light of one picture, the detail of the other."""

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from untrained.arguments import checked
from untrained.operators import smooth
from untrained.picture.picture import Picture
from untrained.picture.taking import PictureLike
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem, ProblemError
from untrained.system.torch_state import in_usual_state

COLOUR_SCALE = 16.0
"""Standard deviation in pixels of the Gaussian under which the colours must agree."""

LARGE = 350_000
"""Pixels above which presets may save steps."""

_NOTABLE = 0.5
"""Pixels of shift above which a pair counts as misaligned."""


@in_usual_state()
@checked
def flash(image: PictureLike, flash: PictureLike, *, register: bool = False) -> Problem:
    """Describe the restoration of a noisy no-flash picture by its flash picture.

    The network's input is the flash picture (Ulyanov et al. 2018); its target the
    no-flash one, whose colours the result keeps.

    Parameters
    ----------
    image
        The no-flash picture: any kind, see `as_picture`.
    flash
        The flash picture, of the same size, channels and depth.
    register
        Whether the flash picture is shifted onto the other (phase correlation of the gradients,
        Guizar-Sicairos et al. 2008). The shift is estimated and stated in any case.

    Raises
    ------
    ProblemError
        If the two differ in size, channels or data type.
    PictureError
        If one is not a picture.
    """
    picture: Picture = image
    guide: Picture = flash
    _check_alike(picture, guide)
    down, right = _shift(guide.pixels, picture.pixels)
    length = float(np.hypot(down, right))
    pixels = guide.pixels
    notes = [f"the flash picture lies {down:+.1f} pixels down and {right:+.1f} right of the other"]
    if register and length > 0:
        pixels = _moved(pixels, -down, -right)
        notes.append("it was shifted back")
    elif length > _NOTABLE:
        notes.append("if the edges look doubled, let it be registered (--register)")
    return _described(picture, pixels, tuple(notes))


def _described(picture: Picture, flash: Tensor, notes: tuple[str, ...] = ()) -> Problem:
    y, operator = observed(picture)
    return Problem(
        task="flash",
        picture=picture,
        measurement=Measurement(y, operator),
        size=(picture.height, picture.width),
        channels=picture.channels,
        knowledge=Knowledge(
            guide=flash,
            project=partial(_with_colours, picture=picture.pixels),
            colour_shift=partial(_colour_shift, y=y, operator=operator),
        ),
        variant="large" if picture.height * picture.width > LARGE else "",
        notes=notes,
        cut=lambda window: _described(picture.cut(window), flash[window.place].contiguous()),
    )


def _check_alike(picture: Picture, guide: Picture) -> None:
    shapes = [f"{p.width}x{p.height} with {p.channels} channels" for p in (picture, guide)]
    if shapes[0] != shapes[1]:
        raise ProblemError(
            f"the no-flash picture is {shapes[0]}, the flash picture {shapes[1]}: they must match"
        )
    depths = [p.stored.dtype for p in (picture, guide)]
    if depths[0] != depths[1]:
        raise ProblemError(
            f"the no-flash picture has samples of type {depths[0]}, the flash picture of "
            f"{depths[1]}: save both alike"
        )


def _with_colours(image: Tensor, *, picture: Tensor) -> Tensor:
    """Give a picture the coarse colours of the no-flash one."""
    return image + smooth(picture - image, COLOUR_SCALE)


def _colour_shift(image: Tensor, *, y: Tensor, operator: torch.nn.Module) -> float:
    """Largest difference of the channels' means, in picture units."""
    device = image.device
    residual = operator.to(device)(image) - y.to(device)
    return float(residual.mean(dim=(0, 2, 3)).abs().max())


def _edges(pixels: Tensor) -> NDArray[np.float64]:
    """Length of the gradient of the mean channel: what two lights have in common."""
    plane = pixels[0].mean(dim=0).double().numpy()
    gradients = [np.gradient(plane, axis=axis) for axis in (0, 1) if plane.shape[axis] > 1]
    return np.asarray(np.sqrt(sum((g**2 for g in gradients), np.zeros_like(plane))))


def _shift(moving: Tensor, fixed: Tensor) -> tuple[float, float]:
    """How far `moving` lies below and right of `fixed`, to a tenth of a pixel."""
    from skimage.registration import phase_cross_correlation

    pair = [_edges(smooth(pixels, 1.5)) for pixels in (fixed, moving)]
    if min(float(edges.std()) for edges in pair) == 0:
        return 0.0, 0.0
    back, _, _ = phase_cross_correlation(*pair, upsample_factor=10)
    return float(-back[0]) + 0.0, float(-back[1]) + 0.0


def _moved(pixels: Tensor, down: float, right: float) -> Tensor:
    from scipy.ndimage import shift  # noqa: PLC0415

    planes = [shift(p, (down, right), order=3, mode="nearest") for p in pixels[0].numpy()]
    return torch.from_numpy(np.stack(planes))[None].clamp(0, 1)
