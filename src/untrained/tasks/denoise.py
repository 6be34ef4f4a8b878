"""Denoising: the picture plus white Gaussian noise was measured."""

from typing import Any

from untrained.image import Picture, as_picture, in_words
from untrained.noise import Gaussian, estimate_sigma
from untrained.problem import Problem, ProblemError, observed


def denoise(image: Any, *, sigma: float | None = None) -> Problem:
    """Describe a denoising problem.

    Parameters
    ----------
    image
        Picture, NumPy ``(H, W[, C])`` or torch ``(1, C, H, W)``; or a volume, see `as_volume`.
        Missing (NaN) pixels are not fitted and stay missing.
    sigma
        Noise level in picture units (25/255, not 25); estimated from the picture when None.

    Raises
    ------
    ProblemError
        If sigma is not in (0, 1].
    PictureError
        If `image` is not a picture.
    """
    picture = as_picture(image, volumes=True)
    if sigma is not None and not 0 < sigma <= 1:
        raise ProblemError(
            f"sigma {sigma:g} is not in (0, 1] picture units (on the command line: in (0, 255])"
        )
    level = estimate_sigma(picture.pixels) if sigma is None else sigma
    origin = "estimated from the picture" if sigma is None else "as given"
    notes = (
        *in_words(picture),
        f"noise level {255 * level:.2f} of 255, {origin}",
    )
    return _described(picture, Gaussian(level), notes)


def _described(picture: Picture, noise: Gaussian, notes: tuple[str, ...] = ()) -> Problem:
    measurement, operator = observed(picture)
    return Problem(
        task="denoise",
        picture=picture,
        measurement=measurement,
        operator=operator,
        size=picture.size,
        noise=noise,
        guide=measurement,
        variant="volume" if picture.is_volume else "",
        notes=notes,
        cut=lambda window: _described(picture.cut(window), noise),
    )
