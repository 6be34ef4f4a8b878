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
CLIPPING_MARGIN = 2.0
"""Standard deviations from black and white within which noise counts as clipped."""

LEAST_SHARE = 0.02
"""Share of samples below which clipped ones are used after all."""


@dataclass(frozen=True)
class Gaussian:
    """White Gaussian noise of standard deviation `sigma`, in picture units (25/255, not 25).

    Raises
    ------
    ValueError
        If sigma is negative or not finite.
    """

    sigma: float

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


def mean_squared_error(prediction: Tensor, measurement: Tensor) -> Tensor:
    """Mean over all samples of the squared difference: the Gaussian likelihood up to scale."""
    return (prediction - measurement).square().mean()


def relative_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Sum of the squared differences over the sum of the squares of the target; a scalar."""
    return (prediction - target).square().sum() / target.square().sum().clamp_min(1e-12)


def estimate_sigma(image: Tensor) -> float:
    """Estimate the standard deviation of white Gaussian noise.

    The median absolute deviation of the finest diagonal wavelet coefficients (Donoho and Johnstone
    1994, doi 10.1093/biomet/81.3.425), averaged over the channels. Coefficients near black and
    white, where clipping to [0, 1] has cut the noise, are left out when enough others remain.

    Parameters
    ----------
    image
        ``(1, C, H, W)``, in picture units.

    Returns
    -------
    The estimate in picture units; 0 for pictures thinner than 2 pixels, where none can be made.
    """
    if min(image.shape[-2:]) < 2:
        return 0.0
    return float(np.mean([_level(channel) for channel in image[0].double().cpu().numpy()]))


def _level(channel: NDArray[np.float64]) -> float:
    approximation, (_, _, diagonal) = pywt.dwt2(channel, "db2")
    brightness = approximation / 2
    level = _median_level(diagonal)
    for _ in range(_ROUNDS):
        margin = CLIPPING_MARGIN * level
        unclipped = (brightness > margin) & (brightness < 1 - margin)
        if unclipped.mean() < LEAST_SHARE:
            break
        level = _median_level(diagonal[unclipped])
    return level


def _median_level(coefficients: NDArray[np.float64]) -> float:
    # Exact zeros come from flat or saturated areas, which hide the noise.
    magnitudes = np.abs(coefficients[coefficients != 0])
    return float(np.median(magnitudes)) / _NORMAL_QUARTILE if magnitudes.size else 0.0
