"""How noisy a measurement is, from itself alone."""

import torch
from torch import Tensor

from untrained.noise import Gaussian, estimate_sigma
from untrained.operators import FourierSubsampling, Projection

_UPPER_QUARTILE = 0.6744897501960817
"""Of the standard normal distribution: the median of a magnitude over its sigma."""
_OUTER = 0.05
"""Share of the samples of k-space that are taken to hold noise alone: those farthest out."""
_FEWEST = 64


def find_level(physics: object, measurement: Tensor) -> Gaussian | None:
    """Estimate the level of white noise in a measurement by an operator of ours.

    Parameters
    ----------
    physics
        A.
    measurement
        y, as A gives it.

    Returns
    -------
    The noise, of either part where y is complex; None where nothing is known of such measurements,
    or no noise was found.
    """
    level = 0.0
    if isinstance(physics, Projection):
        level = _of_sinogram(measurement)
    elif isinstance(physics, FourierSubsampling):
        level = _of_spectrum(physics.mask, measurement)
    return Gaussian(level) if level > 0 else None


def _of_sinogram(sinogram: Tensor) -> float:
    """Take it as a picture, which is smooth: a little too much where the noise is faint."""
    low, high = float(sinogram.min()), float(sinogram.max())
    if high <= low:
        return 0.0
    return (high - low) * estimate_sigma((sinogram - low) / (high - low))


def _of_spectrum(mask: Tensor, spectrum: Tensor) -> float:
    """Take the samples farthest out as noise: pictures have little power there.

    A little too much where the noise is faint. What is exactly zero was not measured.
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
