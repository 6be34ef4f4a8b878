"""Conjugate gradients beside a dense solver."""

import torch

from untrained.numerics.conjugate_gradients import conjugate_gradients


def test_conjugate_gradients_solve():
    root = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
    normal = root @ root.T + 0.5 * torch.eye(6)
    wanted = torch.randn(6, generator=torch.Generator().manual_seed(1))
    found = conjugate_gradients(lambda vector: normal @ vector, wanted, 50)
    assert torch.allclose(found, torch.linalg.solve(normal, wanted), rtol=1e-2, atol=1e-3)
    assert conjugate_gradients(lambda vector: normal @ vector, torch.zeros(6), 5).eq(0).all()
