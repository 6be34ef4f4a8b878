"""The estimate of `Fusion`: NL-Ridge at two scales, then a second pass."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from untrained.denoisers.nl_ridge import nl_ridge_twice
from untrained.denoisers.registry import denoise
from untrained.recipes import DenoiserSettings, Fusion, SecondPass
from untrained.system.heartbeat import part

Pass = Callable[[Tensor | None], Tensor]
"""From the estimate so far to the next one."""


def estimate_passes(image: Tensor, sigma: float, settings: Fusion) -> tuple[Pass, ...]:
    """List the passes that remove white Gaussian noise; each runs on the result of the last.

    A group of patches only averages within a patch, so low-frequency noise stays, above all in the
    colours. At half the size a patch covers four times the area at half the noise level. That scale
    gives the means of 2x2 cells, the fine one the rest (compare Facciolo, Pierazzo and Morel 2017,
    doi 10.1137/17M1111826, who join the scales by cosine transforms).

    Parameters
    ----------
    image
        ``(1, C, H, W)``; or a volume ``(1, C, D, H, W)``, which has one scale.
    sigma
        Standard deviation of the noise, in picture units.
    settings
        The passes, the scales, the second pass.

    Returns
    -------
    Functions whose results have the shape of the image and are not clipped. There is only one scale
    if the half-size picture has no room for patches.
    """
    twice, again = (settings.without_pilot, settings.with_pilot), settings.second_pass

    def fine(_estimate: Tensor | None) -> Tensor:
        return nl_ridge_twice(image, sigma, twice)

    def means(estimate: Tensor | None) -> Tensor:
        half = _half(image, settings.cell)
        with part(0, 2):
            coarse = nl_ridge_twice(half, sigma / 2, twice)
        if again is not None:
            with part(1, 2):
                coarse = regained(coarse, half, sigma / 2, again.coarse_feedback, again.nl_bayes)
        return _with_means(_known(estimate), coarse, settings.cell)

    passes: list[Pass] = [fine]
    if sigma > 0 and settings.scales == 2 and has_two_scales(image, settings):
        passes.append(means)
    if sigma > 0 and again is not None:
        passes.append(lambda estimate: both(_known(estimate), image, sigma, again))
    return tuple(passes)


def estimate(image: Tensor, sigma: float, settings: Fusion) -> Tensor:
    """Run all of `estimate_passes`."""
    found: Tensor | None = None
    for run in estimate_passes(image, sigma, settings):
        found = run(found)
    return _known(found)


def _known(estimate: Tensor | None) -> Tensor:
    if estimate is None:
        raise RuntimeError("the first pass has not been run")
    return estimate


def has_two_scales(image: Tensor, settings: Fusion) -> bool:
    """Return whether the half-size picture has room for the patches; volumes have one scale."""
    least = max(
        passes.least_side(image.shape[1])
        for passes in (settings.without_pilot, settings.with_pilot)
    )
    return image.ndim == 4 and min(image.shape[-2:]) >= 2 * least


def both(estimate: Tensor, image: Tensor, sigma: float, settings: SecondPass) -> Tensor:
    """Denoise again with the estimate as pilot, by NL-Ridge and by NL-Bayes, and take the mean.

    One combines patches, the other pixels, so their errors differ. NL-Bayes filters the noisy
    picture; NL-Ridge, with larger patches, filters the estimate plus a part of its residual.

    Parameters
    ----------
    estimate, image
        The picture so far and the noisy one, ``(1, C, H, W)`` or ``(1, C, D, H, W)``.
    sigma
        Standard deviation of the noise in `image`.
    settings
        Both denoisers and their weights.
    """
    with part(0, 2):
        ridge = regained(estimate, image, sigma, settings.residual_feedback, settings.nl_ridge)
    with part(1, 2):
        bayes = regained(estimate, image, sigma, 1, settings.nl_bayes)
    return ridge.lerp(bayes, settings.bayes_weight)


def regained(
    estimate: Tensor, image: Tensor, sigma: float, feedback: float, settings: DenoiserSettings
) -> Tensor:
    """Add a part of the residual to the estimate and denoise again, with the estimate as pilot.

    The residual holds lost detail besides the noise (iterative regularisation, Osher et al. 2005,
    doi 10.1137/040605412).

    Parameters
    ----------
    estimate, image, sigma
        As for `both`.
    feedback
        Share of the residual to add, above 0; 1 denoises the noisy picture.
    settings
        Settings of the denoiser.
    """
    return denoise(estimate.lerp(image, feedback), feedback * sigma, settings, pilot=estimate)


def _half(image: Tensor, cell: int) -> Tensor:
    """Compute the means of 2x2 pixels, the picture mirrored beyond its edges to whole cells."""
    bottom, right = (-side % cell for side in image.shape[-2:])
    return F.avg_pool2d(F.pad(image, (0, right, 0, bottom), mode="reflect"), 2)


def _with_means(estimate: Tensor, coarse: Tensor, cell: int) -> Tensor:
    """Replace the means of cells by those of the coarse picture, interpolated in between."""
    height, width = estimate.shape[-2:]
    off = F.avg_pool2d(coarse - _half(estimate, cell), cell // 2)
    wide = F.interpolate(off, scale_factor=cell, mode="bicubic", align_corners=False)
    corrected: Tensor = estimate + wide[..., :height, :width]
    return corrected
