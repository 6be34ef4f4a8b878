"""Pictures of many bands: the few pictures behind them, in which the noise is white.

Bands are divided by their noise levels and turned to their principal components; those that rise
above the noise are kept (as in FastHyDe, Zhuang and Bioucas-Dias 2018, doi
10.1109/JSTARS.2018.2796570). They are mixed anew to as many pictures that resemble bands, so that a
network and NL-Ridge find what they are made for.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from untrained.numerics.opponent_colour import opponent

_NORMAL_QUARTILE = 0.6744897501960817
"""Upper quartile of the standard normal distribution: median absolute deviation over sigma."""

_DETAIL = (1 - 3**0.5, 3**0.5 - 3, 3 + 3**0.5, -1 - 3**0.5)
"""High-pass filter of Daubechies' wavelet with two vanishing moments, times the root of 32."""

_MARGIN = 1.1
"""A component is kept where its power is this times the most that white noise would have."""

_LEAST = 1e-4, 0.05
"""Noise levels are taken as no less than this, and than this share of their median."""


def band_levels(pixels: Tensor) -> Tensor:
    """Estimate the noise level of each band, white noise that no two bands share.

    From the finest diagonal wavelet coefficients: their median absolute deviation (Donoho and
    Johnstone 1994), or what the other bands do not explain of them (as in HySime, Bioucas-Dias and
    Nascimento 2008, doi 10.1109/TGRS.2008.918089), whichever is less.

    Parameters
    ----------
    pixels
        ``(1, C, H, W)``.

    Returns
    -------
    ``(C,)`` in picture units; 0 for pictures thinner than 4 pixels.
    """
    if min(pixels.shape[-2:]) < len(_DETAIL):
        return torch.zeros(pixels.shape[1])
    wavelet = torch.tensor(_DETAIL, dtype=torch.float64) / 32**0.5
    diagonal = (wavelet[:, None] * wavelet)[None, None]
    found = F.conv2d(pixels[0].double()[:, None], diagonal, stride=2).flatten(1).numpy()
    spread = np.median(np.abs(found), axis=1) / _NORMAL_QUARTILE
    return torch.from_numpy(np.minimum(spread, _unexplained(found))).float()


def _unexplained(details: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviation of each row from its regression on all others; infinite where rows are few."""
    bands, count = details.shape
    if count < 4 * bands:
        return np.full(bands, np.inf)
    covariance = details @ details.T / (count - bands + 1)
    power = np.trace(covariance) / bands
    inverse = np.linalg.inv(covariance + 1e-9 * max(power, 1e-12) * np.eye(bands))
    deviations: NDArray[np.float64] = 1 / np.sqrt(np.diagonal(inverse))
    return deviations


class Components:
    """The pictures behind the bands of one picture.

    Parameters
    ----------
    pixels
        ``(1, C, H, W)``, two bands or more.
    levels
        Noise level of each band, ``(C,)``, in picture units; not all 0.
    known
        Bool ``(1, 1, H, W)``, where pixels are not missing; everywhere when None.

    Attributes
    ----------
    count
        K, how many there are: 2 or more.
    level
        Their noise level, the same in all, where their range is [0, 1].
    """

    def __init__(self, pixels: Tensor, levels: Tensor, known: Tensor | None = None) -> None:
        seen = pixels[0].flatten(1) if known is None else pixels[0][:, known[0, 0]]
        least = max(_LEAST[0], _LEAST[1] * float(levels.median()))
        floors = levels.double().clamp_min(least)[:, None]
        self._mean = seen.double().mean(1, keepdim=True)
        whitened = (seen - self._mean) / floors
        powers, axes = torch.linalg.eigh(whitened @ whitened.T / whitened.shape[1])
        # The largest power that white noise has in so many bands (Marchenko and Pastur 1967).
        most = _MARGIN * (1 + (len(seen) / whitened.shape[1]) ** 0.5) ** 2
        self.count = max(2, int((powers > most).sum()))
        axes = axes.flip(1)[:, : self.count]
        mixing = opponent(self.count).double().T
        self._forth = mixing @ axes.T / floors.T
        self._back = floors * axes @ mixing.T
        mixed = self._forth @ (seen - self._mean)
        low, high = mixed.amin(1, keepdim=True), mixed.amax(1, keepdim=True)
        self._range = float((high - low).max()) or 1.0
        self._middle = (low + high) / 2
        self.level = 1 / self._range

    def compact(self, pixels: Tensor) -> Tensor:
        """Turn bands ``(1, C, H, W)`` to components ``(1, K, H, W)`` in [0, 1]."""
        mixed = self._forth @ (pixels[0].flatten(1) - self._mean) - self._middle
        scaled: Tensor = mixed / self._range + 0.5
        return scaled.float().reshape(1, -1, *pixels.shape[-2:])

    def expand(self, components: Tensor) -> Tensor:
        """Undo `compact`: components ``(1, K, H, W)`` to bands ``(1, C, H, W)``."""
        mixed = (components[0].flatten(1).double() - 0.5) * self._range + self._middle
        bands: Tensor = self._back @ mixed + self._mean
        return bands.to(components.dtype).reshape(1, -1, *components.shape[-2:])
