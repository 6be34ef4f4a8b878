"""ZS-N2N: two half-size pictures predict each other (Mansour and Heckel 2023)."""

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.noise import mean_squared_error
from untrained.pairings.pair import Pair, Pairing
from untrained.pairings.registry import check_same_size, pairing, picture_channels
from untrained.picture.region import Size
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import ZSN2NPairing


class ZSN2N:
    """Zero-Shot Noise2Noise: each half is the target of the other.

    The network sees the measurement and its two halves. The loss is half the squared error of each
    half's picture against the other half, plus half its squared error against the same half of the
    whole picture (Mansour and Heckel 2023, arXiv:2303.11253, equations 4 to 6).

    Parameters
    ----------
    measurement
        y, ``(1, C, H, W)``, with noise independent from pixel to pixel.
    """

    def __init__(self, measurement: Tensor) -> None:
        self._measurement = measurement
        self._halves = downsample_neighbours(measurement)

    def draw(self, generator: torch.Generator) -> Pair:  # noqa: ARG002
        """Return the measurement and its halves; nothing is random."""
        y = self._measurement
        return Pair(y, y, torch.nn.Identity(), self._loss, self._halves)

    def _loss(self, picture: Tensor, _: Tensor, *found: Tensor) -> Tensor:
        """Compute the loss of the whole picture and the two half-size pictures; a scalar."""
        own, (first, second) = downsample_neighbours(picture), self._halves
        residual = mean_squared_error(found[0], second) + mean_squared_error(found[1], first)
        consistency = sum(map(mean_squared_error, found, own), start=picture.new_zeros(()))
        return 0.5 * (residual + consistency)


def downsample_neighbours(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Average each diagonal of each 2x2 block: no pixel enters both halves.

    Parameters
    ----------
    picture
        ``(1, C, H, W)``; a last odd row or column is repeated.

    Returns
    -------
    Two pictures, ``(1, C, ceil(H / 2), ceil(W / 2))`` each.
    """
    height, width = picture.shape[-2:]
    even = F.pad(picture, (0, width % 2, 0, height % 2), mode="replicate")
    corners = [even[..., row::2, column::2] for row in range(2) for column in range(2)]
    return (corners[1] + corners[2]) / 2, (corners[0] + corners[3]) / 2


@pairing(ZSN2NPairing, channels=picture_channels)
def _zs_n2n(
    settings: ZSN2NPairing,
    problem: Problem,
    input_size: Size,
    generator: torch.Generator,  # noqa: ARG001
) -> Pairing:
    check_same_size(settings, problem, input_size)
    if problem.picture.missing is not None or problem.rendering.kept is not None:
        raise ProblemError(
            "the zs-n2n pairing needs a picture without missing pixels: choose another pairing"
        )
    return ZSN2N(problem.measurement.y)
