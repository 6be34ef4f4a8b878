"""The data terms of a fit: the distance of a prediction from a measurement."""

import torch
from torch import Tensor

LEAST_RATE = 1e-6
"""Least expected count, so that its logarithm exists."""


def poisson_deviance(prediction: Tensor, counts: Tensor) -> Tensor:
    """Compute the Poisson deviance ``2 mean(l - n + n log(n / l))``: a scalar, 0 at best.

    Twice the negative log-likelihood less that of ``l = n`` (McCullagh and Nelder 1989, section
    2.3).

    Parameters
    ----------
    prediction
        l, expected counts.
    counts
        n, of the same shape, 0 or more.
    """
    rate = prediction.clamp_min(LEAST_RATE)
    return 2 * (rate - counts + torch.xlogy(counts, counts) - counts * rate.log()).mean()


def pearson_residual(prediction: Tensor, counts: Tensor) -> Tensor:
    """Compute the mean of ``(n - l)^2 / l`` (Pearson 1900), a scalar: about 1 for Poisson."""
    rate = prediction.clamp_min(LEAST_RATE)
    return ((counts - rate).square() / rate).mean()


def mean_squared_error(prediction: Tensor, measurement: Tensor) -> Tensor:
    """Compute the mean squared difference, a scalar: the Gaussian likelihood up to scale.

    The mean is over all samples; for complex ones, over real and imaginary parts.
    """
    difference = prediction - measurement
    if difference.is_complex():
        difference = torch.view_as_real(difference)
    return difference.square().mean()


def relative_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Compute the squared error over the squared norm of the target, a scalar."""
    return (prediction - target).square().sum() / target.square().sum().clamp_min(1e-12)
