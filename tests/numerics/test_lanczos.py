"""Lanczos reduction against brute force."""

import numpy as np
import pytest
import torch

from tests.helpers import slow_skip
from untrained.numerics.lanczos import LanczosDownsample, lanczos_kernel


def noise(*shape, seed=3):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def brute_lanczos(image, factor, lobes):
    """Weigh, for each output pixel, all input pixels by their distance from its centre."""

    def weights(side):
        around = range(-lobes * factor, side + lobes * factor)
        matrix = np.zeros((side // factor, side))
        for o in range(side // factor):
            for i in around:
                distance = abs(i - (factor * o + (factor - 1) / 2)) / factor
                if distance < lobes:
                    nearest = min(max(i, 0), side - 1)
                    matrix[o, nearest] += slow_skip.window(distance, lobes)
        return matrix / matrix.sum(axis=1, keepdims=True)

    rows, columns = (weights(side) for side in image.shape[-2:])
    return np.einsum("ih,jw,nchw->ncij", rows, columns, image)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("lobes", [2, 3])
@pytest.mark.parametrize("size", [(8, 8), (17, 23), (40, 9)])
def test_lanczos_agrees_with_brute_force(factor, lobes, size):
    image = noise(2, 3, *size)
    reduced = LanczosDownsample(factor, lobes).double()(image).numpy()
    assert reduced.shape == (2, 3, size[0] // factor, size[1] // factor)
    np.testing.assert_allclose(
        reduced, brute_lanczos(image.numpy(), factor, lobes), rtol=1e-11, atol=1e-13
    )


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("lobes", [2, 3])
def test_lanczos_agrees_with_the_papers_two_dimensional_kernel(factor, lobes):
    image = noise(1, 2, 33, 26)
    ours = LanczosDownsample(factor, lobes).double()(image).numpy()
    theirs = slow_skip.lanczos(image.numpy(), factor, lobes)
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    kernel = lanczos_kernel(factor, lobes).numpy()
    np.testing.assert_allclose(
        np.outer(kernel, kernel), slow_skip.lanczos_kernel(factor, lobes), rtol=1e-11, atol=1e-15
    )


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("lobes", [2, 3])
def test_lanczos_keeps_a_constant_and_a_ramp(factor, lobes):
    reduce = LanczosDownsample(factor, lobes).double()
    constant = torch.full((1, 1, 19, 32), 0.7, dtype=torch.float64)
    torch.testing.assert_close(reduce(constant), constant[..., : 19 // factor, : 32 // factor])
    length = (2 * lobes + 3) * factor
    ramp = torch.arange(length, dtype=torch.float64).expand(1, 1, factor, length)
    centres = factor * torch.arange(length // factor) + (factor - 1) / 2
    inner = slice(lobes, -lobes)  # away from the repeated edges
    # The window is no exact interpolant, but it is symmetric about the output pixel's centre.
    torch.testing.assert_close(reduce(ramp)[0, 0, 0, inner], centres[inner].double())


def test_lanczos_in_float32_and_unsaved():
    image = noise(1, 3, 32, 32)
    reduce = LanczosDownsample(4, 2)
    exact = LanczosDownsample(4, 2).double()(image)
    torch.testing.assert_close(reduce(image.float()), exact.float())
    assert reduce(image.bfloat16()).dtype == torch.bfloat16
    assert not reduce.state_dict()
    assert not list(reduce.parameters())


@pytest.mark.parametrize(("factor", "lobes"), [(0, 2), (2, 0), (-2, 3)])
def test_lanczos_refuses_nonsense(factor, lobes):
    with pytest.raises(ValueError, match="at least 1"):
        lanczos_kernel(factor, lobes)
