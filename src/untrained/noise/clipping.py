"""Clipping: what noise beyond black and white leaves of a mean, and the picture behind it."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_AGREES = 0.7
"""Share of the predicted clipped samples that are found where noise was clipped."""
_AS_NOISY = 0.85
"""Share of the predicted variance that is found within one deviation of an end that clipped."""
_FEWEST = 1e-3
"""Share of all samples below which those clipped move no mean."""
_WINDOW = 7
"""Pixels along the window of local means."""
_TABLE = 4097


@dataclass(frozen=True)
class Clipping:
    """White Gaussian noise that was cut off at black, at white, or at both.

    The mean of clipped samples is lighter than the dark and darker than the light; who denoises
    finds that mean. It is monotonic, so that it can be undone (Foi 2009, doi
    10.1016/j.sigpro.2009.04.035).
    """

    sigma: float
    """Standard deviation of the noise before, in picture units."""
    black: bool
    """Whether it was clipped at 0."""
    white: bool
    """Whether it was clipped at 1."""

    def mean(self, clean: Tensor) -> Tensor:
        """Give the expectation of the samples of a picture of any shape."""
        lifted = self._beyond(clean) if self.black else 0
        lowered = self._beyond(1 - clean) if self.white else 0
        return clean + lifted - lowered

    def undo(self, found: Tensor) -> Tensor:
        """Give the picture whose samples have this expectation; an end that was clipped is kept."""
        ends = (0.0 if self.black else -1.0, 1.0 if self.white else 2.0)
        clean = torch.linspace(*ends, _TABLE, dtype=torch.float64)
        means = self.mean(clean).numpy()
        undone = np.interp(found.cpu().double().numpy(), means, clean.numpy())
        return torch.as_tensor(undone).to(found)

    def _beyond(self, distance: Tensor) -> Tensor:
        """Expected length by which noise goes beyond an end at this distance."""
        parts = distance / self.sigma
        density = torch.exp(-(parts**2) / 2) / math.sqrt(2 * math.pi)
        length: Tensor = self.sigma * (density - parts * torch.special.ndtr(-parts))
        return length


def find_clipping(
    measurement: Tensor, sigma: float, missing: Tensor | None = None
) -> Clipping | None:
    """See at which ends as many samples are clipped as noise of this level explains.

    Where there are fewer, the dark or the light has less noise than the rest, or none was clipped.
    Counted light has its zeros, too, but varies less in the dark.

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
    None where there is no such end.
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
    """Variance of noise that is clipped at an end at this distance."""
    parts = distance / sigma
    within = torch.special.ndtr(parts)
    density = torch.exp(-(parts**2) / 2) / math.sqrt(2 * math.pi)
    mean = parts * within + density
    square = (parts**2 + 1) * within + parts * density
    variance: Tensor = sigma**2 * (square - mean**2)
    return variance


def _local(samples: Tensor) -> Tensor:
    """Mean over a window of each plane, less at the edges."""
    planes = samples.flatten(0, -3)[:, None]
    means = F.avg_pool2d(planes, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)
    return means.view(samples.shape)
