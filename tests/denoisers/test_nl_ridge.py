"""The self-similarity denoiser, and the partner made of it."""

import dataclasses
import itertools

import numpy as np
import pytest
import skimage.data
import torch

from tests.helpers.fits import network_of
from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.denoisers.multiscale import estimate
from untrained.denoisers.nl_bayes import nl_bayes
from untrained.denoisers.nl_ridge import nl_ridge, nl_ridge_twice
from untrained.evaluation.metrics import psnr
from untrained.fitting.classical_estimate import ClassicalEstimate
from untrained.fitting.restore import restore, watch
from untrained.recipes import Fusion, GuidePairing, NLBayes, NLRidge, PixelNetwork
from untrained.tasks.presets import preset

GENERATOR = torch.Generator()


def noisy(clean, sigma, seed=0):
    return clean + sigma * torch.randn(clean.shape, generator=GENERATOR.manual_seed(seed))


def texture(height=48, width=56, channels=3):
    """Stripes and a step: patches that come again and again."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    plane = 0.5 + 0.25 * torch.sin(rows / 2) + 0.2 * (columns > width // 2)
    return (
        plane.expand(1, channels, height, width) * torch.linspace(0.6, 1, channels)[:, None, None]
    )


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("sigma", [5 / 255, 25 / 255, 0.2])
def test_noise_is_removed(channels, sigma):
    clean = texture(channels=channels)
    given = noisy(clean, sigma)
    found = nl_ridge_twice(given, sigma)
    assert found.shape == clean.shape
    assert (found - clean).square().mean() < 0.12 * (given - clean).square().mean()


def test_a_better_pilot_gives_a_better_picture():
    clean = texture()
    given = noisy(clean, 0.1)
    errors = [
        (nl_ridge(given, 0.1, NLRidge(), pilot=pilot) - clean).square().mean()
        for pilot in (given, nl_ridge_twice(given, 0.1), clean)
    ]
    assert errors[2] < errors[1] < errors[0]


def test_flat_areas_stay_flat_whatever_the_level():
    for value, size in itertools.product((0.0, 0.5, 1.0), ((30, 33), (40, 30), (90, 70))):
        flat = torch.full((1, 3, *size), value)
        torch.testing.assert_close(nl_ridge_twice(flat, 0.1), flat, atol=1e-3, rtol=0)


def test_noise_cut_by_clipping_is_not_amplified():
    clean = torch.full((1, 1, 40, 40), 0.01)
    given = noisy(clean, 0.2).clamp(0, 1)
    found = nl_ridge_twice(given, 0.2)
    assert found.std() < 0.3 * given.std()
    assert abs(float(found.mean() - given.mean())) < 0.02


def test_almost_no_noise_leaves_the_picture():
    clean = texture()
    assert psnr(nl_ridge_twice(noisy(clean, 1e-4), 1e-4), clean) > 75


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (11, 11), (12, 70), (70, 13)])
def test_every_size_works(size):
    picture = torch.rand(1, 3, *size, generator=GENERATOR.manual_seed(1))
    found = nl_ridge_twice(picture, 0.1)
    assert found.shape == picture.shape
    assert found.isfinite().all()


def test_zero_noise_returns_the_picture():
    picture = torch.rand(1, 3, 20, 20)
    assert nl_ridge_twice(picture, 0.0) is picture


def guided(**settings):
    return tiny_recipe(
        pairing=GuidePairing(channels=0), fusion=Fusion(**settings), hand_over="iterate"
    )


def test_the_result_is_the_blend_and_says_so():
    sigma = 0.3
    problem = tasks.denoise(photo(), sigma=sigma)
    fit = watch(
        problem,
        guided(
            scales=1,
            second_pass=None,
            pilot_weight=0.5,
            residual_feedback=0.5,
            network_weight=0.25,
        ),
        device="cpu",
    )
    for _ in fit:
        pass
    result = fit.restoration()
    own = fit.network_stop.picture
    first = nl_ridge_twice(problem.measurement.y, sigma).clamp(0, 1)
    pilot = (first + own) / 2
    second = nl_bayes((pilot + problem.measurement.y) / 2, sigma / 2, NLBayes(), pilot=pilot)
    expected = problem.render(0.75 * second + 0.25 * own).pixels
    torch.testing.assert_close(result.image, expected, atol=1.5 / 255, rtol=0)
    assert any("25% the network's" in note for note in result.notes)
    assert torch.equal(fit.restoration().image, result.image)


def test_the_partner_is_the_guide():
    problem = tasks.denoise(photo(), sigma=0.1)
    recipe = guided().model_copy(update={"pairing": GuidePairing(channels=0, jitter=0)})
    drawn = network_of(watch(problem, recipe, device="cpu"))._pairing.draw(torch.Generator())
    assert torch.equal(drawn.input, estimate(problem.measurement.y, 0.1, Fusion()).clamp(0, 1))
    assert torch.equal(drawn.target, problem.measurement.y)
    alone = recipe.model_copy(update={"fusion": None})
    drawn = network_of(watch(problem, alone, device="cpu"))._pairing.draw(torch.Generator())
    assert torch.equal(drawn.input, problem.measurement.y)


@pytest.mark.parametrize("sigma", [0.5 / 255, 2 / 255])
def test_a_network_further_off_than_the_noise_gets_little_say(sigma):
    problem = tasks.denoise(photo(), sigma=sigma)
    fit = watch(problem, guided(), device="cpu")
    for _ in fit:
        pass
    own = fit.network_stop.picture
    assert psnr(own.clamp(0, 1), problem.measurement.y) < 25
    result = fit.restoration()
    assert psnr(result.image, problem.measurement.y) > 45
    residual = (own - problem.measurement.y).square().mean()
    assert f"{sigma**2 / residual:.0%} the network's" in "".join(result.notes)


def test_a_picture_without_noise_comes_back_as_it_was():
    flat = photo().copy()
    flat[:] = 70
    flat[10:, 5:] = 200
    several = guided().model_copy(update={"ensemble_size": 3, "steps": 7})
    result = restore(tasks.denoise(flat), several, device="cpu")
    assert torch.equal(result.image, tasks.denoise(flat).measurement.y)
    assert any("almost no noise" in note for note in result.notes)
    assert (result.steps, result.stopped) == (1, "there is no noise to remove")


def test_it_stays_away_where_it_does_not_apply():
    holes = photo().copy().astype("float32") / 255
    holes[3:5, 4:9] = float("nan")
    narrow = tasks.denoise(photo()[: Fusion().least_side(3) - 1], sigma=0.1)
    for problem in (tasks.denoise(holes, sigma=0.1), tasks.deblock(photo()), narrow):
        assert ClassicalEstimate.reason_against(problem, guided())
        result = restore(problem, guided(), device="cpu")
        assert not any("NL-Ridge" in note for note in result.notes)
    known = tasks.denoise(photo(), sigma=0.1)
    silent = dataclasses.replace(
        known, measurement=dataclasses.replace(known.measurement, noise=None)
    )
    assert ClassicalEstimate.reason_against(silent, guided())


def test_free_pixels_take_no_partner_by_themselves():
    result = restore(tasks.denoise(photo(), sigma=0.1), "tv", steps=3, device="cpu")
    assert isinstance(result.recipe.network, PixelNetwork)
    assert not any("NL-Ridge" in note for note in result.notes)


def test_the_network_stops_where_it_is_nearest_to_the_estimate():
    clean = skimage.data.camera()[100:164, 200:264].astype(np.float32) / 255
    noise = np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
    problem = tasks.denoise(np.clip(clean + 0.2 * noise, 0, 1), sigma=0.2)
    truth = torch.from_numpy(clean)[None, None]

    def fitted(patience):
        fusion = Fusion(patience=patience, pilot_weight=1, network_weight=1)
        recipe = preset("denoise", "fast").model_copy(update={"fusion": fusion})
        fit = watch(problem, recipe, device="cpu")
        networks = [step.average for step in fit if step.stage == "network"]
        return fit.network_stop, dict(enumerate(networks, 1))

    stopped, seen = fitted(20)
    whole, _ = fitted(None)
    assert stopped.rule == "nearest-estimate"
    assert stopped.step == len(seen) - 20 < whole.step - 20 == 120
    nearest = estimate(problem.measurement.y, 0.2, Fusion()).clamp(0, 1)
    far = {index: float((seen[index] - nearest).square().mean()) for index in seen}
    assert min(range(4, len(seen) + 1, 4), key=far.__getitem__) == stopped.step
    assert psnr(stopped.picture, truth) > psnr(whole.picture, truth) + 0.5
