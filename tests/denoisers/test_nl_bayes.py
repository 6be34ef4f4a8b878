"""NL-Bayes: against the formula of the paper, and what must hold of any such filter."""

import numpy as np
import pytest
import skimage.data
import torch

from untrained.denoisers.nl_bayes import nl_bayes
from untrained.denoisers.nl_ridge import nl_ridge, nl_ridge_twice
from untrained.evaluation.metrics import psnr
from untrained.recipes import NLBayes, NLRidge

GENERATOR = torch.Generator()


def noisy(clean, sigma, seed=0):
    return clean + sigma * torch.randn(clean.shape, generator=GENERATOR.manual_seed(seed))


def photo(side=72, channels=3):
    samples = skimage.data.coffee()[60 : 60 + side, 150 : 150 + side].astype(np.float32) / 255
    return torch.from_numpy(samples).permute(2, 0, 1)[None, :channels]


def by_covariance(own, pilot, sigma):
    """``m + (y - m) C (C + s^2)^-1``, the covariance itself, in float64."""
    own, pilot = own.astype(float), pilot.astype(float)
    covariance = np.cov(pilot.T, bias=True)
    shrink = covariance @ np.linalg.inv(covariance + sigma**2 * np.eye(len(covariance)))
    return pilot.mean(0) + (own - own.mean(0)) @ shrink


def test_it_is_what_the_paper_says():
    """One group of all patches: each pixel is the mean of what the patches over it say."""
    pilot = photo(7)
    given = noisy(pilot, 0.1)
    found = nl_bayes(given, 0.1, NLBayes(patch=4, channel_exponent=0, group=16), pilot=pilot)
    places = [(y, x) for y in range(4) for x in range(4)]

    def rows(picture):
        return np.stack([picture[0, :, y : y + 4, x : x + 4].numpy().ravel() for y, x in places])

    total, count = np.zeros((3, 7, 7)), np.zeros((7, 7))
    filtered = by_covariance(rows(given), rows(pilot), 0.1)
    for (y, x), patch in zip(places, filtered, strict=True):
        total[:, y : y + 4, x : x + 4] += patch.reshape(3, 4, 4)
        count[y : y + 4, x : x + 4] += 1
    np.testing.assert_allclose(found[0].numpy(), total / count, atol=1e-5)


def test_what_it_leaves_differs_from_what_nl_ridge_leaves():
    """With the same pilot it is closer to the truth; alike errors would not let it be."""
    clean = photo(96)
    given = noisy(clean, 0.1)
    pilot = nl_ridge_twice(given, 0.1)
    again = nl_ridge(given, 0.1, NLRidge(), pilot=pilot)
    assert psnr(nl_bayes(given, 0.1, NLBayes(), pilot=pilot), clean) > psnr(again, clean) + 0.1


@pytest.mark.parametrize("shape", [(1, 1, 30, 41), (1, 5, 24, 24), (1, 2, 9, 10, 11)])
def test_noise_goes_down_and_the_shape_stays(shape):
    clean = torch.linspace(0.2, 0.8, shape[-1]).expand(shape)
    given = noisy(clean, 0.1)
    settings = NLBayes() if len(shape) == 4 else NLBayes(patch=4, stride=3, reach=5)
    found = nl_bayes(given, 0.1, settings, pilot=clean)
    assert found.shape == clean.shape
    assert (found - clean).square().mean() < 0.1 * 0.1**2


@pytest.mark.parametrize("channels", [1, 3])
def test_a_flat_pilot_gives_its_means(channels):
    flat = torch.full((1, channels, 20, 30), 0.3)
    found = nl_bayes(noisy(flat, 0.1), 0.1, NLBayes(), pilot=flat)
    torch.testing.assert_close(found, flat, atol=1e-4, rtol=0)


@pytest.mark.parametrize("sigma", [1e-5, 1e-3])
def test_little_noise_leaves_the_picture(sigma):
    clean = photo()
    assert psnr(nl_bayes(noisy(clean, sigma), sigma, NLBayes(), pilot=clean), clean) > min(
        85, -20 * np.log10(sigma) - 1
    )


def test_it_leaves_alone_what_it_cannot_filter():
    for picture, sigma in ((torch.rand(1, 3, 20, 20), 0.0), (torch.rand(1, 3, 5, 40), 0.1)):
        assert nl_bayes(picture, sigma, NLBayes(), pilot=picture) is picture


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (2, 7), (3, 6), (4, 6), (50, 4)])
def test_the_fewer_channels_the_larger_the_patches(channels, side):
    assert NLBayes().side(channels) == side
    assert NLBayes(channel_exponent=0).side(channels) == 8


def test_patches_lie_no_further_apart_than_they_are_long():
    assert NLBayes().side(500) == NLBayes().stride
    with pytest.raises(ValueError, match="patches of 3 pixels, 4 apart, leave gaps"):
        NLBayes(patch=3)
