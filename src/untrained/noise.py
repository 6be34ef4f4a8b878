"""Noise models, and the estimation of the noise level from the picture alone."""

import math
from dataclasses import dataclass

import numpy as np
import pywt
import torch
from numpy.typing import NDArray
from torch import Tensor

_NORMAL_QUARTILE = 0.6744897501960817
"""Upper quartile of the standard normal distribution: MAD over sigma."""

_ROUNDS = 3
_BARELY = 1e-6
"""How near to black and white, in picture units, a flat area counts as saturated."""
CLIPPING_MARGIN = 2.0
"""Standard deviations from black and white within which noise counts as clipped."""

LEAST_SHARE = 0.02
"""Share of samples below which clipped ones are used after all."""


@dataclass(frozen=True)
class Gaussian:
    """White Gaussian noise of standard deviation `sigma`, in picture units (25/255, not 25).

    Of complex measurements it is the level of the real and of the imaginary part.

    Raises
    ------
    ValueError
        If sigma is negative or not finite.
    """

    sigma: float
    clipped: bool = True
    """Whether the measurement was clipped to [0, 1], as pictures are."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise ValueError(f"sigma {self.sigma} is no noise level: give a finite one, 0 or more")

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a measurement of `clean`, unclipped, of the same shape."""
        drawn = torch.randn(clean.shape, generator=generator, device=clean.device)
        return clean + self.sigma * drawn

    def negative_log_likelihood(self, prediction: Tensor, measurement: Tensor) -> Tensor:
        """Mean over the samples of ``-log p(measurement | prediction)``; a scalar."""
        variance = self.sigma**2
        constant = 0.5 * math.log(2 * math.pi * variance)
        return mean_squared_error(prediction, measurement) / (2 * variance) + constant

    @property
    def expected_residual(self) -> float:
        """Mean squared error of a measurement against its own clean picture."""
        return self.sigma**2

    def excess(self, prediction: Tensor, measurement: Tensor) -> float:
        """Residual over its expectation, clipped samples left out: about 1 for the clean picture.

        Samples near black and white, whose noise was cut, do not count when enough others remain.
        """
        squares = (prediction - measurement).abs().square()
        if self.clipped:
            margin = CLIPPING_MARGIN * self.sigma
            whole = (prediction > margin) & (prediction < 1 - margin)
            squares = squares[whole] if whole.float().mean() > LEAST_SHARE else squares
        parts = 2 if measurement.is_complex() else 1
        return max(float(squares.mean()), 1e-12) / (parts * self.sigma**2)


@dataclass(frozen=True)
class Poisson:
    """Photon counts: ``y ~ Poisson(A x)``, as in emission tomography and faint light."""

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw counts whose expectation is `clean`, of the same shape."""
        return torch.poisson(clean, generator=generator)

    def negative_log_likelihood(self, prediction: Tensor, measurement: Tensor) -> Tensor:
        """Mean over the samples of ``-log p(measurement | prediction)``; a scalar."""
        rate = prediction.clamp_min(LEAST_RATE)
        terms = rate - measurement * rate.log() + torch.lgamma(measurement + 1)
        return terms.mean()

    def excess(self, prediction: Tensor, measurement: Tensor) -> float:
        """Pearson residual over its expectation, which is 1."""
        return float(pearson_residual(prediction, measurement))


@dataclass(frozen=True)
class Transmission:
    """Low-dose tomography: ``y = -log(n / n0)`` with ``n ~ Poisson(n0 exp(-A x))`` (Beer-Lambert).

    Raises
    ------
    ValueError
        If the number of photons is not positive and finite.
    """

    photons: float
    """n0, counts that reach a detector bin through nothing."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.photons) and self.photons > 0):
            raise ValueError(f"{self.photons:g} photons: give a finite number above 0")

    def counts(self, measurement: Tensor) -> Tensor:
        """Give the counts n of a log-transformed measurement."""
        return self.photons * torch.exp(-measurement)

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a log-transformed measurement of the line integrals `clean`; no count becomes 1."""
        counts = torch.poisson(self.counts(clean), generator=generator).clamp_min(1)
        return -torch.log(counts / self.photons)

    def negative_log_likelihood(self, prediction: Tensor, measurement: Tensor) -> Tensor:
        """Mean over the counts of ``-log p(n | prediction)``; a scalar."""
        return Poisson().negative_log_likelihood(self.counts(prediction), self.counts(measurement))


LEAST_RATE = 1e-6
"""Expected counts are taken as no less: their logarithm must exist."""


def poisson_deviance(prediction: Tensor, counts: Tensor) -> Tensor:
    """Poisson likelihood up to scale, 0 at best: ``2 mean(l - n + n log(n / l))``; a scalar.

    Twice the negative log-likelihood less that of ``l = n`` (McCullagh and Nelder 1989, section
    2.3).

    Parameters
    ----------
    prediction
        l, expected counts.
    counts
        n, of the same shape, 0 or more.
    """
    rate = prediction.clamp_min(LEAST_RATE)
    return 2 * (rate - counts + torch.xlogy(counts, counts) - counts * rate.log()).mean()


def pearson_residual(prediction: Tensor, counts: Tensor) -> Tensor:
    """Mean of ``(n - l)^2 / l`` (Pearson 1900); 1 in expectation for Poisson counts; a scalar."""
    rate = prediction.clamp_min(LEAST_RATE)
    return ((counts - rate).square() / rate).mean()


def mean_squared_error(prediction: Tensor, measurement: Tensor) -> Tensor:
    """Mean of the squared difference: the Gaussian likelihood up to scale; a scalar.

    Over all samples; of complex ones, over real and imaginary parts.
    """
    difference = prediction - measurement
    if difference.is_complex():
        difference = torch.view_as_real(difference)
    return difference.square().mean()


def relative_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Sum of the squared differences over the sum of the squares of the target; a scalar."""
    return (prediction - target).square().sum() / target.square().sum().clamp_min(1e-12)


def estimate_sigma(image: Tensor) -> float:
    """Estimate the standard deviation of white Gaussian noise.

    The median absolute deviation of the finest diagonal wavelet coefficients (Donoho and Johnstone
    1994, doi 10.1093/biomet/81.3.425), averaged over the channels. Coefficients near black and
    white, where clipping to [0, 1] has cut the noise, are left out when enough others remain.
    A channel of two values alone, as scans in black and white have, counts as free of it.

    Parameters
    ----------
    image
        ``(1, C, [D,] H, W)``, in picture units.

    Returns
    -------
    The estimate in picture units; 0 for pictures thinner than 2 pixels, where none can be made.
    """
    if min(image.shape[2:]) < 2:
        return 0.0
    return float(np.mean([_level(channel) for channel in image[0].double().cpu().numpy()]))


def _level(channel: NDArray[np.float64]) -> float:
    if np.isin(channel, (channel.min(), channel.max())).all():
        return 0.0
    axes = channel.ndim
    coefficients = pywt.dwtn(channel, "db2")
    diagonal, brightness = coefficients["d" * axes], coefficients["a" * axes] / 2 ** (axes / 2)
    # Black and white areas hide the noise: exact zeros there tell nothing, elsewhere they do.
    hidden = (diagonal == 0) & ((brightness < _BARELY) | (brightness > 1 - _BARELY))
    diagonal, brightness = diagonal[~hidden], brightness[~hidden]
    level = _median_level(diagonal)
    for _ in range(_ROUNDS):
        margin = CLIPPING_MARGIN * level
        unclipped = (brightness > margin) & (brightness < 1 - margin)
        if unclipped.sum() < LEAST_SHARE * hidden.size:
            break
        level = _median_level(diagonal[unclipped])
    return level


def _median_level(coefficients: NDArray[np.float64]) -> float:
    if coefficients.size == 0:
        return 0.0
    return float(np.median(np.abs(coefficients))) / _NORMAL_QUARTILE
