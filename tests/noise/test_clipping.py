"""Clipped noise: its mean, when it is found, and that the result is put right."""

from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch

from tests.helpers.tiny import tiny_recipe
from untrained import restore, tasks
from untrained.evaluation.metrics import psnr
from untrained.noise import Clipping, find_clipping
from untrained.picture.region import Region
from untrained.problem.rendering import Rendering
from untrained.recipes import Fusion, GuidePairing

BOTH = Clipping(0.2, black=True, white=True)


def drawn(clean, sigma, seed=0):
    return clean + sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))


def cup(side=64):
    samples = skimage.data.coffee()[40 : 40 + side, 130 : 130 + side].astype(np.float32) / 255
    return torch.from_numpy(samples).permute(2, 0, 1)[None]


@pytest.mark.parametrize(("black", "white"), [(True, True), (True, False), (False, True)])
def test_the_mean_is_that_of_many_clipped_draws(black, white):
    levels = torch.tensor([0.0, 0.1, 0.5, 0.8, 1.0])
    samples = drawn(levels.expand(400_000, 5), 0.2)
    samples = samples.clamp(0 if black else None, 1 if white else None)
    expected = Clipping(0.2, black=black, white=white).mean(levels)
    torch.testing.assert_close(samples.mean(0), expected, atol=2e-3, rtol=0)


def test_undoing_is_the_inverse_and_keeps_to_the_ends():
    clean = torch.linspace(0, 1, 101).view(1, 1, 1, -1)
    torch.testing.assert_close(BOTH.undo(BOTH.mean(clean)), clean, atol=1e-4, rtol=0)
    beyond = torch.tensor([-0.3, 0.01, 0.99, 1.2])
    assert BOTH.undo(beyond).tolist() == [0, 0, 1, 1]
    dark = Clipping(0.2, black=True, white=False)
    assert float(dark.undo(torch.tensor(1.3))) == pytest.approx(1.3, abs=1e-3)


def test_it_is_found_where_it_was_done():
    clean = torch.linspace(0, 1, 96).expand(1, 1, 96, 96)
    noisy = drawn(clean, 0.1)
    assert find_clipping(noisy.clamp(0, 1), 0.1) == Clipping(0.1, black=True, white=True)
    assert find_clipping(noisy.clamp(0), 0.1) == Clipping(0.1, black=True, white=False)
    assert find_clipping(noisy.clamp(max=1), 0.1) == Clipping(0.1, black=False, white=True)
    assert find_clipping(noisy, 0.1) is None
    assert find_clipping(noisy.clamp(0, 1), 0.0) is None


def test_less_noise_in_the_dark_is_no_clipping():
    clean = torch.linspace(0.02, 0.9, 96).expand(1, 1, 96, 96)
    counted = clean + 0.2 * clean.sqrt() * drawn(torch.zeros_like(clean), 1.0)
    found = find_clipping(counted.clamp(0, 1), 0.2)
    assert found is None or not found.black


def test_zeros_of_counted_light_are_no_clipping():
    clean = torch.full((1, 1, 96, 96), 0.03)
    clean[..., :48] = 0.2
    counts = torch.poisson(40 * clean, generator=torch.Generator().manual_seed(0))
    assert float((counts == 0).float().mean()) > 0.1
    assert find_clipping((counts / 40).clamp(0, 1), 0.06) is None
    clipped = drawn(clean, 0.06).clamp(0, 1)
    assert find_clipping(clipped, 0.06) == Clipping(0.06, black=True, white=False)


def test_missing_pixels_do_not_count_as_black():
    clean = torch.full((1, 1, 64, 64), 0.22)
    missing = torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    missing[..., ::2] = True
    noisy = torch.where(missing, 0, drawn(clean, 0.1, 1).clamp(0.005))
    assert find_clipping(noisy, 0.1) is not None
    assert find_clipping(noisy, 0.1, missing) is None


def test_the_result_is_as_dark_and_as_light_as_the_picture():
    clean = (cup() * 1.5 - 0.2).clamp(0, 1)
    problem = tasks.denoise(drawn(clean, 0.2).clamp(0, 1), sigma=0.2)
    assert any("clipped at black and white" in note for note in problem.notes)
    recipe = tiny_recipe(
        pairing=GuidePairing(channels=0), fusion=Fusion(pilot_weight=0, network_weight=0), steps=2
    )
    result = restore(problem, recipe, device="cpu")
    shifted = restore(replace(problem, rendering=Rendering()), recipe, device="cpu").image
    assert psnr(result.image, clean) > psnr(shifted, clean) + 2
    torch.testing.assert_close(result.image, BOTH.undo(shifted))
    dark = clean == 0
    assert float(result.image[dark].mean()) < 0.05
    assert abs(float((result.image - clean).mean())) < 0.02
    whole = tasks.denoise(drawn(clean, 0.2), sigma=0.2)
    assert not any("clipped" in note for note in whole.notes)


def test_windows_of_a_picture_are_put_right_as_the_whole():
    problem = tasks.denoise(drawn(cup() * 0.3, 0.2).clamp(0, 1), sigma=0.2)
    assert (
        problem.region(Region(0, 0, 24, 32)).rendering.undo_clipping
        == problem.rendering.undo_clipping
    )
