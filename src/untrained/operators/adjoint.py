"""The adjoint of any linear operator, and tests of linearity and of adjoints."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def adjoint(
    operator: nn.Module | Callable[[Tensor], Tensor],
    measurement: Tensor,
    size: tuple[int, int],
    channels: int | None = None,
) -> Tensor:
    """Apply the adjoint of a linear operator, by reverse-mode differentiation.

    Parameters
    ----------
    operator
        Linear map from real ``(1, C, H, W)`` to the shape of `measurement`, real or complex.
    measurement
        Where to apply the adjoint.
    size
        H and W of the picture.
    channels
        C; that of the measurement if None.
    """
    count = measurement.shape[1] if channels is None else channels
    dtype = measurement.real.dtype
    start = torch.zeros((1, count, *size), dtype=dtype, device=measurement.device)
    start.requires_grad_(True)
    with torch.enable_grad():
        (result,) = torch.autograd.grad(operator(start), start, measurement)
    return result


def inner(left: Tensor, right: Tensor) -> float:
    """Compute the real inner product ``Re <left, right>``, summed in double precision."""
    left, right = left.to(torch.complex128), right.to(torch.complex128)
    return float((left * right.conj()).real.sum())


def is_linear(operator: Callable[[Tensor], Tensor], picture: Tensor) -> bool:
    """Return whether A(x + 2 u) equals A x + 2 A u, for x = `picture` and a random u like it."""
    other = _like(picture, seed=1)
    together = operator(picture + 2 * other)
    apart = operator(picture) + 2 * operator(other)
    scale = max(float(together.abs().max()), float(apart.abs().max()), 1e-30)
    return float((together - apart).abs().max()) <= 1e-3 * scale


def adjoint_error(
    operator: Callable[[Tensor], Tensor],
    transposed: Callable[[Tensor], Tensor],
    picture: Tensor,
) -> float:
    """Test an adjoint by the dot product: ``|<A x, v> - <x, A* v>| / (|A x| |v|)``.

    x is random and v = A(x + u) with another random u. So the products are large, and a wrong
    adjoint cannot pass by chance.

    Parameters
    ----------
    operator, transposed
        A, and its supposed adjoint.
    picture
        Gives shape, type and device of x; ``(1, C, H, W)``.
    """
    x, u = (_like(picture, seed=seed) for seed in (2, 3))
    image, v = operator(x), operator(x + u)
    back = transposed(v)
    norm = (inner(image, image) * inner(v, v)) ** 0.5
    return float(abs(inner(image, v) - inner(x, back)) / max(norm, 1e-30))


def _like(picture: Tensor, *, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(picture.shape, generator=generator, dtype=picture.dtype).to(picture.device)
