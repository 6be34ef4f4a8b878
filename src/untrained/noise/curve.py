"""The noise level as a function of brightness."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from untrained.noise.flat_blocks import Blocks, Samples
from untrained.noise.models import PoissonGaussian

_BINS = 10
_SHARE = 0.05
"""Share of the blocks of similar brightness that counts as quiet."""
_FEWEST = 40
_WIDER, _ALIKE = 0.3, 1.35
"""A larger share of the blocks, and the largest ratio of the levels that counts as noise."""
_LEAST = 0.5 / 255
"""Levels below this, in picture units, come from rounding or clipped noise."""
_DARKEST, _BRIGHTEST = 1.0, 2.0
"""Distance from black and from white, in standard deviations, within which noise counts as clipped.
Noise of few quanta is not clipped, however near to black."""
_FEWEST_POINTS = 4


@dataclass(frozen=True, eq=False)
class Curve:
    """Levels of the noise at some brightnesses, of all channels; in picture units."""

    brightness: Samples
    level: Samples
    wider: Samples
    """The same as the level, from many more blocks: about equal if it is noise."""

    @property
    def noisy(self) -> bool:
        """Whether it shows noise: as strong in many blocks as in few, unlike structure."""
        return bool(len(self.level)) and float(np.median(self.wider / self.level)) < _ALIKE

    @property
    def typical(self) -> float:
        """Median of the levels; 0 for an empty curve."""
        return float(np.median(self.level)) if len(self.level) else 0.0


@dataclass(frozen=True)
class Affine:
    """A variance of ``slope x + offset`` at brightness x, and how well it fits."""

    slope: float
    offset: float
    misfit: float
    """Median absolute error of the logarithm of the variance."""

    @property
    def noise(self) -> PoissonGaussian:
        """The same as a Poisson-Gaussian model; the slope is not 0."""
        if self.offset >= 0:
            return PoissonGaussian(self.slope, self.offset**0.5)
        return PoissonGaussian(self.slope, 0.0, -self.offset / self.slope)


def noise_curve(channels: tuple[Blocks, ...]) -> Curve:
    """Measure the noise level in `_BINS` bins of brightness for each channel.

    Bins next to black and white are left out: there the noise is clipped.
    """
    brightness, level = np.concatenate([binned_levels(blocks) for blocks in channels]).T
    wider = np.concatenate([binned_levels(blocks, _WIDER) for blocks in channels])[:, 1]
    whole = (brightness > _DARKEST * level) & (brightness < 1 - _BRIGHTEST * level)
    whole &= level > _LEAST
    return Curve(brightness[whole], level[whole], wider[whole])


def binned_levels(blocks: Blocks, share: float = _SHARE) -> Samples:
    """Compute brightness and noise level of the quiet blocks of each bin, ``(bins, 2)``."""
    order = np.argsort(blocks.mean)
    bins = [part for part in np.array_split(order, _BINS) if len(part) >= _FEWEST]
    found = [
        (float(blocks.mean[part].mean()), blocks.chosen(part).level(share, _FEWEST))
        for part in bins
    ]
    return np.array(found).reshape(-1, 2)


def fit_constant(curve: Curve) -> Affine | None:
    """Fit a constant variance; otherwise as `fit_affine`."""
    if len(curve.level) < _FEWEST_POINTS:
        return None
    target = 2 * np.log(curve.level)
    middle = float(np.median(target))
    return Affine(0.0, float(np.exp(middle)), float(np.median(np.abs(target - middle))))


def fit_affine(curve: Curve, darkest: float) -> Affine | None:
    """Fit the variance ``slope x + offset`` with a slope above 0; None from too few points.

    The fit minimises the absolute error of the logarithm: blocks with structure are outliers, and
    errors are proportional to the variance.

    Parameters
    ----------
    curve
        The curve to fit.
    darkest
        Brightness of the darkest samples, an upper bound of the black level (a negative offset).
    """
    if len(curve.level) < _FEWEST_POINTS:
        return None
    target = 2 * np.log(curve.level)
    typical, middle = float(np.exp(np.median(target))), float(np.median(curve.brightness))

    def affine(terms: Samples) -> tuple[float, float]:
        slope = math.exp(terms[0])
        return slope, max(float(terms[1]) * typical, -slope * darkest)

    def errors(terms: Samples) -> Samples:
        slope, offset = affine(terms)
        variance = np.maximum(slope * curve.brightness + offset, _LEAST**2)
        apart: Samples = np.abs(np.log(variance) - target)
        return apart

    def misfit(terms: Samples) -> float:
        return float(errors(terms).mean())

    starts = [
        np.array([math.log(typical * (1 - share) / middle), share])
        for share in (-0.5, 0.0, 0.5, 0.9)
    ]
    found = [minimize(misfit, start, method="Nelder-Mead") for start in starts]
    best = min(found, key=lambda result: float(result.fun))
    return Affine(*affine(best.x), float(np.median(errors(best.x))))
