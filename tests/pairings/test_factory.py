import numpy as np
import pytest
import torch

from tests.helpers.tiny import posed
from untrained import tasks
from untrained.operators import Mask
from untrained.pairings.blind_spot import BlindSpot
from untrained.pairings.factory import input_channels, make_pairing
from untrained.pairings.latent import Latent
from untrained.problem.problem import ProblemError
from untrained.recipes import GuidePairing, LatentPairing, RecorruptPairing, ZSN2NPairing


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def problem():
    return tasks.denoise(np.full((6, 9, 3), 0.5, np.float32), sigma=0.1)


def test_latent_is_fixed_and_jitter_fresh():
    latent, measurement = torch.rand(1, 4, 6, 9), torch.rand(1, 3, 6, 9)
    pairing, source = Latent(latent, posed(measurement), 0.1), generator()
    draws = [pairing.draw(source) for _ in range(400)]
    inputs = torch.cat([pair.input for pair in draws])
    assert not torch.equal(inputs[0], inputs[1])
    torch.testing.assert_close(inputs.mean(0, keepdim=True), latent, atol=0.03, rtol=0)
    assert (inputs - latent).std().item() == pytest.approx(0.1, rel=0.02)
    assert all(torch.equal(pair.target, measurement) for pair in draws)


def test_latent_noise_is_uniform_up_to_its_scale():
    settings = LatentPairing(channels=8, scale=0.1, jitter=0)
    latent = make_pairing(settings, problem(), (64, 64), generator()).draw(generator()).input
    assert latent.shape == (1, 8, 64, 64)
    assert 0 <= latent.min() < 0.001
    assert 0.099 < latent.max() <= 0.1
    assert latent.mean().item() == pytest.approx(0.05, rel=0.02)


def test_meshgrid_holds_x_then_y():
    settings = LatentPairing(source="meshgrid", jitter=0)
    grid = make_pairing(settings, problem(), (3, 5), generator()).draw(generator()).input
    assert torch.equal(grid[0, 0], torch.linspace(0, 1, 5).expand(3, 5))
    assert torch.equal(grid[0, 1], torch.linspace(0, 1, 3)[:, None].expand(3, 5))


@pytest.mark.parametrize("everywhere", [False, True])
def test_blind_spot_shows_some_known_pixels_and_targets_the_hidden(everywhere):
    """Quan et al. 2020: the pixels that count were not seen."""
    y = torch.rand(1, 2, 200, 200, generator=generator()) + 0.1
    known = (torch.rand(1, 1, 200, 200, generator=generator(1)) < 0.5).float()
    pair = BlindSpot(posed(y * known, Mask(known > 0)), 0.8, everywhere).draw(generator())
    seen, shown = pair.input[:, :2], pair.input[:, 2:]
    assert torch.equal(seen, y * shown)
    assert (shown <= known).all()
    assert (shown.sum() / known.sum()).item() == pytest.approx(0.8, abs=0.01)
    counted = known if everywhere else known - shown
    expected = ((0.3 - y) ** 2)[counted.expand_as(y) > 0].mean()
    loss = pair.compare(lambda _: torch.full_like(y, 0.3)).loss
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_gaps_moved_about_hide_pixels_of_their_shape():
    known = torch.ones(1, 1, 60, 80)
    known[..., 20:26, 30:50] = 0
    pairing = BlindSpot(posed(known.clone(), Mask(known > 0)), 0.999999, False, gaps=True)
    source, places = generator(), set()
    for _ in range(20):
        pair = pairing.draw(source)
        hidden = (known - pair.input[:, 1:])[0, 0]
        # Off by one where it counts, and by much elsewhere.
        wrong = known + torch.where(hidden > 0, 1.0, 9.0)
        assert pair.loss(wrong, known).item() == 1
        assert 0 < hidden.sum() <= 120 + 2
        rows = hidden.nonzero()[:, 0].unique()
        assert len(rows) <= 7
        places.add(tuple(hidden.nonzero()[0].tolist()))
    assert len(places) > 15


def test_blind_spot_draws_afresh():
    pairing, source = BlindSpot(posed(torch.ones(1, 1, 9, 9)), 0.5, False), generator()
    assert not torch.equal(pairing.draw(source).input, pairing.draw(source).input)


def test_a_blind_spot_that_hides_nothing_costs_nothing():
    pair = BlindSpot(posed(torch.ones(1, 1, 1, 1)), 0.999999, False).draw(generator())
    assert pair.compare(lambda _: torch.zeros(1, 1, 1, 1)).loss.item() == 0


def test_guide_is_the_first_channels_of_the_input():
    task = tasks.upscale(np.random.default_rng(0).random((4, 5, 3)), 2)
    settings = GuidePairing(channels=2, jitter=0)
    pair = make_pairing(settings, task, (8, 10), generator()).draw(generator())
    assert input_channels(settings, task) == 5 == pair.input.shape[1]
    assert torch.equal(pair.input[:, :3], task.knowledge.guide)
    assert torch.equal(pair.target, task.measurement.y)
    with pytest.raises(ProblemError, match="guide"):
        input_channels(settings, problem().with_guide(None))


def test_input_channels():
    assert input_channels(LatentPairing(channels=7), problem()) == 7
    assert input_channels(LatentPairing(source="meshgrid", channels=7), problem()) == 2
    assert input_channels(RecorruptPairing(), problem()) == 3
    assert input_channels(ZSN2NPairing(), problem()) == 3
