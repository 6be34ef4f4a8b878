"""Weighted least squares with a piecewise smooth picture: total variation, reweighted."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from untrained.numerics.conjugate_gradients import conjugate_gradients

_SMOOTHNESS = 0.02
"""Weight of the smoothness, as a share of the operator's mean power gain."""

_ROUNDS, _ITERATIONS = 4, 20

_EDGE = 0.1
"""Gradients below this share of the mean one count as flat."""


def piecewise_smooth(
    apply: Callable[[Tensor], Tensor],
    transposed: Callable[[Tensor], Tensor],
    measurement: Tensor,
    weights: Tensor,
    shape: torch.Size,
) -> Tensor:
    """Find a piecewise smooth picture x for which ``A x`` is near y in weighted least squares.

    Total variation as a sequence of quadratic problems, each weighted by the gradients before
    (lagged diffusivity, Vogel and Oman 1996), by conjugate gradients. It needs neither a noise
    level nor a range of values, and its grey levels are not biased.

    Parameters
    ----------
    apply, transposed
        A, linear, and its adjoint, from and to real pictures.
    measurement
        y, real or complex.
    weights
        Of the squared residuals, 0 or more, of the shape of y.
    shape
        Of the picture, ``(1, C, H, W)``.
    """
    probe = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    probe = probe.to(measurement.device)
    seen = apply(probe)
    gain = float((weights * seen.abs().square()).sum() / probe.square().sum())
    wanted, smoothness = transposed(weights * measurement), _SMOOTHNESS * gain
    found: Tensor | None = None
    conductance: tuple[Tensor | float, Tensor | float] = (1.0, 1.0)
    for _ in range(_ROUNDS):

        def normal(x: Tensor, paths: tuple[Tensor | float, Tensor | float] = conductance) -> Tensor:
            return transposed(weights * apply(x)) + smoothness * _roughness(x, paths)

        found = conjugate_gradients(normal, wanted, _ITERATIONS, found)
        conductance = _conductance(found)
    return wanted if found is None else found


def _roughness(x: Tensor, paths: tuple[Tensor | float, Tensor | float]) -> Tensor:
    """The gradient of half the weighted sum of squared differences of neighbours."""
    across, down = (path * x.diff(dim=axis) for path, axis in zip(paths, (-1, -2), strict=True))
    return (F.pad(across, (1, 0)) - F.pad(across, (0, 1)) + F.pad(down, (0, 0, 1, 0))) - F.pad(
        down, (0, 0, 0, 1)
    )


def _conductance(x: Tensor) -> tuple[Tensor, Tensor]:
    across, down = x.diff(dim=-1).abs(), x.diff(dim=-2).abs()
    mean = float(across.sum() + down.sum()) / max(across.numel() + down.numel(), 1)
    scale = max(mean, 1e-30)
    return 1 / (across / scale + _EDGE), 1 / (down / scale + _EDGE)
