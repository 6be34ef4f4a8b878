"""How far a prediction is from a measurement: the data terms of a fit."""

import torch
from torch import Tensor

LEAST_RATE = 1e-6
"""Expected counts are taken as no less: their logarithm must exist."""


def poisson_deviance(prediction: Tensor, counts: Tensor) -> Tensor:
    """Poisson likelihood up to scale, 0 at best: ``2 mean(l - n + n log(n / l))``; a scalar.

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
    """Mean of ``(n - l)^2 / l`` (Pearson 1900); 1 in expectation for Poisson counts; a scalar."""
    rate = prediction.clamp_min(LEAST_RATE)
    return ((counts - rate).square() / rate).mean()


def mean_squared_error(prediction: Tensor, measurement: Tensor) -> Tensor:
    """Mean of the squared difference: the Gaussian likelihood up to scale; a scalar.

    Over all samples; of complex ones, over real and imaginary parts.
    """
    difference = prediction - measurement
    if difference.is_complex():
        difference = torch.view_as_real(difference)
    return difference.square().mean()


def relative_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Sum of the squared differences over the sum of the squares of the target; a scalar."""
    return (prediction - target).square().sum() / target.square().sum().clamp_min(1e-12)
