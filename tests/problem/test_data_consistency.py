"""Moving a picture back to what was measured."""

import pytest
import torch
from torch import nn

from tests.helpers.tiny import photo
from untrained import tasks
from untrained.noise import Gaussian, Poisson
from untrained.operators import Blur, CodedDiffraction, gaussian_kernel, octanary_masks
from untrained.problem.data_consistency import (
    KnownPixels,
    Projection,
    ProximalStep,
    data_consistency,
)
from untrained.recipes import SelfSimilarPasses

EXACT = SelfSimilarPasses(trust=0.5, iterations=200)


def matrix(operator, size):
    """A as rows and columns, from its response to each pixel."""
    units = torch.eye(size * size).view(-1, 1, 1, size, size)
    black = operator(torch.zeros_like(units[0]))
    return torch.stack([(operator(unit) - black).flatten() for unit in units], dim=1)


def solved(rows, residual, weights, anchor):
    """The change that the normal equations ask for, densely."""
    normal = (rows.mH * weights) @ rows
    wanted = (rows.mH * weights) @ residual.flatten()
    return torch.linalg.solve(normal.real + anchor * torch.eye(len(normal)), wanted.real)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("level", [0.02, 0.2])
def test_gaussian_noise_gives_what_a_dense_solver_gives(level):
    operator = Blur(gaussian_kernel(0.8))
    truth = torch.rand(1, 1, 10, 10, generator=generator())
    problem = tasks.reconstruct(operator(truth), operator, shape=(10, 10), noise=0.01)
    picture = torch.rand(1, 1, 10, 10, generator=generator(1))
    found = data_consistency(problem, EXACT)(picture, level)
    residual = problem.measurement.y - problem.measurement.operator(picture)
    weights = torch.full((residual.numel(),), 1 / problem.measurement.noise.sigma**2)
    change = solved(matrix(problem.measurement.operator, 10), residual, weights, 0.5 / level**2)
    assert torch.allclose((found - picture).flatten(), change, atol=2e-3)


def test_complex_measurements_count_with_both_parts():
    class Waves(nn.Module):
        def forward(self, image):
            return torch.fft.fft2(image, norm="ortho")[..., :3]

    truth = torch.rand(1, 1, 8, 8, generator=generator())
    problem = tasks.reconstruct(Waves()(truth), Waves(), shape=(8, 8), noise=0.05)
    picture = torch.rand(1, 1, 8, 8, generator=generator(1))
    found = data_consistency(problem, EXACT)(picture, 0.1)
    residual = problem.measurement.y - problem.measurement.operator(picture)
    weights = torch.full((residual.numel(),), 1 / problem.measurement.noise.sigma**2)
    change = solved(matrix(problem.measurement.operator, 8), residual, weights, 0.5 / 0.01)
    assert torch.allclose((found - picture).flatten(), change, atol=2e-3)


def test_many_photons_are_less_sure_in_number():
    """Of Poisson counts the variance is their mean: a pixel alone shows the weights."""

    class Gain(nn.Module):
        def forward(self, image):
            return image * 100

    counts = torch.full((1, 1, 4, 4), 60.0)
    problem = tasks.reconstruct(
        counts, Gain(), shape=(4, 4), noise=Poisson(), bounds=(0, 1), initial=counts / 100
    )
    picture = torch.full((1, 1, 4, 4), 0.3)
    found = data_consistency(problem, EXACT)(picture, 0.05)
    precision, anchor = 100**2 / 30, 0.5 / 0.05**2
    wanted = 0.3 + precision * 0.3 / (precision + anchor)
    assert found.mean() == pytest.approx(wanted, rel=1e-3)


def test_the_derivative_of_an_operator_that_is_not_linear_is_not_one_sided():
    """Of a square, whose central difference is exact and whose forward difference is not."""

    class Square(nn.Module):
        def forward(self, image):
            return image.square()

    truth = 0.3 + 0.5 * torch.rand(1, 1, 6, 6, generator=generator())
    picture = 0.3 + 0.5 * torch.rand(1, 1, 6, 6, generator=generator(1))
    problem = tasks.reconstruct(
        truth.square(), Square(), shape=(6, 6), noise=0.05, bounds=(0, 1), initial=picture
    )
    y, scale = problem.measurement.y.reshape(picture.shape), problem.measurement.noise.sigma / 0.05
    slope, variance = scale * 2 * picture, problem.measurement.noise.sigma**2
    residual = y - scale * picture.square()
    change = slope * residual / variance / (slope.square() / variance + 0.5 / 0.1**2)
    found = data_consistency(problem, EXACT)(picture, 0.1) - picture
    assert torch.allclose(found, change, atol=1e-3)


def test_one_step_towards_magnitudes_explains_them_better():
    operator = CodedDiffraction(octanary_masks(3, (12, 12), seed=0))
    truth = torch.rand(1, 1, 12, 12, generator=generator())
    problem = tasks.phase(operator(truth).abs(), operator, noise=0.01)
    near = (truth + 0.05 * torch.randn(truth.shape, generator=generator(1))).clamp(0, 1)
    before = problem.measurement.error(problem.measurement.operator(near), problem.measurement.y)
    after = problem.measurement.error(
        problem.measurement.operator(
            data_consistency(problem, SelfSimilarPasses(trust=0.1))(near, 0.1)
        ),
        problem.measurement.y,
    )
    assert after < before / 4


def test_the_level_says_how_far_a_picture_may_go():
    noisy = torch.rand(1, 1, 9, 9, generator=generator())
    problem = tasks.denoise(noisy, sigma=0.1)
    picture = torch.full_like(noisy, 0.5)
    far, near = (
        ProximalStep(problem, Gaussian(0.1), EXACT)(picture, level) for level in (1.0, 0.01)
    )
    assert torch.allclose(far, noisy, atol=0.01)
    assert torch.allclose(near, picture, atol=0.02)
    share = 1 / (1 + 0.5 * 0.1**2 / 0.1**2)
    middle = ProximalStep(problem, Gaussian(0.1), EXACT)(picture, 0.1)
    assert torch.allclose(middle, picture + share * (noisy - picture), atol=1e-3)


def test_what_is_known_of_the_measurement_decides():
    picture = photo()
    lost = torch.zeros(picture.shape[:2], dtype=torch.bool).numpy()
    lost[2:5, 3] = True
    assert isinstance(data_consistency(tasks.inpaint(picture, lost), EXACT), KnownPixels)
    assert isinstance(data_consistency(tasks.upscale(picture, 2), EXACT), Projection)
    assert isinstance(data_consistency(tasks.denoise(picture, sigma=0.1), EXACT), ProximalStep)
    operator = Blur(gaussian_kernel(0.8))
    unknown = tasks.reconstruct(torch.rand(1, 1, 10, 10), operator, shape=(10, 10))
    assert data_consistency(unknown, EXACT) is None
