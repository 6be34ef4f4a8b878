"""The classical filters that people use, by task: a function from a Problem to a picture each.

A picture is float32 ``(1, C, H, W)`` on the CPU. Where a filter cannot be used it raises
NotApplicable, whose message says why.
"""

import itertools
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from untrained.denoisers.nl_ridge import nl_ridge_twice
from untrained.errors import NotApplicable, RequestError
from untrained.noise import Gaussian, surroundings
from untrained.operators import Bayer
from untrained.problem.problem import Problem

Samples = NDArray[Any]

_LEAST_LEVEL = 1e-5
"""Noise levels below this, in picture units, are rounding."""

# Denoising and deblocking -------------------------------------------------------------------------


def non_local_means(problem: Problem) -> Tensor:
    """Average patches that look alike (Buades, Coll and Morel 2005, doi 10.1109/CVPR.2005.38).

    Patches of 5x5 within 6 pixels, h = 0.6 sigma, distances corrected for the noise.
    """
    from skimage.restoration import denoise_nl_means

    image, level = _array(_noisy(problem)), _level(problem)
    result = denoise_nl_means(
        image,
        patch_size=5,
        patch_distance=6,
        h=0.6 * level,
        sigma=level,
        fast_mode=True,
        channel_axis=-1,
    )
    return _tensor(np.reshape(result, image.shape))


def ridge_of_patches(problem: Problem) -> Tensor:
    """Combine similar patches linearly: NL-Ridge (Herbreteau and Kervrann 2022).

    It is what guides our preset `fast` and is blended with its picture.
    """
    return nl_ridge_twice(_noisy(problem), _level(problem))


def block_matching(problem: Problem) -> Tensor:
    """Filter groups of similar blocks together: CBM3D (Dabov et al. 2007, 10.1109/TIP.2007.901238).

    The package `bm3d` is for non-commercial use; it is called when the user has installed it.
    """
    import bm3d

    level, channels = _level(problem), problem.picture.channels
    if channels not in (1, 3):
        raise NotApplicable(f"it takes pictures of 1 or 3 channels, not {channels}")
    image = _array(_noisy(problem))
    if channels == 1:
        return _tensor(np.reshape(bm3d.bm3d(image[..., 0], level), image.shape))
    return _tensor(bm3d.bm3d_rgb(image, level))


def blocking_level(image: Tensor) -> float:
    """Estimate the error of JPEG compression from the steps at the borders of its 8x8 blocks.

    The errors of two neighbouring blocks are nearly independent, those of two pixels of one block
    nearly equal. A squared step across a border thus exceeds one inside a block by twice the
    variance of the error.

    Parameters
    ----------
    image
        ``(1, C, H, W)``, whose first block starts at its first pixel.

    Returns
    -------
    The root mean square error in picture units; 0 where the borders do not stand out.
    """
    excess = []
    for axis in (-2, -1):
        steps = image.double().diff(dim=axis).square().transpose(axis, 0).flatten(1).mean(1)
        border = torch.arange(len(steps)) % 8 == 7
        if border.any():
            excess.append(float(steps[border].mean() - steps[~border].mean()))
    return math.sqrt(max(0.0, float(np.mean(excess)) / 2)) if excess else 0.0


def median(problem: Problem) -> Tensor:
    """Replace impulses by the median of the other samples in the smallest window that has some.

    The switching median filter; it is told which samples are impulses, as our fit is.
    """
    if problem.variant != "impulse" or problem.rendering.kept is None:
        raise NotApplicable("the noise is no impulses")
    pixels, kept = problem.picture.pixels, problem.rendering.kept
    return torch.where(kept, pixels, surroundings(pixels, kept))


def _noisy(problem: Problem) -> Tensor:
    """The picture to filter: where its noise is made equal for the fit, it is for others too."""
    return problem.picture.pixels if problem.rendering.to_output is None else problem.measurement.y


def _level(problem: Problem) -> float:
    if problem.variant == "impulse":
        raise NotApplicable("the noise is impulses")
    noise = problem.measurement.noise
    if isinstance(noise, Gaussian):
        level, what = noise.sigma, "the noise level is 0"
    else:
        level, what = blocking_level(problem.picture.pixels), "the borders of blocks do not show"
    if level < _LEAST_LEVEL:
        raise NotApplicable(f"{what}: there is nothing to smooth away")
    return level


def bicubic(problem: Problem) -> Tensor:
    """Interpolate by cubic convolution, a = -0.5 (Keys 1981, doi 10.1109/TASSP.1981.1163711)."""
    from PIL.Image import Resampling  # noqa: PLC0415

    return _resized(problem, Resampling.BICUBIC)


def lanczos(problem: Problem) -> Tensor:
    """Interpolate by a sinc windowed to three lobes (Duchon 1979)."""
    from PIL.Image import Resampling  # noqa: PLC0415

    return _resized(problem, Resampling.LANCZOS)


def _resized(problem: Problem, kernel: Any) -> Tensor:
    from PIL import Image  # noqa: PLC0415

    height, width = problem.size
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), kernel))
        for plane in problem.picture.pixels[0].numpy()
    ]
    return torch.from_numpy(np.stack(planes))[None]


# Inpainting ---------------------------------------------------------------------------------------


def nearest(problem: Problem) -> Tensor:
    """Copy the nearest known pixel."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    rows, columns = distance_transform_edt(
        _gaps(problem), return_distances=False, return_indices=True
    )
    return problem.measurement.y[..., rows, columns]


def biharmonic(problem: Problem) -> Tensor:
    """Solve the biharmonic equation in the gaps (Damelin and Hoang 2018, 10.1155/2018/3950312)."""
    from skimage.restoration import inpaint_biharmonic

    image = _array(problem.measurement.y)
    return _tensor(inpaint_biharmonic(image, _gaps(problem), channel_axis=-1))


def _gaps(problem: Problem) -> NDArray[np.bool_]:
    if problem.rendering.filled is None:
        raise NotApplicable("no pixel is missing")
    return np.asarray(problem.rendering.filled[0, 0].numpy(), dtype=bool)


# Mosaics ------------------------------------------------------------------------------------------


def gradient_corrected(problem: Problem) -> Tensor:
    """Interpolate a mosaic by the filters of Malvar, He and Cutler 2004; see `Bayer`."""
    operator = problem.measurement.operator
    bayers = [part for part in operator.modules() if isinstance(part, Bayer)]
    if not bayers or bayers[0] is not operator:
        raise NotApplicable("it takes a mosaic without missing samples")
    if min(problem.size) < 3:
        raise NotApplicable(f"its filters need 3x3 pixels, not {problem.size[1]}x{problem.size[0]}")
    return bayers[0].gradient_corrected(problem.measurement.y)


# Any measurement ----------------------------------------------------------------------------------


def initial_guess(problem: Problem) -> Tensor:
    """Take the guess that guides a fit: back-projection, zero-filling, bilinear interpolation."""
    guide = problem.knowledge.guide
    if guide is None:
        raise NotApplicable("the measurement gives no initial guess")
    return guide[:, : problem.channels]


# Two pictures of one scene ------------------------------------------------------------------------


def joint_bilateral_of_pair(problem: Problem) -> Tensor:
    """Apply the joint bilateral filter to a flash pair.

    The two widths, 4 pixels and 0.05, are the best of a grid on five synthetic pairs.

    Raises
    ------
    NotApplicable
        If the problem is none of a flash pair.
    """
    guide = problem.knowledge.guide
    if guide is None or problem.task != "flash":
        raise NotApplicable("there is no flash picture")
    return joint_bilateral(problem.picture.pixels, guide, sigma_space=4, sigma_range=0.05)


def joint_bilateral(
    image: Tensor, guide: Tensor, *, sigma_space: float, sigma_range: float
) -> Tensor:
    """Smooth a picture along the edges of another (Petschnig et al. 2004, 10.1145/1015706.1015777).

    The same as the cross bilateral filter of Eisemann and Durand 2004
    (doi 10.1145/1015706.1015778): each pixel becomes the mean of its neighbours, weighted by a
    Gaussian of their distance and one of their difference in the guide. Neighbours outside the
    picture do not count.

    Parameters
    ----------
    image
        What to smooth, ``(1, C, H, W)``.
    guide
        Where the edges are, ``(1, G, H, W)``; its difference is Euclidean over the G channels.
    sigma_space
        Standard deviation in pixels; the window reaches three of them, rounded up.
    sigma_range
        Standard deviation in picture units.

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
            raise RequestError(f"standard deviation {sigma:g}: give more than 0")
    height, width = image.shape[-2:]
    reach = math.ceil(3 * sigma_space)
    border = (reach,) * 4
    # Infinitely far in range: what lies outside the picture has no weight.
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


def _array(image: Tensor) -> Samples:
    """``(1, C, H, W)`` to float64 ``(H, W, C)``."""
    return np.ascontiguousarray(image[0].permute(1, 2, 0).double().cpu().numpy())


def _tensor(samples: Samples) -> Tensor:
    planes = np.ascontiguousarray(samples.transpose(2, 0, 1)[None], dtype=np.float32)
    return torch.from_numpy(planes)
