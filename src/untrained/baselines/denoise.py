"""Classical denoisers, for noise and for JPEG blocking."""

import math

import numpy as np
import torch
from torch import Tensor

from untrained.baselines.arrays import as_array, as_tensor
from untrained.baselines.registry import baseline
from untrained.denoisers.nl_ridge import nl_ridge_twice
from untrained.errors import NotApplicable
from untrained.noise import Gaussian, surroundings
from untrained.problem.problem import Problem

_LEAST_LEVEL = 1e-5
"""Noise levels below this, in picture units, count as rounding errors."""


@baseline("nlm", "non-local means", ("denoise", "deblock"), needs="skimage.restoration")
def non_local_means(problem: Problem) -> Tensor:
    """Average similar patches (Buades, Coll and Morel 2005, doi 10.1109/CVPR.2005.38).

    Patches of 5x5 within 6 pixels, h = 0.6 sigma, distances corrected for the noise.
    """
    from skimage.restoration import denoise_nl_means

    image, level = as_array(_noisy(problem)), _level(problem)
    result = denoise_nl_means(
        image,
        patch_size=5,
        patch_distance=6,
        h=0.6 * level,
        sigma=level,
        fast_mode=True,
        channel_axis=-1,
    )
    return as_tensor(np.reshape(result, image.shape))


@baseline("nl-ridge", "NL-Ridge", ("denoise",))
def ridge_of_patches(problem: Problem) -> Tensor:
    """Combine similar patches linearly: NL-Ridge (Herbreteau and Kervrann 2022).

    The preset `fast` starts from this estimate: it guides the fit and is fused with its result.
    """
    return nl_ridge_twice(_noisy(problem), _level(problem))


@baseline("bm3d", "CBM3D", ("denoise",), needs="bm3d", foreign=True)
def block_matching(problem: Problem) -> Tensor:
    """Filter groups of similar blocks together: CBM3D (Dabov et al. 2007, 10.1109/TIP.2007.901238).

    The package `bm3d` is for non-commercial use; this calls it if the user has installed it.
    """
    import bm3d

    level, channels = _level(problem), problem.picture.channels
    if channels not in (1, 3):
        raise NotApplicable(f"it takes pictures of 1 or 3 channels, not {channels}")
    image = as_array(_noisy(problem))
    if channels == 1:
        return as_tensor(np.reshape(bm3d.bm3d(image[..., 0], level), image.shape))
    return as_tensor(bm3d.bm3d_rgb(image, level))


@baseline("median", "median filter", ("denoise",))
def median(problem: Problem) -> Tensor:
    """Replace impulses by the median of the other samples in the smallest window that has any.

    The switching median filter; like the fit, it knows which samples are impulses.
    """
    if problem.variant != "impulse" or problem.rendering.kept is None:
        raise NotApplicable("the noise is not impulsive")
    pixels, kept = problem.picture.pixels, problem.rendering.kept
    return torch.where(kept, pixels, surroundings(pixels, kept))


def blocking_level(image: Tensor) -> float:
    """Estimate the error of JPEG compression from the steps at the borders of 8x8 blocks.

    The errors of neighbouring blocks are nearly independent; those of neighbouring pixels in one
    block are nearly equal. So a squared step across a border exceeds one inside a block by twice
    the variance of the error.

    Parameters
    ----------
    image
        ``(1, C, H, W)``; the first block starts at the first pixel.

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


def _noisy(problem: Problem) -> Tensor:
    """Return the picture to filter: variance-stabilised if the fit is."""
    return problem.picture.pixels if problem.rendering.to_output is None else problem.measurement.y


def _level(problem: Problem) -> float:
    if problem.variant == "impulse":
        raise NotApplicable("the noise is impulsive")
    if isinstance(problem.measurement.noise, Gaussian):
        level, what = problem.measurement.noise.sigma, "the noise level is 0"
    else:
        level, what = blocking_level(problem.picture.pixels), "the borders of blocks do not show"
    if level < _LEAST_LEVEL:
        raise NotApplicable(f"{what}: there is nothing to smooth away")
    return level
