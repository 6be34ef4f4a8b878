"""Total variation with an operator: the peer whose weight is tuned by the truth.

Chambolle and Pock 2011 (doi 10.1007/s10851-010-0251-1), algorithm 1, for
``1/2 |A x - y|^2 + weight TV(x)`` under bounds.
"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor


class Physics(Protocol):
    """A linear operator and its adjoint."""

    def A(self, image: Tensor, /) -> Tensor:
        """Measure a picture."""

    def A_adjoint(self, measurement: Tensor, /) -> Tensor:
        """Go back."""


WEIGHTS = tuple(10.0 ** (-exponent / 2) for exponent in range(2, 10))
"""Tried from the largest down, relative to the largest entry of A* y."""

_BETWEEN = 10**0.25


def tuned(
    physics: Physics, y: Tensor, start: Tensor, score: Callable[[Tensor], float], rounds: int = 60
) -> tuple[float, float, Tensor]:
    """Find the weight whose picture scores best, each solution beginning at the last.

    The best of `WEIGHTS` and its two neighbours a quarter of a decade away is polished.

    Parameters
    ----------
    physics
        With A and A_adjoint.
    y
        Measurement.
    start
        First picture, ``(1, C, H, W)``.
    score
        Higher is better; it sees the truth.
    rounds
        Iterations at each weight; six times as many at the end.

    Returns
    -------
    The score, the weight and the picture.
    """
    norm = _norm(physics, start)
    scale = float(physics.A_adjoint(y).abs().max())
    found: dict[float, tuple[float, Tensor]] = {}
    picture = start
    for weight in (scale * w for w in WEIGHTS):
        picture = solve(physics, y, picture, (weight, norm, rounds))
        found[weight] = (score(picture), picture)
    middle = max(found, key=lambda weight: found[weight][0])
    for weight in (middle * _BETWEEN, middle / _BETWEEN):
        picture = solve(physics, y, found[middle][1], (weight, norm, rounds))
        found[weight] = (score(picture), picture)
    weight = max(found, key=lambda each: found[each][0])
    value, picture = found[weight]
    polished = solve(physics, y, picture, (weight, norm, 6 * rounds))
    return max((value, weight, picture), (score(polished), weight, polished), key=_value)


def _value(each: tuple[float, float, Tensor]) -> float:
    return each[0]


def solve(physics: Physics, y: Tensor, start: Tensor, settings: tuple[float, float, int]) -> Tensor:
    """Minimise over pictures of 0 or more; `settings` are weight, norm of A and iterations."""
    weight, norm, rounds = settings
    factor = 8**0.5 / norm
    reach = float(start.abs().max()) or 1.0
    tau, sigma = 0.24 * reach, 0.24 / reach
    bound = factor**2 * weight
    picture, ahead = start.clone(), start.clone()
    fields, dual = torch.zeros((2, *start.shape)), torch.zeros_like(y)
    for _ in range(rounds):
        dual = (dual + sigma * factor * (physics.A(ahead) - y)) / (1 + sigma)
        fields = fields + sigma * _gradient(ahead)
        length = fields.square().sum((0, 2), keepdim=True).sqrt()
        fields = fields / (length / bound).clamp_min(1)
        step = factor * physics.A_adjoint(dual) - _divergence(fields)
        new = (picture - tau * step).clamp_min(0)
        ahead, picture = 2 * new - picture, new
    return picture


def _norm(physics: Physics, like: Tensor) -> float:
    vector = torch.rand(like.shape, generator=torch.Generator().manual_seed(0))
    size = 1.0
    for _ in range(20):
        vector = physics.A_adjoint(physics.A(vector / vector.norm()))
        size = float(vector.norm())
    return size**0.5


def _gradient(image: Tensor) -> Tensor:
    fields = torch.zeros((2, *image.shape))
    fields[0][..., :-1, :] = image.diff(dim=-2)
    fields[1][..., :-1] = image.diff(dim=-1)
    return fields


def _divergence(fields: Tensor) -> Tensor:
    """Minus the adjoint of the gradient."""
    down, right = fields[0].clone(), fields[1].clone()
    down[..., 1:, :] -= fields[0][..., :-1, :]
    right[..., 1:] -= fields[1][..., :-1]
    return down + right
