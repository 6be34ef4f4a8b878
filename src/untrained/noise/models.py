"""Noise models: drawing samples, and the expected residual."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.errors import RequestError
from untrained.noise.data_terms import pearson_residual

CLIPPING_MARGIN = 2.0
"""Distance from black and white, in standard deviations, within which noise counts as clipped."""

LEAST_SHARE = 0.02
"""Least share of unclipped samples; below it, clipped ones are used too."""


@checked
@dataclass(frozen=True)
class Gaussian:
    """White Gaussian noise of standard deviation `sigma`, in picture units (25/255, not 25).

    For complex measurements, sigma is the level of the real and of the imaginary part.

    Raises
    ------
    RequestError
        If sigma is negative or not finite.
    """

    sigma: float
    clipped: bool = True
    """Whether the measurement was clipped to [0, 1], as pictures are."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise RequestError(f"sigma must be finite and 0 or more, got {self.sigma:g}")

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a measurement of `clean`, unclipped, of the same shape."""
        drawn = torch.randn(clean.shape, generator=generator, device=clean.device)
        return clean + self.sigma * drawn

    @property
    def expected_residual(self) -> float:
        """The expected mean squared error of a measurement against its clean picture."""
        return self.sigma**2

    def excess(self, prediction: Tensor, measurement: Tensor) -> float:
        """Compute the residual over its expectation: about 1 for the clean picture.

        Samples near black and white, whose noise was clipped, do not count if enough others remain.
        """
        squares = (prediction - measurement).abs().square()
        if self.clipped:
            margin = CLIPPING_MARGIN * self.sigma
            whole = (prediction > margin) & (prediction < 1 - margin)
            squares = squares[whole] if whole.float().mean() > LEAST_SHARE else squares
        parts = 2 if measurement.is_complex() else 1
        return max(float(squares.mean()), 1e-12) / (parts * self.sigma**2)


@checked
@dataclass(frozen=True)
class Poisson:
    """Photon counts: ``y ~ Poisson(A x)``, as in emission tomography and faint light."""

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw counts whose expectation is `clean`, of the same shape."""
        return torch.poisson(clean, generator=generator)

    def excess(self, prediction: Tensor, measurement: Tensor) -> float:
        """Compute the Pearson residual; its expectation is 1."""
        return float(pearson_residual(prediction, measurement))


@checked
@dataclass(frozen=True)
class PoissonGaussian:
    """Sensor noise, photon counts plus read noise: ``y = a p + n + black``.

    ``p ~ Poisson((x - black) / a)`` and ``n ~ N(0, sigma^2)``: a variance of
    ``a (x - black) + sigma^2`` (Foi et al. 2008, doi 10.1109/TIP.2008.2001399). Sigma 0 leaves
    Poisson noise.

    Raises
    ------
    RequestError
        If the gain is not positive, sigma negative, or one of the three not finite.
    """

    gain: float
    """a, picture units for each quantum."""
    sigma: float = 0.0
    """Standard deviation of the read noise, in picture units."""
    black: float = 0.0
    """The black level: the reading without light, in picture units."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.gain) and self.gain > 0):
            raise RequestError(f"gain must be finite and above 0, got {self.gain:g}")
        if not (math.isfinite(self.sigma) and self.sigma >= 0):
            raise RequestError(f"sigma must be finite and 0 or more, got {self.sigma:g}")
        if not math.isfinite(self.black):
            raise RequestError(f"black must be finite, got {self.black:g}")

    def variance(self, clean: Tensor) -> Tensor:
        """Compute the variance of the noise at a clean picture, of the same shape."""
        return self.gain * (clean - self.black).clamp_min(0) + self.sigma**2

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a measurement of `clean`, unclipped, of the same shape."""
        light = (clean - self.black).clamp_min(0)
        counts = torch.poisson(light / self.gain, generator=generator)
        drawn = torch.randn(clean.shape, generator=generator, device=clean.device)
        return self.gain * counts + self.sigma * drawn + self.black


@checked
@dataclass(frozen=True)
class Impulse:
    """Some samples replaced: by black or white (salt and pepper), or by any value.

    Raises
    ------
    RequestError
        If the share is not in [0, 1).
    """

    share: float
    """Probability that a sample is replaced."""
    valued: Literal["extreme", "random"] = "extreme"
    """``extreme``: black or white; ``random``: uniform in [0, 1]."""

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise RequestError(f"share must be 0 or more and below 1, got {self.share:g}")

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a measurement of `clean`, of the same shape."""
        chance, value = (
            torch.rand(clean.shape, generator=generator, device=clean.device) for _ in range(2)
        )
        value = value.round() if self.valued == "extreme" else value
        return torch.where(chance < self.share, value, clean)


@checked
@dataclass(frozen=True)
class Transmission:
    """Low-dose tomography: ``y = -log(n / n0)`` with ``n ~ Poisson(n0 exp(-A x))`` (Beer-Lambert).

    Raises
    ------
    RequestError
        If the number of photons is not positive and finite.
    """

    photons: float
    """n0, expected counts of a detector bin without an object."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.photons) and self.photons > 0):
            raise RequestError(f"photons must be finite and above 0, got {self.photons:g}")

    def counts(self, measurement: Tensor) -> Tensor:
        """Compute the counts n of a log-transformed measurement."""
        return self.photons * torch.exp(-measurement)

    def sample(self, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a log-transformed measurement of the line integrals `clean`; no count becomes 1."""
        counts = torch.poisson(self.counts(clean), generator=generator).clamp_min(1)
        return -torch.log(counts / self.photons)
