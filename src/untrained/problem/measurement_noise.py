"""Estimate the noise level of a measurement from the measurement alone."""

import torch
from torch import Tensor

from untrained.noise import Gaussian, estimate_sigma
from untrained.operators import FourierSubsampling, Projection

_UPPER_QUARTILE = 0.6744897501960817
"""Median of the magnitude over sigma, for the normal distribution."""
_OUTER = 0.05
"""Share of the samples of k-space, the outermost, that count as pure noise."""
_FEWEST = 64


def find_level(physics: object, measurement: Tensor) -> Gaussian | None:
    """Estimate the level of white noise in a measurement by one of our operators.

    Parameters
    ----------
    physics
        A.
    measurement
        y, of the shape that A gives.

    Returns
    -------
    The noise, of the real and of the imaginary part if y is complex; None if there is no estimator
    for this operator, or no noise was found.
    """
    level = 0.0
    if isinstance(physics, Projection):
        level = _of_sinogram(measurement)
    elif isinstance(physics, FourierSubsampling):
        level = _of_spectrum(physics.mask, measurement)
    return Gaussian(level) if level > 0 else None


def _of_sinogram(sinogram: Tensor) -> float:
    """Treat it as a smooth picture: a slight overestimate for faint noise."""
    low, high = float(sinogram.min()), float(sinogram.max())
    if high <= low:
        return 0.0
    return (high - low) * estimate_sigma((sinogram - low) / (high - low))


def _of_spectrum(mask: Tensor, spectrum: Tensor) -> float:
    """Treat the outermost samples as noise: pictures have little power there.

    A slight overestimate for faint noise. Samples of exactly zero count as not measured.
    """
    height, width = mask.shape
    rows = (torch.arange(height) - height // 2) / height
    columns = (torch.arange(width) - width // 2) / width
    radii = (rows[:, None].square() + columns.square()).expand(spectrum.shape)
    measured = (mask.cpu() > 0) & (spectrum != 0)
    count = max(_FEWEST, int(_OUTER * int(measured.sum())))
    if int(measured.sum()) < count:
        return 0.0
    farthest = radii[measured].topk(count).indices
    parts = torch.view_as_real(spectrum[measured][farthest])
    return float(parts.abs().median()) / _UPPER_QUARTILE
