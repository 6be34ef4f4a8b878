"""Denoising: the picture plus noise was measured; what noise, the picture tells or the user."""

from dataclasses import replace
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.noise import (
    FAINT,
    Clipping,
    Detection,
    Gaussian,
    Impulses,
    Poisson,
    PoissonGaussian,
    Stabiliser,
    asked_impulses,
    asked_light,
    describe_light,
    estimate_sigma,
    find_clipping,
    find_level,
    find_noise,
    surroundings,
)
from untrained.operators import Mask
from untrained.picture.picture import Picture, in_words
from untrained.picture.taking import PictureOrVolume
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement, observed
from untrained.problem.problem import Problem, ProblemError
from untrained.problem.rendering import Rendering
from untrained.system.torch_state import in_usual_state
from untrained.tasks.denoise import hyperspectral
from untrained.tasks.denoise.spec import DenoiseOptions

NoiseName = Literal["auto", "gaussian", "poisson", "poisson-gaussian", "impulse"]


@in_usual_state()
@checked
def denoise(
    image: PictureOrVolume,
    *,
    sigma: float | None = None,
    noise: NoiseName | Gaussian | Poisson | PoissonGaussian = "auto",
) -> Problem:
    """Describe a denoising problem.

    Parameters
    ----------
    image
        Any kind of picture, see `as_picture`; or a volume, see `as_volume`. Missing pixels (NaN or
        masked) are not fitted and stay missing. Of more than 4 channels the principal
        components that rise above Gaussian noise are restored.
    sigma
        Level of the Gaussian noise in picture units (25/255, not 25); estimated when None, of more
        than 4 channels in each.
    noise
        ``gaussian``: as strong everywhere. ``poisson`` and ``poisson-gaussian``: growing with the
        light, as of counted quanta, and read with Gaussian noise; the picture is stabilised first
        (Mäkitalo and Foi 2013). ``impulse``: samples replaced by others; they are found and filled.
        ``auto`` goes by the picture, or is gaussian when `sigma` is given. Or a model with its
        parameters; of `Poisson`, which has none, the picture tells the gain.

    Raises
    ------
    ProblemError
        If sigma is not in (0, 1], or does not go with the noise, or that is unknown.
    PictureError
        If `image` is not a picture.
    """
    noise = "poisson" if isinstance(noise, Poisson) else noise
    _check(sigma, noise)
    problem = _described(image, sigma, noise)
    return replace(problem, notes=(*in_words(image), *problem.notes))


def from_options(picture: Any, options: DenoiseOptions) -> Problem:
    """Describe a denoising problem from the options of the command line."""
    sigma = None if options.sigma is None else options.sigma / 255
    return denoise(picture, sigma=sigma, noise=cast("NoiseName", options.noise))


def _described(
    picture: Picture, sigma: float | None, noise: NoiseName | Gaussian | PoissonGaussian
) -> Problem:
    if isinstance(noise, Gaussian):
        sigma, noise = noise.sigma, "gaussian"
    if noise in ("auto", "gaussian") and hyperspectral.applies(picture):
        levels = hyperspectral.noise_levels(picture, sigma)
        if float(levels.max()) >= FAINT:
            return hyperspectral.denoise_bands(picture, levels)
    if isinstance(noise, PoissonGaussian):
        return _stabilised(picture, Stabiliser(noise), (f"{describe_light(noise)}, as given",))
    if sigma is not None and noise in ("auto", "gaussian"):
        given = f"noise level {255 * sigma:.2f} of 255, as given"
        return _white(picture, Gaussian(sigma), (given,))
    if noise == "impulse" and picture.is_volume:
        raise ProblemError(
            "impulses are found in pictures, not in volumes: denoise each slice as a picture"
        )
    plain = picture.is_volume or picture.complex_type is not None or hyperspectral.applies(picture)
    find = find_level if plain else find_noise
    return _chosen(picture, find(picture.pixels, picture.missing), noise, sigma)


def _check(sigma: float | None, noise: NoiseName | Gaussian | PoissonGaussian) -> None:
    if sigma is not None and not 0 < sigma <= 1:
        raise ProblemError(
            f"sigma {sigma:g} is not in (0, 1] picture units (on the command line: in (0, 255])"
        )
    if not isinstance(noise, str):
        if sigma is not None:
            raise ProblemError("give the level with the noise model or as sigma, not both")
        return
    if noise not in get_args(NoiseName):
        raise ProblemError(f"unknown noise {noise!r}: choose from {', '.join(get_args(NoiseName))}")
    if noise == "poisson" and sigma is not None:
        raise ProblemError("poisson noise has no sigma: it is poisson-gaussian that has one")


def _chosen(picture: Picture, found: Detection, noise: NoiseName, sigma: float | None) -> Problem:
    """Do what was asked for, or what was found; say both."""
    notes = (found.sentence, *found.warnings)
    if noise == "auto":
        return _as_found(picture, found, notes)
    if found.kind not in _AGREEING[noise]:
        notes += (
            f"warning: this does not look like {noise} noise; it is treated as such, as you asked",
        )
    if noise == "gaussian":
        white = found.kind in _AGREEING["gaussian"]
        level = found.level if white else estimate_sigma(picture.pixels, picture.missing)
        return _as_strong(picture, found, level, (*notes, _equal(level)))
    if noise == "impulse":
        impulses = found.impulses or asked_impulses(picture.pixels)
        level = found.level if sigma is None else sigma
        return _without_impulses(picture, impulses, level, notes)
    light = found.light or asked_light(picture.pixels, picture.missing)
    read = light.sigma if sigma is None else sigma
    light = replace(light, sigma=0.0 if noise == "poisson" else read)
    return _stabilised(
        picture, Stabiliser(light), (*notes, f"taken as {describe_light(light)}", _FIRST)
    )


_FIRST = "the picture is stabilised before the fit: its noise is made equal everywhere"
_AGREEING = {
    "gaussian": ("gaussian", "correlated", "none"),
    "poisson": ("poisson-gaussian",),
    "poisson-gaussian": ("poisson-gaussian", "gaussian"),
    "impulse": ("impulse",),
}
"""What may be found where a noise is asked for, without contradiction."""


def _equal(level: float) -> str:
    return f"taken as Gaussian of level {255 * level:.2f} of 255, equal everywhere"


def _as_found(picture: Picture, found: Detection, notes: tuple[str, ...]) -> Problem:
    if found.kind == "none":
        notes += ("the picture is handed back as it was; a level given denoises it all the same",)
        return _untouched(picture, notes)
    if found.light is not None:
        return _stabilised(picture, Stabiliser(found.light), (*notes, _FIRST))
    if found.impulses is not None:
        return _without_impulses(picture, found.impulses, found.level, notes)
    return _as_strong(picture, found, found.level, notes)


def _as_strong(picture: Picture, found: Detection, level: float, notes: tuple[str, ...]) -> Problem:
    """Take the noise for equal everywhere; where neighbours share it, the level is not its own."""
    if found.kind == "correlated":
        return _equalled(picture, Gaussian(level), None, notes)
    return _white(picture, Gaussian(level), notes)


def _white(picture: Picture, noise: Gaussian, notes: tuple[str, ...] = ()) -> Problem:
    y, _ = observed(picture)
    clipping = find_clipping(y, noise.sigma, picture.missing)
    if clipping is not None:
        notes = (*notes, _cut(clipping))
    return _equalled(picture, noise, clipping, notes)


def _cut(clipping: Clipping) -> str:
    ends = [name for name, cut in (("black", clipping.black), ("white", clipping.white)) if cut]
    return f"the noise was clipped at {' and '.join(ends)}: the means that it shifted are put back"


def _equalled(
    picture: Picture, noise: Gaussian, clipping: Clipping | None, notes: tuple[str, ...] = ()
) -> Problem:
    """One whose noise is as strong everywhere, clipped or not."""
    y, operator = observed(picture)
    return Problem(
        task="denoise",
        picture=picture,
        measurement=Measurement(y, operator, noise),
        size=picture.size,
        channels=picture.channels,
        knowledge=Knowledge(guide=y),
        rendering=Rendering(undo_clipping=None if clipping is None else clipping.undo),
        variant="volume" if picture.is_volume else "",
        notes=notes,
        cut=lambda window: _equalled(picture.cut(window), noise, clipping),
    )


def _untouched(picture: Picture, notes: tuple[str, ...] = ()) -> Problem:
    problem = _white(picture, Gaussian(0.0), notes)
    kept = torch.ones((1, 1, *picture.size), dtype=torch.bool)
    return replace(
        problem,
        rendering=Rendering(kept=kept),
        cut=lambda window: _untouched(picture.cut(window)),
    )


def _stabilised(picture: Picture, stabiliser: Stabiliser, notes: tuple[str, ...] = ()) -> Problem:
    """The same, of a picture whose noise was made equal everywhere; undone in the result."""
    pixels, operator = observed(picture)
    y = operator(stabiliser.forward(pixels))
    return Problem(
        task="denoise",
        picture=picture,
        measurement=Measurement(y, operator, Gaussian(stabiliser.level)),
        size=picture.size,
        channels=picture.channels,
        knowledge=Knowledge(guide=y),
        rendering=Rendering(to_output=stabiliser.inverse),
        variant="volume" if picture.is_volume else "counted",
        notes=notes,
        cut=lambda window: _stabilised(picture.cut(window), stabiliser),
    )


def _without_impulses(
    picture: Picture, impulses: Impulses, level: float, notes: tuple[str, ...]
) -> Problem:
    """Fill the impulses; where other noise remains, it is removed from the filled picture."""
    if level < FAINT:
        done = "the impulses are filled, all other samples are kept"
        return _filled(picture, impulses.places, (*notes, done))
    done = "the impulses are replaced by the median around them, then the other noise is removed"
    return _replaced(picture, impulses.places, Gaussian(level), (*notes, done))


def _filled(picture: Picture, places: Tensor, notes: tuple[str, ...] = ()) -> Problem:
    known = ~places if picture.missing is None else ~(places | picture.missing)
    return Problem(
        task="denoise",
        picture=picture,
        measurement=Measurement(picture.pixels * known, Mask(known)),
        size=picture.size,
        channels=picture.channels,
        rendering=Rendering(kept=~places),
        variant="impulse",
        notes=notes,
        cut=lambda window: _filled(picture.cut(window), places[window.place]),
    )


def _replaced(
    picture: Picture, places: Tensor, noise: Gaussian, notes: tuple[str, ...] = ()
) -> Problem:
    filled = torch.where(places, surroundings(picture.pixels, ~places), picture.pixels)
    return replace(_white(replace(picture, pixels=filled), noise, notes), picture=picture)
