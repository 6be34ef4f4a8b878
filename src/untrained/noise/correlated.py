"""Correlated noise (grain), as in developed and compressed photographs."""

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from untrained.noise.curve import binned_levels
from untrained.noise.flat_blocks import Blocks, cut_blocks

RAISED = 1.8
"""Factor on the level of coarse grain for a filter that assumes white noise, which removes less of
correlated noise. Measured on photographs of real noise."""
_WEAKEST, _STRONGEST = 4 / 255, 12 / 255
"""Range of levels of coarse grain, in picture units: weaker grain cannot be distinguished from the
scene, and cameras leave none stronger."""
_COARSER = 2.9
"""Least ratio of coarse to fine grain: white noise has 1."""
_FEW, _MANY, _ALIKE = 0.03, 0.3, 1.25
"""Shares of quiet blocks, and the largest ratio of their levels that counts as noise: structure
grows more."""
_LOW = 0.25
"""Quantile of the levels at different brightness: higher ones may hold structure."""
_LEAST_SIDE = 192
"""Sides in pixels below which grain cannot be distinguished from structure."""


def grain(image: Tensor, missing: Tensor | None = None) -> tuple[float, float]:
    """Measure the grain of the brightness.

    Parameters
    ----------
    image
        ``(1, C, H, W)``, in picture units.
    missing
        Bool ``(1, 1, H, W)``, True where nothing was measured.

    Returns
    -------
    The level of the finest grain, and the level of grain twice as coarse, or 0 if that is not
    correlated noise. White noise has equal levels. In picture units, of one channel if all are
    alike.
    """
    if min(image.shape[-2:]) < _LEAST_SIDE:
        return 0.0, 0.0
    grey = image.double().mean(1, keepdim=True)
    holes = None if missing is None else missing.double()
    several = image.shape[1] ** 0.5
    fine = several * _low(_blocks(grey, holes), _FEW)
    smaller = None if holes is None else F.max_pool2d(holes, 2)
    halved = _blocks(F.avg_pool2d(grey, 2), smaller)
    coarse, wider = (2 * several * _low(halved, share) for share in (_FEW, _MANY))
    strong = max(_WEAKEST, _COARSER * fine) < coarse < _STRONGEST
    return fine, coarse if strong and wider < _ALIKE * coarse else 0.0


def _blocks(grey: Tensor, holes: Tensor | None) -> Blocks:
    places = None if holes is None else holes[0, 0].cpu().numpy() > 0
    return cut_blocks(grey[0, 0].cpu().numpy(), places)


def _low(blocks: Blocks, share: float) -> float:
    levels = binned_levels(blocks, share)[:, 1]
    return float(np.quantile(levels, _LOW)) if len(levels) else 0.0
