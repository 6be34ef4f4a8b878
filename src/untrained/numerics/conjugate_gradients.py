"""Solve linear equations with a symmetric positive operator."""

from collections.abc import Callable

import torch
from torch import Tensor


def conjugate_gradients(
    normal: Callable[[Tensor], Tensor],
    wanted: Tensor,
    iterations: int,
    start: Tensor | None = None,
) -> Tensor:
    """Solve ``N x = b`` for a symmetric positive N (Hestenes and Stiefel 1952).

    Parameters
    ----------
    normal
        N, linear, from a tensor to one of its shape.
    wanted
        b.
    iterations
        Most steps; the solver ends earlier when the residual is a thousandth of b.
    start
        x to start from; 0 when None.
    """
    found = torch.zeros_like(wanted) if start is None else start
    residual = wanted if start is None else wanted - normal(start)
    direction, power = residual, residual.square().sum()
    enough = 1e-6 * wanted.square().sum()
    for _ in range(iterations):
        if power <= enough:
            break
        image = normal(direction)
        length = power / (direction * image).sum()
        found = found + length * direction
        residual = residual - length * image
        before, power = power, residual.square().sum()
        direction = residual + power / before * direction
    return found
