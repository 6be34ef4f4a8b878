import numpy as np
import pytest
import skimage.data
import torch

from untrained.noise import Gaussian, Impulse, asked_impulses, surroundings
from untrained.noise.impulses import find_impulses


def clean(name="chelsea", side=128):
    picture = np.atleast_3d(getattr(skimage.data, name)())[60 : 60 + side, 90 : 90 + side]
    return torch.from_numpy(picture.transpose(2, 0, 1)[None] / 255).float()


def drawn(model, picture, seed=0):
    return model.sample(picture, torch.Generator().manual_seed(seed)).clamp(0, 1)


@pytest.mark.parametrize("valued", ["extreme", "random"])
def test_impulses_replace_the_stated_share(valued):
    picture = clean()
    changed = drawn(Impulse(0.2, valued), picture)
    assert (changed != picture).float().mean().item() == pytest.approx(0.2, abs=0.01)
    values = changed[changed != picture]
    assert (((values == 0) | (values == 1)).all()) == (valued == "extreme")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_salt_and_pepper_is_found_where_it_is(share):
    picture = clean()
    noisy = drawn(Impulse(share), picture)
    found = find_impulses(noisy)
    assert found.valued == "extreme"
    assert found.share == pytest.approx(share, abs=0.02)
    wrong = found.places != (noisy != picture)
    assert wrong.float().mean().item() < 0.02


def test_random_impulses_are_mostly_found():
    picture = clean("retina")
    noisy = drawn(Impulse(0.2, "random"), picture)
    found = find_impulses(noisy)
    far = (noisy - picture).abs() > 0.2
    assert found.valued == "random"
    assert found.places[far].float().mean() > 0.95
    assert found.places[noisy == picture].float().mean() < 0.01


@pytest.mark.parametrize("name", ["astronaut", "camera", "grass", "page", "coins"])
def test_clean_pictures_have_no_impulses(name):
    assert find_impulses(clean(name)) is None


@pytest.mark.parametrize("level", [10, 50])
def test_gaussian_noise_has_no_impulses_even_clipped(level):
    for name in ("astronaut", "page"):
        assert find_impulses(drawn(Gaussian(level / 255), clean(name))) is None


def test_scans_in_black_and_white_have_no_impulses():
    scan = (clean("page") > 0.6).float()
    assert find_impulses(scan) is None


def test_dotted_text_is_no_pepper():
    page = torch.ones(1, 1, 64, 64)
    page[..., 10:50:8, 5:60] = 0
    page[..., 12:52:8, 5:60:2] = 0.5
    assert find_impulses(page) is None


def test_surroundings_are_the_median_of_trusted_neighbours():
    picture = torch.tensor([[1.0, 2, 3], [4, 100, 6], [7, 8, 90]]).view(1, 1, 3, 3)
    trusted = picture < 50
    around = surroundings(picture, trusted)
    assert around[0, 0, 1, 1].item() == 4  # of 1 2 3 4 6 7 8
    assert around[0, 0, 2, 2].item() == 6  # of 6 6 8 8, the border repeated, the lower middle
    alone = torch.zeros_like(trusted)
    assert torch.equal(surroundings(picture, alone), picture)


def test_asked_for_impulses_are_sought_in_any_picture():
    places = asked_impulses(clean("coins")).places
    assert places.shape == (1, 1, 128, 128)
    assert places.float().mean() < 0.1
