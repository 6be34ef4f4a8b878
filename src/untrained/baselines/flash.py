"""The joint bilateral filter, for flash pairs."""

import itertools
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.baselines.registry import baseline
from untrained.errors import NotApplicable, RequestError
from untrained.problem.problem import Problem


@baseline("joint-bilateral", "joint bilateral", ("flash",))
def joint_bilateral_of_pair(problem: Problem) -> Tensor:
    """Apply the joint bilateral filter to a flash pair.

    The standard deviations, 4 pixels and 0.05, are the best of a grid on five synthetic pairs.

    Raises
    ------
    NotApplicable
        If the problem is not a flash pair.
    """
    if problem.knowledge.guide is None or problem.task != "flash":
        raise NotApplicable("there is no flash picture")
    return joint_bilateral(
        problem.picture.pixels, problem.knowledge.guide, sigma_space=4, sigma_range=0.05
    )


def joint_bilateral(
    image: Tensor, guide: Tensor, *, sigma_space: float, sigma_range: float
) -> Tensor:
    """Smooth a picture but keep the edges of another.

    The joint bilateral filter (Petschnig et al. 2004, doi 10.1145/1015706.1015777), also known as
    the cross bilateral filter (Eisemann and Durand 2004, doi 10.1145/1015706.1015778). Each pixel
    becomes the mean of its neighbours, weighted by a Gaussian of their distance times a Gaussian of
    their difference in the guide. Neighbours outside the picture do not count.

    Parameters
    ----------
    image
        The picture to smooth, ``(1, C, H, W)``.
    guide
        The picture with the edges, ``(1, G, H, W)``; differences are Euclidean over G channels.
    sigma_space
        Standard deviation of the distance, in pixels; the window reaches three times as far.
    sigma_range
        Standard deviation of the difference, in picture units.

    Raises
    ------
    RequestError
        If the pictures differ in size, or a standard deviation is not positive and finite.
    """
    if image.shape[-2:] != guide.shape[-2:]:
        raise RequestError(
            f"the picture is {image.shape[-1]}x{image.shape[-2]}, the guide "
            f"{guide.shape[-1]}x{guide.shape[-2]}: they must match"
        )
    for sigma in (sigma_space, sigma_range):
        if not (math.isfinite(sigma) and sigma > 0):
            raise RequestError(f"a standard deviation is {sigma:g}: give a finite value above 0")
    height, width = image.shape[-2:]
    reach = math.ceil(3 * sigma_space)
    border = (reach,) * 4
    # An infinite difference: pixels outside the picture get no weight.
    near, far = F.pad(image, border), F.pad(guide, border, value=math.inf)
    total, norm = torch.zeros_like(image), torch.zeros_like(image[:, :1])
    for row, column in itertools.product(range(2 * reach + 1), repeat=2):
        window = (..., slice(row, row + height), slice(column, column + width))
        apart = (far[window] - guide).square().sum(dim=1, keepdim=True)
        space = ((row - reach) ** 2 + (column - reach) ** 2) / (2 * sigma_space**2)
        weight = torch.exp(-space - apart / (2 * sigma_range**2))
        total += weight * near[window]
        norm += weight
    return total / norm
