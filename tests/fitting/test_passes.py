"""Passes over a picture of one size, and half the size."""

import pytest
import torch

from untrained.denoisers.registry import DENOISERS
from untrained.fitting.half_resolution import Halved, half_of
from untrained.fitting.passes import Passes
from untrained.recipes import NLRidge, SelfSimilarPasses

STRIDE = NLRidge().stride


def as_it_is(picture, _level):
    return picture


def seams(picture, _sigma, _settings, **_pilot):
    marked = torch.zeros_like(picture)
    marked[..., ::STRIDE, ::STRIDE] = 1.0
    return marked


@pytest.mark.parametrize("shifted", [True, False])
def test_the_grid_visits_every_place_once(monkeypatch, shifted):
    monkeypatch.setitem(DENOISERS._known, NLRidge, seams)
    passes = Passes(
        SelfSimilarPasses(count=16, relaxation=1.0, shift_grid=shifted),
        torch.zeros(1, 1, 20, 24),
        as_it_is,
    )
    visits = sum(passes.run() for _ in range(16))
    places = visits.unfold(2, STRIDE, STRIDE).unfold(3, STRIDE, STRIDE).sum((0, 1, 2, 3))
    assert (places > 0).float().mean() == (1 if shifted else 1 / STRIDE**2)
    assert visits.shape == (1, 1, 20, 24)
    assert visits.max() == (1 if shifted else 16)


@pytest.mark.parametrize("size", [(20, 24), (21, 25)])
def test_a_picture_halved_and_enlarged_again_keeps_what_is_smooth(size):
    rows = torch.linspace(0, 1, size[0]).view(1, 1, -1, 1).expand(1, 3, *size)
    halved = Halved(size, as_it_is)
    small = halved.reduced(rows)
    assert small.shape[2:] == half_of(size)
    assert (halved.enlarged(small) - rows).abs().max() < 0.03


def test_a_half_picture_agrees_as_the_whole_one_does():
    size = (20, 24)
    wanted = torch.rand(1, 1, *size)
    halved = Halved(size, lambda _picture, _level: wanted)
    found = halved(torch.zeros(1, 1, 10, 12), 0.1)
    assert torch.allclose(found, halved.reduced(wanted), atol=1e-6)
    unchanged = Halved(size, as_it_is)
    half = torch.rand(1, 1, 10, 12)
    assert torch.equal(unchanged(half, 0.1), half)


def test_the_grid_of_a_volume_stays(monkeypatch):
    monkeypatch.setitem(DENOISERS._known, NLRidge, seams)
    settings = SelfSimilarPasses(count=2, relaxation=1.0, shift_grid=True)
    passes = Passes(settings, torch.zeros(1, 1, 8, 8, 8), as_it_is)
    assert torch.equal(passes.run(), passes.run())
