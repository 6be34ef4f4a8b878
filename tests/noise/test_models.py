import numpy as np
import pytest
import skimage.data
import torch
from scipy import stats

from untrained.noise import (
    Gaussian,
    Poisson,
    Transmission,
    estimate_sigma,
    mean_squared_error,
    pearson_residual,
    poisson_deviance,
)


def test_samples_have_the_stated_level_and_no_bias():
    clean = torch.full((1, 1, 300, 300), 0.5)
    noise = Gaussian(0.1).sample(clean, torch.Generator().manual_seed(0)) - clean
    assert noise.std().item() == pytest.approx(0.1, rel=0.01)
    assert noise.mean().item() == pytest.approx(0, abs=1e-3)


def test_expected_residual_is_that_of_samples():
    clean = torch.zeros(1, 1, 300, 300)
    model = Gaussian(0.2)
    residual = (model.sample(clean, torch.Generator().manual_seed(1)) - clean).square().mean()
    assert residual.item() == pytest.approx(model.expected_residual, rel=0.02)


@pytest.mark.parametrize("sigma", [-0.1, float("nan"), float("inf")])
def test_impossible_levels_are_refused(sigma):
    with pytest.raises(ValueError, match="sigma"):
        Gaussian(sigma)


@pytest.mark.parametrize("level", [5, 15, 25, 50])
def test_estimates_the_level_of_a_photograph(level):
    clean = skimage.data.astronaut().transpose(2, 0, 1)[None] / 255
    noise = np.random.default_rng(0).normal(0, level / 255, clean.shape)
    noisy = torch.from_numpy(np.clip(clean + noise, 0, 1)).float()
    assert 255 * estimate_sigma(noisy) == pytest.approx(level, rel=0.1, abs=1.5)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 1, 50), (1, 1, 2, 2), (1, 3, 64, 64)])
def test_flat_and_thin_pictures_have_no_noise(shape):
    assert estimate_sigma(torch.full(shape, 0.4)) == pytest.approx(0, abs=1e-9)


def rates():
    return torch.rand(1, 1, 40, 50, dtype=torch.float64) * 20 + 0.5


def test_the_deviance_is_twice_the_likelihood_less_that_of_the_best_rate():
    rate = rates()
    counts = Poisson().sample(rate, torch.Generator().manual_seed(0)).clamp_min(1)
    law = stats.poisson
    gap = law(counts.numpy()).logpmf(counts.numpy()) - law(rate.numpy()).logpmf(counts.numpy())
    assert poisson_deviance(rate, counts).item() == pytest.approx(2 * gap.mean())
    assert poisson_deviance(counts, counts).item() == pytest.approx(0, abs=1e-12)
    assert torch.isfinite(poisson_deviance(torch.zeros(3), torch.zeros(3)))


def test_counts_explain_a_pearson_residual_of_one():
    rate = torch.full((1, 1, 300, 300), 9.0)
    counts = Poisson().sample(rate, torch.Generator().manual_seed(0))
    assert pearson_residual(rate, counts).item() == pytest.approx(1, rel=0.02)
    assert Poisson().excess(rate, counts) == pytest.approx(1, rel=0.02)


def test_complex_errors_are_means_over_both_parts():
    noise = torch.complex(*(0.3 * torch.randn(2, 200, 200)))
    zero = torch.zeros_like(noise)
    assert mean_squared_error(noise, zero).item() == pytest.approx(0.09, rel=0.05)
    assert Gaussian(0.3, clipped=False).excess(noise, zero) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("photons", [0, -1, float("inf"), float("nan")])
def test_impossible_doses_are_refused(photons):
    with pytest.raises(ValueError, match="photons"):
        Transmission(photons)
