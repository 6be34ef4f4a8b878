"""Impulse noise: samples replaced by black and white, or by any value."""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_BARELY = 1e-6
"""Largest distance of an extreme value from black or white, in picture units."""
_LEAST_EXTREME, _LEAST_RANDOM = 0.005, 0.02
"""Shares of impulses below which a picture counts as free of them."""
_CLUSTERED = 2.0
"""Ratio of equal neighbours to chance from which samples are part of the scene."""
_MOST = 0.5
"""Share of samples at black, or at white, from which they are part of the scene."""
_COMPANIONS = 2
"""Most equal neighbours, of 8, of a black or white impulse beyond chance."""
_TILE = 16
"""Side in pixels of the parts in which the share of black and white samples is measured."""
_MARGIN, _CONTINUOUS = 32 / 255, 0.3
"""Share and margin: if at least this share as many samples lie within the margin of black or white
as at it, they are the tail of other noise."""
_FAR, _LEVELS = 40 / 255, 6.0
"""Least distance of outliers from their neighbours: in picture units, and in levels of the other
noise."""
_EVEN = 1e-6
"""Variance around a sample, in squared picture units, that rounding explains."""
_QUANTILE, _OF_NORMAL = 0.65, 0.9346
"""Share of the errors that are not outliers, and the normal quantile of that share."""
_STANDS_OUT = 12 / 255
"""Least distance of an extreme sample from its surroundings, in picture units."""
_SIGMAS = 4.0
"""The same in standard deviations of the other noise."""
_NEAREST = 4
"""Neighbours that the rank-ordered absolute difference sums over (Garnett et al. 2005)."""
_ROAD = 90 / 255
"""Least rank-ordered absolute difference of an impulse, in picture units."""
_WIDEST = 4
"""Largest reach, in pixels, of the window of surroundings."""


@dataclass(frozen=True, eq=False)
class Impulses:
    """Which samples were replaced."""

    places: Tensor
    """Bool ``(1, C, H, W)``."""
    valued: str
    """``extreme`` or ``random``."""

    @property
    def share(self) -> float:
        """Share of the samples that are impulses."""
        return float(self.places.float().mean())


def find_impulses(image: Tensor) -> Impulses | None:
    """Find impulses; None if the picture has almost none.

    Black and white samples count if they are scattered at random and stand out from the median of
    their other neighbours, in the smallest window that has some (after Hwang and Haddad 1995, doi
    10.1109/83.370679). Others count by their rank-ordered absolute difference (Garnett et al. 2005,
    doi 10.1109/TIP.2005.857261).

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
    """Find impulses, assuming that there are some; as `find_impulses`."""
    extreme = extreme_impulses(image)
    return extreme if extreme.share > 0 else random_impulses(image)


def extreme_impulses(image: Tensor) -> Impulses:
    """Find black and white samples that are impulses; as `find_impulses`."""
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
    """Find samples that few neighbours resemble, then those far from the others' prediction."""
    places = _road(image) > _ROAD
    for _ in range(2):
        apart = (image - surroundings(image, ~places)).abs()
        level = apart[~places].median() / 0.6745
        typical = _local_mean(apart * ~places) / _local_mean((~places).float()).clamp_min(1 / 25)
        places = apart > (_SIGMAS * torch.maximum(typical, level)).clamp_min(_STANDS_OUT)
    return Impulses(places, "random")


def surroundings(image: Tensor, trusted: Tensor) -> Tensor:
    """Compute the median of the trusted neighbours in the smallest window that has some.

    Parameters
    ----------
    image
        ``(1, C, H, W)``.
    trusted
        Bool, of the same shape.

    Returns
    -------
    A picture of the same shape; the image itself where no neighbour up to `_WIDEST` is trusted.
    """
    found, open_places = image.clone(), torch.ones_like(trusted)
    known = torch.where(trusted, image, torch.nan)
    for reach in range(1, _WIDEST + 1):
        median = _neighbours(known, reach, open_places).nanmedian(0).values
        found[open_places] = torch.where(median.isfinite(), median, found[open_places])
        open_places[open_places.clone()] = ~median.isfinite()
        if not open_places.any():
            break
    return found


def outlying_share(image: Tensor) -> float:
    """Compute the share of outliers where the picture has least structure."""
    smooth = surroundings(image, torch.ones_like(image, dtype=torch.bool))
    change = _local_mean(smooth.square()) - _local_mean(smooth).square()
    tenth = change.flatten().kthvalue(max(1, change.numel() // 10)).values.clamp_min(_EVEN)
    apart = (image - smooth).abs()[change <= tenth]
    return float((apart > max(_FAR, _LEVELS * _usual(apart))).float().mean())


def _usual(apart: Tensor) -> float:
    """Estimate the level of the errors that are not outliers; 0 without errors."""
    if apart.numel() == 0:
        return 0.0
    return float(apart.kthvalue(max(1, int(_QUANTILE * apart.numel()))).values) / _OF_NORMAL


def _scattered(end: Tensor) -> Tensor:
    """Find the samples at one end of the range that are scattered at random, not in areas."""
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
    """Return whether samples have more equal neighbours than by chance."""
    share = float(end.float().mean())
    beside = float((end[..., 1:] & end[..., :-1]).float().mean())
    return beside > _CLUSTERED * share**2


def _road(image: Tensor) -> Tensor:
    """Compute the rank-ordered absolute difference: the sum of the `_NEAREST` least of 8."""
    apart = (_neighbours(image, 1) - image).abs()
    return apart.sort(dim=0).values[:_NEAREST].sum(0)


def _local_mean(image: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(image, (2,) * 4, mode="replicate"), 5, 1)


def _neighbours(image: Tensor, reach: int, where: Tensor | None = None) -> Tensor:
    """Stack the neighbours of each sample along a new first axis; only `where`, if given."""
    height, width = image.shape[-2:]
    padded = F.pad(image, (reach,) * 4, mode="replicate")
    side = 2 * reach + 1
    shifted = (
        padded[..., row : row + height, column : column + width]
        for row, column in itertools.product(range(side), repeat=2)
        if (row, column) != (reach, reach)
    )
    return torch.stack([part if where is None else part[where] for part in shifted])
