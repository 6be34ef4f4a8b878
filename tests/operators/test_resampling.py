"""Reduction by any factor, against Pillow and against finer pictures."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from tests.helpers import properties
from untrained.operators import Resampling
from untrained.picture.region import Region

KERNELS = ("lanczos2", "lanczos3", "bicubic", "box", "gaussian")
SIZES = [((10, 15), (4, 6)), ((9, 7), (5, 7)), ((16, 12), (2, 3)), ((5, 3), (1, 1))]


def noise(height, width, seed=3):
    return np.random.default_rng(seed).random((height, width)).astype(np.float32)


def reduced(image, small, kernel, width=0.5):
    operator = Resampling.between(image.shape, small, kernel, width)
    return operator(torch.from_numpy(image)[None, None])[0, 0].numpy()


@pytest.mark.parametrize("check", [properties.check_linear, properties.check_adjoint])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("large", "small"), SIZES)
def test_properties(kernel, large, small, check):
    operator = Resampling.between(large, small, kernel).double()
    check(operator, (1, 2, *large), torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kernel", KERNELS)
def test_gradients(kernel):
    operator = Resampling.between((7, 5), (3, 4), kernel).double()
    properties.check_gradient(operator, (1, 1, 7, 5), torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kernel", ["lanczos3", "bicubic"])
@pytest.mark.parametrize(("large", "small"), [((50, 40), (20, 16)), ((33, 47), (25, 13)), *SIZES])
def test_it_is_what_pillow_does(kernel, large, small):
    image = noise(*large)
    way = {"lanczos3": Image.Resampling.LANCZOS, "bicubic": Image.Resampling.BICUBIC}[kernel]
    theirs = np.asarray(Image.fromarray(image).resize(small[::-1], way))
    np.testing.assert_allclose(reduced(image, small, kernel), theirs, atol=2e-6)


@pytest.mark.parametrize(("large", "small"), [((10, 15), (4, 6)), ((7, 9), (3, 5))])
def test_a_box_is_the_mean_of_the_area(large, small):
    image = noise(*large)
    finer = image.repeat(small[0], axis=0).repeat(small[1], axis=1)
    parts = finer.reshape(small[0], large[0], small[1], large[1])
    np.testing.assert_allclose(reduced(image, small, "box"), parts.mean((1, 3)), atol=1e-6)


@pytest.mark.parametrize("width", [0.05, 0.5, 1.3])
def test_a_gaussian_is_a_sum_over_all_pixels_near(width):
    large, small = (25, 20), (10, 8)
    image, factor = noise(*large), 2.5
    expected = np.zeros(small)
    for i in range(small[0]):
        for j in range(small[1]):
            total = norm = 0.0
            for k in range(large[0]):
                for m in range(large[1]):
                    away = ((k + 0.5) / factor - i - 0.5, (m + 0.5) / factor - j - 0.5)
                    reach = max(3 * width, 0.2)
                    if max(map(abs, away)) > reach + 1e-9:
                        continue
                    weight = math.exp(-(away[0] ** 2 + away[1] ** 2) / (2 * width**2))
                    total, norm = total + weight * image[k, m], norm + weight
            expected[i, j] = total / norm
    np.testing.assert_allclose(reduced(image, small, "gaussian", width), expected, atol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_constant_stays_so_and_what_is_enlarged_is_reduced_again(kernel):
    operator = Resampling.between((9, 14), (5, 6), kernel)
    torch.testing.assert_close(operator(torch.ones(1, 1, 9, 14)), torch.ones(1, 1, 5, 6))
    small = torch.from_numpy(noise(5, 6))[None, None]
    again = operator(operator.pseudo_inverse(small))
    assert (again - small).abs().mean() < 0.06
    least = operator.pseudo_inverse(small)
    other = least + 0.1 * (torch.rand_like(least) - 0.5)
    other = other + operator.pseudo_inverse(again - operator(other))
    assert least.square().sum() < other.square().sum()


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_window_sees_the_pixels_whose_centres_lie_in_it(kernel):
    whole = Resampling.between((60, 45), (24, 20), kernel)
    image = torch.from_numpy(noise(60, 45))[None, None]
    window = Region(12, 0, 37, 31)
    part, small = whole.window(window)
    assert small == Region(5, 0, 15, 14)
    ours, theirs = part(image[window.place]), whole(image)[small.place]
    inner = (..., slice(3, -3), slice(None, -3))
    torch.testing.assert_close(ours[inner], theirs[inner])


def test_an_unknown_kernel_is_refused():
    with pytest.raises(ValueError, match="gaussian"):
        Resampling.between((4, 4), (2, 2), "magic")
