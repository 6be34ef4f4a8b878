"""Detect the noise of a picture from the picture alone, and describe it."""

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from untrained.noise.correlated import RAISED, grain
from untrained.noise.curve import Affine, fit_affine, fit_constant, noise_curve
from untrained.noise.flat_blocks import Blocks
from untrained.noise.impulses import Impulses, find_impulses, surroundings
from untrained.noise.level_estimation import blocks_of, white_level
from untrained.noise.models import PoissonGaussian

NoiseKind = Literal["none", "gaussian", "poisson-gaussian", "impulse", "correlated"]

FAINT = 1.5 / 255
"""Levels below this, in picture units, count as no noise: rounding, JPEG and the scene show as
much, and the PSNR of the picture is above 45 dB already."""
_DROWNED = 90 / 255
"""Level from which noise hides almost all detail."""
_HIDING = {"extreme": 40 / 255, "random": 20 / 255}
"""Level of other noise, in picture units, from which impulses cannot be distinguished."""
_GROWTH = 1.3
"""Least ratio of the bright to the dark level for noise that grows with the light."""
_BETTER = 0.5
"""Largest misfit of the affine variance, as a share of that of the constant one."""
_FEW = 0.005
"""Share of the samples that may lie below the black level."""
_LEAST_GAIN = 1e-7
_CLOSE = 0.3
"""Largest misfit of a variance that grows with the light, in logarithms."""


@dataclass(frozen=True, eq=False)
class Detection:
    """The detected noise of a picture."""

    kind: NoiseKind
    level: float
    """Standard deviation in picture units of the noise besides impulses: the level to give to a
    filter that assumes white noise, equal everywhere."""
    light: PoissonGaussian | None = None
    """How the noise grows with the light; None if that does not show."""
    impulses: Impulses | None = None
    fine: float = 0.0
    """Level from the finest structure alone."""
    warnings: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The detected noise, in one sentence."""
        level = f"{255 * self.level:.2f} of 255"
        if self.impulses is not None:
            what = {"extreme": "black and white", "random": "any value"}[self.impulses.valued]
            share = f"{100 * self.impulses.share:.1f} % of the samples are impulses of {what}"
            return f"{share}; noise beside them: {level}"
        if self.kind == "correlated":
            return (
                f"the noise is correlated between neighbours, as in developed or compressed "
                f"photographs: taken as level {level} ({255 * self.fine:.2f} by its finest grain)"
            )
        if self.kind == "poisson-gaussian" and self.light is not None:
            counted = describe_light(self.light)
            return f"the noise grows with the light, like that of counted light: {counted}"
        if self.kind == "none":
            return f"almost no noise: level {level}, which rounding and compression leave too"
        return f"noise level {level}, estimated from the picture"


def describe_light(light: PoissonGaussian) -> str:
    """Describe a Poisson-Gaussian model in plain words."""
    full = light.variance(torch.ones(())).sqrt()
    words = (
        f"{1 / light.gain:.3g} quanta at white, level {255 * light.sigma:.2f} of 255 at black and "
        f"{255 * float(full):.2f} at white"
    )
    return words if light.black == 0 else f"{words}, black level {255 * light.black:.2f}"


def find_noise(image: Tensor, missing: Tensor | None = None) -> Detection:
    """Detect the noise of a picture.

    First impulses; then, for the other noise, whether it is correlated, whether it grows with the
    light, and its level.

    Parameters
    ----------
    image
        ``(1, C, H, W)``, in picture units.
    missing
        Bool ``(1, 1, H, W)``, True where nothing was measured.
    """
    impulses = find_impulses(image) if missing is None else None
    if impulses is not None:
        rest = torch.where(impulses.places, surroundings(image, ~impulses.places), image)
        beside = white_level(blocks_of(rest))
        if beside < _HIDING[impulses.valued]:
            return Detection("impulse", beside, impulses=impulses, fine=beside)
    channels = blocks_of(image, missing)
    level = white_level(channels)
    fine, coarse = grain(image, missing)
    if coarse > 0:
        return Detection("correlated", RAISED * coarse, fine=fine)
    light = light_of(channels, _darkest(image)) if level > 0 else None
    if light is not None and typical_level(light, image) > FAINT:
        return Detection("poisson-gaussian", typical_level(light, image), light=light, fine=level)
    return _of_level(level)


def find_level(image: Tensor, missing: Tensor | None = None) -> Detection:
    """Estimate the level of noise assumed white and equal everywhere; also for volumes."""
    return _of_level(white_level(blocks_of(image, missing)))


def _of_level(level: float) -> Detection:
    warnings = ("the noise is very strong: expect little detail",)
    drowned = warnings if level > _DROWNED else ()
    return Detection("none" if level < FAINT else "gaussian", level, fine=level, warnings=drowned)


def light_of(channels: tuple[Blocks, ...], darkest: float) -> PoissonGaussian | None:
    """Estimate how the noise grows with the light; None if it does not, or does not show."""
    curve = noise_curve(channels)
    growing, constant = fit_affine(curve, darkest), fit_constant(curve)
    if growing is None or constant is None or not curve.noisy:
        return None
    dark, bright = np.quantile(curve.brightness, (0.1, 0.9))
    growth = _variance(growing, bright) / max(_variance(growing, dark), 1e-12)
    close = growing.misfit < min(_CLOSE, _BETTER * constant.misfit)
    return growing.noise if close and growth > _GROWTH**2 else None


def asked_light(image: Tensor, missing: Tensor | None = None) -> PoissonGaussian:
    """Estimate how the noise grows with the light, assuming that it does; as `find_noise`."""
    channels = blocks_of(image, missing)
    growing = fit_affine(noise_curve(channels), _darkest(image))
    if growing is None:
        level = white_level(channels)
        return PoissonGaussian(max(level**2 / max(float(image.mean()), 0.01), _LEAST_GAIN))
    return dataclasses.replace(growing.noise, gain=max(growing.slope, _LEAST_GAIN))


def typical_level(light: PoissonGaussian, image: Tensor) -> float:
    """Compute the root mean square of the noise over a picture ``(1, C, H, W)``."""
    return float(light.variance(image).mean().sqrt())


def _darkest(image: Tensor) -> float:
    """Find the brightness that few samples are below."""
    count = max(1, int(_FEW * image.numel()))
    return max(0.0, float(image.flatten().kthvalue(count).values))


def _variance(fit: Affine, brightness: float) -> float:
    return fit.slope * brightness + fit.offset
