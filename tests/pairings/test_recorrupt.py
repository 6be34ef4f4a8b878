import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers.tiny import photo, posed, tiny_recipe
from untrained import tasks
from untrained.fitting.restore import restore
from untrained.noise import PoissonGaussian
from untrained.operators import Mask
from untrained.pairings import recorrupt
from untrained.pairings.factory import make_pairing
from untrained.pairings.recorrupt import Recorrupt
from untrained.problem.problem import ProblemError
from untrained.recipes import Recipe, RecorruptPairing


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def gaussian(clean, source):
    return clean + 0.1 * torch.randn(clean.shape, generator=source)


def poisson(clean, source):
    return PoissonGaussian(0.05).sample(clean, source)


def gamma(clean, source):
    return clean * torch._standard_gamma(torch.full_like(clean, 8.0), generator=source) / 8


LAWS = [
    (gaussian, recorrupt.gaussian(0.1, 0.5), lambda x: 0 * x + 0.01 * (1 + 0.5**-2)),
    (gaussian, recorrupt.gaussian(0.1, 2.0), lambda x: 0 * x + 0.01 * (1 + 2.0**-2)),
    (poisson, recorrupt.poisson(0.05, 0.2), lambda x: 0.05 * x / 0.2),
    (poisson, recorrupt.poisson(0.05, 0.6), lambda x: 0.05 * x / 0.6),
    (gamma, recorrupt.gamma(8, 0.2), lambda x: x**2 / 1.6),
    (gamma, recorrupt.gamma(8, 0.5), lambda x: x**2 / 4),
]
"""How the noise is drawn, how it is split, and the variance of the second picture."""


@pytest.mark.parametrize(("draw", "split", "variance"), LAWS)
@pytest.mark.parametrize("level", [0.2, 0.7])
def test_the_two_noises_are_uncorrelated_given_the_signal(draw, split, variance, level):
    clean, source = torch.full((1, 1, 600, 600), level), generator()
    first, second = (part.flatten() for part in split(draw(clean, source), source))
    assert first.mean().item() == pytest.approx(level, rel=0.01)
    assert second.mean().item() == pytest.approx(level, rel=0.02)
    assert second.var().item() == pytest.approx(variance(torch.tensor(level)).item(), rel=0.03)
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1].item()) < 0.01
    # Nor does the size of one noise tell that of the other, except of Gaussian noise by chance.
    sizes = torch.stack([(first - level).square(), (second - level).square()])
    assert abs(torch.corrcoef(sizes)[0, 1].item()) < 0.02


@pytest.mark.parametrize(("draw", "split", "variance"), LAWS)
def test_the_loss_is_the_supervised_one_plus_a_constant(draw, split, variance):
    """For a fixed estimator f: E |f(y1) - y2|^2 = E |f(y1) - x|^2 + E |y2 - x|^2."""
    source = generator(1)
    clean = 0.1 + 0.8 * torch.rand(1, 1, 700, 700, generator=source)
    pair = Recorrupt(posed(draw(clean, source)), split).draw(source)
    estimate = nn.functional.avg_pool2d(pair.input, 3, 1, 1).sqrt()
    own = (estimate - pair.target).square().mean().item()
    supervised = (estimate - clean).square().mean().item()
    assert own == pytest.approx(supervised + variance(clean).mean().item(), rel=0.02)
    assert pair.compare(lambda _: estimate).loss.item() == pytest.approx(own, rel=1e-4)


def test_shares_add_up_to_the_measurement():
    y = 0.05 * torch.poisson(torch.full((1, 2, 9, 9), 7.0), generator=generator())
    for split, share in ((recorrupt.poisson(0.05, 0.3), 0.3), (recorrupt.gamma(4, 0.3), 0.3)):
        first, second = split(y, generator())
        torch.testing.assert_close((1 - share) * first + share * second, y)
        assert not torch.equal(split(y, generator(1))[0], first)


def test_only_what_was_measured_is_a_target():
    known = torch.tensor([[True, False], [False, True]])[None, None]
    split = recorrupt.gaussian(0.1, 0.5)
    pair = Recorrupt(posed(torch.ones(1, 1, 2, 2), Mask(known)), split).draw(generator())
    assert (pair.target[~known] == 0).all()
    assert (pair.target[known] != 0).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"law": "poisson"},
        {"law": "poisson", "gain": 0.02, "share": 0.3},
        {"law": "gamma", "looks": 10},
    ],
)
def test_a_recipe_asks_for_a_law(settings):
    text = tiny_recipe(pairing=RecorruptPairing(**settings), steps=3).model_dump_json()
    problem = tasks.denoise(photo(48, 48), sigma=0.1)
    result = restore(problem, Recipe.model_validate_json(text), device="cpu")
    assert np.asarray(result).shape == (48, 48, 3)


def test_it_says_why_it_does_not_apply():
    deblock = tasks.deblock(np.full((6, 9, 3), 0.5, np.float32))
    plain = tasks.denoise(np.full((6, 9, 3), 0.5, np.float32), sigma=0.1)
    stabilised = tasks.denoise(np.full((6, 9, 3), 0.5, np.float32), noise=PoissonGaussian(0.1))
    for settings, problem, size, words in (
        ({}, deblock, (6, 9), "noise level"),
        ({}, plain, (3, 3), "size"),
        ({"law": "gamma"}, plain, (6, 9), "looks"),
        ({"law": "poisson"}, stabilised, (6, 9), "no longer poisson"),
    ):
        with pytest.raises(ProblemError, match=words):
            make_pairing(RecorruptPairing(**settings), problem, size, generator())
