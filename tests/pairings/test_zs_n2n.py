import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.restore import restore
from untrained.pairings.factory import make_pairing
from untrained.pairings.zs_n2n import ZSN2N, downsample_neighbours
from untrained.problem.problem import ProblemError
from untrained.recipes import Recipe, ZSN2NPairing


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_halves_are_means_of_the_diagonals():
    kernel = torch.tensor([[[[0.0, 0.5], [0.5, 0.0]]], [[[0.5, 0.0], [0.0, 0.5]]]])
    picture = normal(1, 1, 8, 10)
    expected = F.conv2d(picture, kernel, stride=2)
    torch.testing.assert_close(torch.cat(downsample_neighbours(picture), 1), expected)
    assert downsample_neighbours(normal(1, 3, 7, 9))[0].shape == (1, 3, 4, 5)


def test_their_noises_are_independent_and_of_half_the_variance():
    first, second = (half.flatten() for half in downsample_neighbours(0.1 * normal(1, 1, 800, 800)))
    assert first.std().item() == pytest.approx(0.1 / 2**0.5, rel=0.01)
    assert second.std().item() == pytest.approx(0.1 / 2**0.5, rel=0.01)
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1].item()) < 0.01


def test_predicting_the_other_half_costs_what_the_clean_one_does_plus_a_constant():
    clean = F.interpolate(normal(1, 1, 20, 20).abs(), size=(800, 800), mode="bicubic")
    y = clean + 0.2 * normal(1, 1, 800, 800, seed=1)
    (first, second), (_, truth) = downsample_neighbours(y), downsample_neighbours(clean)
    estimate = F.avg_pool2d(first, 3, 1, 1)
    own = (estimate - second).square().mean().item()
    supervised = (estimate - truth).square().mean().item()
    assert own == pytest.approx(supervised + 0.2**2 / 2, rel=0.01)


def test_the_loss_is_that_of_the_paper():
    y, picture = normal(1, 2, 6, 8), normal(1, 2, 6, 8, seed=1)
    found = [normal(1, 2, 3, 4, seed=2), normal(1, 2, 3, 4, seed=3)]
    pair = ZSN2N(y).draw(torch.Generator())
    (one, two), (own_one, own_two) = downsample_neighbours(y), downsample_neighbours(picture)
    squares = [
        (found[0] - two).square().mean(),
        (found[1] - one).square().mean(),
        (found[0] - own_one).square().mean(),
        (found[1] - own_two).square().mean(),
    ]
    pictures = iter([picture, *found])
    shown = []
    compared = pair.compare(lambda given: shown.append(given) or next(pictures))
    assert compared.loss.item() == pytest.approx(0.5 * sum(squares).item(), rel=1e-5)
    assert compared.image is picture
    for given, expected in zip(shown, (y, one, two), strict=True):
        assert torch.equal(given, expected)


@pytest.mark.parametrize("size", [(32, 32), (31, 33)])
def test_a_recipe_asks_for_it_and_noise_falls(size):
    clean = np.full((*size, 3), 0.5)
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 0.1, clean.shape), 0, 1)
    text = tiny_recipe(pairing=ZSN2NPairing(), steps=60).model_dump_json()
    problem = tasks.denoise(noisy, sigma=0.1)
    result = np.asarray(restore(problem, Recipe.model_validate_json(text), device="cpu"))
    assert result.shape == noisy.shape
    assert np.abs(result - clean).std() < 0.7 * np.abs(noisy - clean).std()


def test_it_says_why_it_does_not_apply():
    holed = photo(24, 20) / 255
    holed[3:5, 3:5] = np.nan
    with pytest.raises(ProblemError, match="without missing"):
        make_pairing(ZSN2NPairing(), tasks.denoise(holed, sigma=0.1), (24, 20), torch.Generator())
    with pytest.raises(ProblemError, match="size and channels"):
        make_pairing(ZSN2NPairing(), tasks.upscale(photo(), 2), (48, 40), torch.Generator())
