import numpy as np
import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting import tile_size
from untrained.fitting.device import choose_engine
from untrained.fitting.memory import estimate
from untrained.fitting.mosaic import Grid
from untrained.fitting.tile_size import Sizing, read_tile, settle_size, stays_whole
from untrained.recipes import FitOptions, RecipeError

ENGINE = choose_engine("cpu", "float32")
PICTURE = 4 * 3 * 600 * 500


@pytest.fixture
def problem():
    return tasks.denoise(np.zeros((600, 500, 3), np.uint8), sigma=0.1)


def with_free(monkeypatch, amount):
    monkeypatch.setattr(tile_size, "free_memory", lambda _device: amount)


@pytest.mark.parametrize(
    ("words", "tile"), [("auto", "auto"), ("off", "off"), ("64", 64), (99, 99)]
)
def test_a_tile_is_read(words, tile):
    assert read_tile(words) == tile


@pytest.mark.parametrize("words", ["63", "big", "-5", "", "1.5", 0])
def test_another_is_refused(words):
    with pytest.raises(RecipeError, match="auto, off, or a side of 64 pixels or more, got"):
        FitOptions(tile=words)


def test_what_stays_whole(problem):
    small = tasks.denoise(photo(128, 100), sigma=0.1)
    assert stays_whole(problem, "off")
    assert not stays_whole(problem, "auto")
    assert stays_whole(small, "auto")
    assert stays_whole(small, 512)
    assert not stays_whole(small, 64)
    assert not stays_whole(problem, 1024)


@pytest.mark.parametrize("free", [None, 10**12])
def test_with_memory_enough_or_unknown_it_is_whole(problem, monkeypatch, free):
    with_free(monkeypatch, free)
    assert settle_size(problem, tiny_recipe(), ENGINE, "auto") == Sizing(None)


def test_the_largest_tile_that_fits_is_chosen_and_told(problem, monkeypatch):
    need = estimate(problem, tiny_recipe(), ENGINE)
    free = int(0.6 * need / 0.7) + 12 * PICTURE
    with_free(monkeypatch, free)
    chosen = settle_size(problem, tiny_recipe(), ENGINE, "auto")
    assert chosen.side is not None
    assert chosen.side % 32 == 0

    def need_of(side):
        size = (min(side, 600), min(side, 500))
        part = tasks.denoise(torch.zeros(1, 3, *size), sigma=0.1)
        return estimate(part, tiny_recipe(), ENGINE)

    room = 0.7 * free - 8 * PICTURE
    assert need_of(chosen.side) <= room < need_of(chosen.side + 32)
    first = Grid.cover((600, 500), chosen.side).windows[0]
    assert f"tiles of {first.width}x{first.height} with 64 pixels of overlap" in chosen.note
    assert chosen.note.startswith("the fit would need about ")


def test_with_almost_none_it_is_the_smallest(problem, monkeypatch):
    with_free(monkeypatch, 1000)
    assert settle_size(problem, tiny_recipe(), ENGINE, "auto").side == 128


def test_a_tile_that_is_asked_for_is_taken(problem):
    asked = settle_size(problem, tiny_recipe(), ENGINE, 300)
    assert asked == Sizing(300, "6 tiles of 282x243 with 64 pixels of overlap")
    assert settle_size(problem, tiny_recipe(), ENGINE, 600) == Sizing(None)


@pytest.mark.parametrize("shape", [(5, 300, 3), (300, 11, 3)])
def test_thin_pictures_have_tiles_too(monkeypatch, shape):
    with_free(monkeypatch, 10**6)
    thin = tasks.deblock(np.zeros(shape, np.uint8))
    chosen = settle_size(thin, tiny_recipe(), ENGINE, "auto")
    assert 128 <= chosen.side < 300
