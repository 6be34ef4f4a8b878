"""Impulses: samples that were replaced, by black and white or by any value."""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_BARELY = 1e-6
"""How near to black and white, in picture units, an extreme value lies."""
_LEAST_EXTREME, _LEAST_RANDOM = 0.005, 0.02
"""Shares of impulses below which a picture is taken to have none."""
_CLUSTERED = 2.0
"""Neighbours of their own kind, against chance, from which samples are part of the scene."""
_MOST = 0.5
"""Share of samples at black, or at white, from which they are part of the scene."""
_COMPANIONS = 2
"""Equals among the 8 neighbours of an impulse at black or white, beside those there by chance."""
_TILE = 16
"""Side in pixels of the parts in which the share of black and white samples is taken."""
_MARGIN, _CONTINUOUS = 32 / 255, 0.3
"""Where this share as many samples lie within that margin of black or white as at it, they are the
tail of other noise."""
_FAR, _LEVELS = 40 / 255, 6.0
"""How far outlying samples are from their neighbours at least: picture units, and levels of the
other noise."""
_EVEN = 1e-6
"""Variance around a sample, in squared picture units, that is rounding."""
_QUANTILE, _OF_NORMAL = 0.65, 0.9346
"""Share of the errors that are not outliers', and that quantile of the size of normal ones."""
_STANDS_OUT = 12 / 255
"""How far an extreme sample is from its surroundings, at least, in picture units."""
_SIGMAS = 4.0
"""The same in standard deviations of the noise beside the impulses."""
_NEAREST = 4
"""Neighbours that the rank-ordered absolute difference sums over (Garnett et al. 2005)."""
_ROAD = 90 / 255
"""Rank-ordered absolute difference of an impulse, at least, in picture units."""
_WIDEST = 4
"""Reach in pixels of the window in which surroundings are sought."""


@dataclass(frozen=True, eq=False)
class Impulses:
    """Which samples were replaced."""

    places: Tensor
    """Bool ``(1, C, H, W)``."""
    valued: str
    """``extreme`` or ``random``."""

    @property
    def share(self) -> float:
        """How many of the samples they are."""
        return float(self.places.float().mean())


def find_impulses(image: Tensor) -> Impulses | None:
    """Find impulses, or None where a picture has none to speak of.

    Samples at black or white count when they lie apart from each other, as they do by chance, and
    stand out from the median of their other neighbours in the smallest window that has some
    (after Hwang and Haddad 1995, doi 10.1109/83.370679). Others count by their rank-ordered
    absolute difference (Garnett et al. 2005, doi 10.1109/TIP.2005.857261).

    Parameters
    ----------
    image
        ``(1, C, H, W)``, in picture units.
    """
    if min(image.shape[-2:]) < 3 or bool(((image == image.min()) | (image == image.max())).all()):
        return None
    extreme = extreme_impulses(image)
    if extreme.share > _LEAST_EXTREME:
        return extreme
    if outlying_share(image) > _LEAST_RANDOM:
        return random_impulses(image)
    return None


def asked_impulses(image: Tensor) -> Impulses:
    """Find impulses, taken for granted that there are some; as `find_impulses`."""
    extreme = extreme_impulses(image)
    return extreme if extreme.share > 0 else random_impulses(image)


def extreme_impulses(image: Tensor) -> Impulses:
    """Find samples of black and white that were not so; as for `find_impulses`."""
    ends = [image <= _BARELY, image >= 1 - _BARELY]
    near = [image <= _MARGIN, image >= 1 - _MARGIN]
    candidates = torch.stack([_scattered(end) for end in ends])
    apart = (image - surroundings(image, ~candidates.any(0))).abs()
    clear = apart > max(_STANDS_OUT, _SIGMAS * _usual(apart[~candidates.any(0)]))
    places = torch.zeros_like(ends[0])
    for end, margin, scattered in zip(ends, near, candidates, strict=True):
        found, tail = (float((part & clear).float().mean()) for part in (scattered, margin & ~end))
        if tail < _CONTINUOUS * found:
            places |= scattered & (apart > _STANDS_OUT)
    return Impulses(places, "extreme")


def random_impulses(image: Tensor) -> Impulses:
    """Find samples that few neighbours resemble, then those far from what the others foretell."""
    places = _road(image) > _ROAD
    for _ in range(2):
        apart = (image - surroundings(image, ~places)).abs()
        level = apart[~places].median() / 0.6745
        typical = _local_mean(apart * ~places) / _local_mean((~places).float()).clamp_min(1 / 25)
        places = apart > (_SIGMAS * torch.maximum(typical, level)).clamp_min(_STANDS_OUT)
    return Impulses(places, "random")


def surroundings(image: Tensor, trusted: Tensor) -> Tensor:
    """Median of the trusted neighbours in the smallest window that has some, up to `_WIDEST`.

    Parameters
    ----------
    image
        ``(1, C, H, W)``.
    trusted
        Bool, of the same shape.

    Returns
    -------
    A picture of the same shape; the image itself where no neighbour is trusted.
    """
    found, sought = image.clone(), torch.ones_like(trusted)
    known = torch.where(trusted, image, torch.nan)
    for reach in range(1, _WIDEST + 1):
        median = _neighbours(known, reach, sought).nanmedian(0).values
        found[sought] = torch.where(median.isfinite(), median, found[sought])
        sought[sought.clone()] = ~median.isfinite()
        if not sought.any():
            break
    return found


def outlying_share(image: Tensor) -> float:
    """Share of samples far from their neighbours where the picture has least structure."""
    smooth = surroundings(image, torch.ones_like(image, dtype=torch.bool))
    change = _local_mean(smooth.square()) - _local_mean(smooth).square()
    tenth = change.flatten().kthvalue(max(1, change.numel() // 10)).values.clamp_min(_EVEN)
    apart = (image - smooth).abs()[change <= tenth]
    return float((apart > max(_FAR, _LEVELS * _usual(apart))).float().mean())


def _usual(apart: Tensor) -> float:
    """Level of the errors that are not outliers'; 0 of none."""
    if apart.numel() == 0:
        return 0.0
    return float(apart.kthvalue(max(1, int(_QUANTILE * apart.numel()))).values) / _OF_NORMAL


def _scattered(end: Tensor) -> Tensor:
    """Samples at one end of the range that lie as by chance, not in areas of their kind."""
    if float(end.float().mean()) > _MOST:
        return torch.zeros_like(end)
    if not _clustered(end):
        return end
    share = F.avg_pool2d(end.float(), min(_TILE, *end.shape[-2:])).flatten()
    usual = float(share.kthvalue(max(1, len(share) // 4)).values)
    equals = _neighbours(end.float(), 1).sum(0)
    lonely = end & (equals <= _COMPANIONS + round(8 * usual))
    return torch.zeros_like(end) if _clustered(lonely) else lonely


def _clustered(end: Tensor) -> bool:
    """Whether samples have more of their kind beside them than by chance."""
    share = float(end.float().mean())
    beside = float((end[..., 1:] & end[..., :-1]).float().mean())
    return beside > _CLUSTERED * share**2


def _road(image: Tensor) -> Tensor:
    """Rank-ordered absolute difference: the sum of the least `_NEAREST` of 8 (Garnett et al.)."""
    apart = (_neighbours(image, 1) - image).abs()
    return apart.sort(dim=0).values[:_NEAREST].sum(0)


def _local_mean(image: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(image, (2,) * 4, mode="replicate"), 5, 1)


def _neighbours(image: Tensor, reach: int, where: Tensor | None = None) -> Tensor:
    """The samples around each, without itself, along a new first axis; of those `where` alone."""
    height, width = image.shape[-2:]
    padded = F.pad(image, (reach,) * 4, mode="replicate")
    side = 2 * reach + 1
    shifted = (
        padded[..., row : row + height, column : column + width]
        for row, column in itertools.product(range(side), repeat=2)
        if (row, column) != (reach, reach)
    )
    return torch.stack([part if where is None else part[where] for part in shifted])
