"""Properties that every operator must have."""

import torch

from untrained.operators import adjoint


def check_linear(operator, shape, generator):
    """A(a x + b y) equals a A x + b A y."""
    x, y = (torch.randn(shape, dtype=torch.float64, generator=generator) for _ in range(2))
    left = operator(2.5 * x - 0.7 * y)
    torch.testing.assert_close(left, 2.5 * operator(x) - 0.7 * operator(y))


def check_adjoint(operator, shape, generator):
    """<A x, u> equals <x, A* u> (the dot-product test)."""
    x = torch.randn(shape, dtype=torch.float64, generator=generator)
    image = operator(x)
    u = torch.randn(image.shape, dtype=torch.float64, generator=generator)
    left = (image * u).sum()
    right = (x * adjoint(operator, u, shape[-2:])).sum()
    torch.testing.assert_close(left, right)


def check_gradient(operator, shape, generator):
    """The derivative agrees with finite differences."""
    x = torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(operator, (x,))
