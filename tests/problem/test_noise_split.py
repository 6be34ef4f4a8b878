"""A fit judged by noise that was split off."""

import numpy as np
import pytest
import torch
from skimage import data

from tests.helpers.tiny import tiny_recipe
from untrained import tasks
from untrained.fitting.restore import restore, watch
from untrained.problem.noise_split import split_noise
from untrained.problem.problem import ProblemError
from untrained.recipes import HeldOut, LatentPairing, Optimiser, UnbiasedRisk

SIGMA = 0.05


def clean():
    picture = torch.from_numpy(np.ascontiguousarray(data.camera()[100:164, 200:264])).float() / 255
    return 0.3 + 0.4 * picture[None, None]


def noisy(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return clean() + SIGMA * torch.randn(clean().shape, generator=generator)


def smoothed(picture):
    return torch.nn.functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)


def test_the_estimate_is_the_risk_in_expectation():
    """Of a linear smoother fitted to the first half, over many draws of noise and split."""
    estimates, risks, residuals, by_chance = [], [], [], []
    for seed in range(60):
        problem = tasks.denoise(noisy(seed), sigma=SIGMA)
        fitted, score = split_noise(problem, 0.3, seed + 1000)
        picture = smoothed(fitted.measurement.y)
        # What the clean picture scores is 0 but for chance, which is that of all pictures.
        by_chance.append(score(clean()))
        estimates.append(score(picture) - by_chance[-1])
        risks.append(float((picture - clean()).square().mean()))
        residuals.append(float((picture - problem.measurement.y).square().mean()))
    assert np.mean(estimates) == pytest.approx(np.mean(risks), rel=0.05)
    assert abs(np.mean(by_chance)) < 4 * np.std(by_chance) / len(by_chance) ** 0.5
    assert np.std(by_chance) < 0.001
    assert np.mean(residuals) > 2 * np.mean(risks)


def test_the_fit_sees_a_little_more_noise_and_knows_it():
    problem = tasks.denoise(noisy(), sigma=SIGMA)
    fitted, _ = split_noise(problem, 0.5, 7)
    assert fitted.measurement.noise.sigma == pytest.approx(SIGMA * 1.25**0.5)
    assert float((fitted.measurement.y - clean()).std()) == pytest.approx(
        SIGMA * 1.25**0.5, rel=0.05
    )
    assert torch.equal(split_noise(problem, 0.5, 7)[0].measurement.y, fitted.measurement.y)
    assert not torch.equal(split_noise(problem, 0.5, 8)[0].measurement.y, fitted.measurement.y)


def test_a_fit_that_overfits_stops_near_its_best_step():
    recipe = tiny_recipe(
        steps=800,
        pairing=LatentPairing(channels=8, jitter=0),
        optimiser=Optimiser(step_size=0.03),
        averaging=0.9,
        stopping=(UnbiasedRisk(strength=0.7, every=5, patience=150),),
    )
    fit = watch(tasks.denoise(noisy(5), sigma=SIGMA), recipe, device="cpu")
    errors = {step.index: float((step.picture - clean()).square().mean()) for step in fit}
    chosen = errors[fit.stop.step]
    assert 10 * np.log10(chosen / min(errors.values())) < 0.4
    assert 10 * np.log10(errors[max(errors)] / chosen) > 0.4
    assert "the estimated risk was lowest" in fit.stop.reason


def test_the_noise_must_be_gaussian_and_known_and_the_judge_one():
    with pytest.raises(ProblemError, match="Gaussian noise of a known level"):
        split_noise(tasks.deblock(noisy().clamp(0, 1)), 0.3, 0)
    recipe = tiny_recipe(stopping=(UnbiasedRisk(), HeldOut()))
    with pytest.raises(ProblemError, match="only one of the stop rules unbiased-risk and held-out"):
        restore(tasks.denoise(noisy(), sigma=SIGMA), recipe)
