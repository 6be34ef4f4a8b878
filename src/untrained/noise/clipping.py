"""Clipping: the bias that noise cut off at black and white leaves in a mean, and its correction."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_AGREES = 0.7
"""Least share of the predicted clipped samples that clipped noise shows."""
_AS_NOISY = 0.85
"""Least share of the predicted variance within one deviation of a clipped end."""
_FEWEST = 1e-3
"""Share of clipped samples below which they do not bias a mean."""
_WINDOW = 7
"""Side of the window of local means, in pixels."""
_TABLE = 4097


@dataclass(frozen=True)
class Clipping:
    """White Gaussian noise that was cut off at black, at white, or at both.

    Clipping makes the mean too bright in the dark and too dark in the light, and a denoiser
    estimates that mean. The mean grows with the clean value, so the bias can be undone (Foi 2009,
    doi 10.1016/j.sigpro.2009.04.035).
    """

    sigma: float
    """Standard deviation of the noise before clipping, in picture units."""
    black: bool
    """Whether it was clipped at 0."""
    white: bool
    """Whether it was clipped at 1."""

    def mean(self, clean: Tensor) -> Tensor:
        """Compute the expectation of the clipped samples of a clean picture, of any shape."""
        lifted = self._beyond(clean) if self.black else 0
        lowered = self._beyond(1 - clean) if self.white else 0
        return clean + lifted - lowered

    def undo(self, found: Tensor) -> Tensor:
        """Compute the picture whose clipped samples have this expectation; clipped ends stay."""
        ends = (0.0 if self.black else -1.0, 1.0 if self.white else 2.0)
        clean = torch.linspace(*ends, _TABLE, dtype=torch.float64)
        means = self.mean(clean).numpy()
        undone = np.interp(found.cpu().double().numpy(), means, clean.numpy())
        return torch.as_tensor(undone).to(found)

    def _beyond(self, distance: Tensor) -> Tensor:
        """Compute the expected overshoot of the noise beyond an end at this distance."""
        parts = distance / self.sigma
        density = torch.exp(-(parts**2) / 2) / math.sqrt(2 * math.pi)
        length: Tensor = self.sigma * (density - parts * torch.special.ndtr(-parts))
        return length


def find_clipping(
    measurement: Tensor, sigma: float, missing: Tensor | None = None
) -> Clipping | None:
    """Find the ends where as many samples are clipped as noise of this level explains.

    With fewer clipped samples, the dark or the light has less noise than the rest, or none was
    clipped. Photon counts have zeros too, but vary less in the dark.

    Parameters
    ----------
    measurement
        ``(1, C, [D,] H, W)``.
    sigma
        Standard deviation of the noise, in picture units.
    missing
        Bool ``(1, 1, [D,] H, W)``, where nothing was measured.

    Returns
    -------
    None if there is no such end.
    """
    if sigma <= 0:
        return None
    known = torch.ones_like(measurement)
    if missing is not None:
        known = known * ~missing
    around = (_local(measurement * known) / _local(known).clamp_min(1e-6)).clamp(0, 1)
    varies = (measurement - around) ** 2
    both = Clipping(sigma, black=True, white=True).undo(around)

    def clipped(found: Tensor, distance: Tensor) -> bool:
        predicted = float((known * torch.special.ndtr(-distance / sigma)).sum())
        there = float((known * found).sum())
        near = known * (distance < sigma)
        as_noisy = (near * varies).sum() >= _AS_NOISY * (near * _variance(distance, sigma)).sum()
        enough = predicted >= _FEWEST * float(known.sum())
        return enough and there >= _AGREES * predicted and bool(as_noisy)

    black = clipped(measurement == 0, both)
    white = clipped(measurement == 1, 1 - both)
    return Clipping(sigma, black, white) if black or white else None


def _variance(distance: Tensor, sigma: float) -> Tensor:
    """Compute the variance of noise clipped at an end at this distance."""
    parts = distance / sigma
    within = torch.special.ndtr(parts)
    density = torch.exp(-(parts**2) / 2) / math.sqrt(2 * math.pi)
    mean = parts * within + density
    square = (parts**2 + 1) * within + parts * density
    variance: Tensor = sigma**2 * (square - mean**2)
    return variance


def _local(samples: Tensor) -> Tensor:
    """Average over a window of each plane; at the edges, over the part inside."""
    planes = samples.flatten(0, -3)[:, None]
    means = F.avg_pool2d(planes, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)
    return means.view(samples.shape)
