"""Total variation: the hand-crafted prior to compare an untrained network with."""

import torch
from torch import Tensor
from torch.nn import functional as F

_ROUND = 1e-6
"""Added under the root, so that flat areas have a gradient."""


def total_variation(image: Tensor, chroma: float = 1.0) -> Tensor:
    """Compute the mean length of the gradient over the pixels, channels coupled; a scalar.

    In volumes the gradient has three components. In pictures it is
    ``sum_ij sqrt(|x_ij - x_i+1,j|^2 + |x_ij - x_i,j+1|^2) / (H W)`` with differences of zero at the
    last row and column (Rudin, Osher and Fatemi 1992; coupled over channels as in Bresson and Chan
    2008).

    Parameters
    ----------
    image
        ``(1, C, [D,] H, W)``.
    chroma
        Weight of the differences between channels, relative to their mean: colours are smoother
        than brightness (Condat and Mosaddegh 2012, doi 10.1109/ICIP.2012.6467477).
    """
    steps = torch.stack(
        [
            F.pad(image.diff(dim=-1 - axis), (0, 0) * axis + (0, 1))
            for axis in reversed(range(image.ndim - 2))
        ]
    )
    squares = steps.square().sum(dim=0).sum(dim=1)
    if chroma != 1:
        bright = image.shape[1] * steps.mean(dim=2).square().sum(dim=0)
        squares = bright + chroma**2 * (squares - bright).clamp_min(0)
    return (squares + _ROUND).sqrt().mean()
