"""Self-similarity at two scales, and with a part of the residual returned."""

import numpy as np
import pytest
import skimage.data
import torch

from untrained.denoisers.multiscale import _half, _with_means, both, estimate, regained
from untrained.denoisers.nl_bayes import nl_bayes
from untrained.denoisers.nl_ridge import nl_ridge, nl_ridge_twice
from untrained.evaluation.metrics import psnr
from untrained.recipes import NL_RIDGE_TWICE, Fusion, NLBayes, NLRidge, SecondPass

SIGMA = 50 / 255


def cup(side=96):
    """A part of a colour photograph, and the same under strong noise."""
    samples = skimage.data.coffee()[60 : 60 + side, 150 : 150 + side].astype(np.float32) / 255
    clean = torch.from_numpy(samples).permute(2, 0, 1)[None]
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean, clean + SIGMA * noise


def test_the_half_size_removes_noise_of_long_waves():
    clean, noisy = cup()
    one, two = (estimate(noisy, SIGMA, Fusion(scales=n, second_pass=None)) for n in (1, 2))

    def long_waves(picture):
        return float(torch.nn.functional.avg_pool2d(picture - clean, 16).square().mean())

    assert torch.equal(one, nl_ridge_twice(noisy, SIGMA))
    assert long_waves(two) < 0.8 * long_waves(one)
    assert psnr(two, clean) > psnr(one, clean) + 0.2


def test_the_mean_of_both_filters_gains():
    clean, noisy = cup()
    first = nl_ridge_twice(noisy, SIGMA)
    ridge = nl_ridge(0.6 * first + 0.4 * noisy, 0.4 * SIGMA, NLRidge(), pilot=first)
    bayes = nl_bayes(noisy, SIGMA, NLBayes(), pilot=first)
    joined = both(first, noisy, SIGMA, SecondPass())
    torch.testing.assert_close(joined, (ridge + bayes) / 2)
    assert psnr(joined, clean) > psnr(first, clean) + 0.2
    assert psnr(joined, clean) > psnr(ridge, clean)


def test_returning_a_part_of_the_residual_gains_what_was_lost():
    clean, noisy = cup()
    first = nl_ridge_twice(noisy, SIGMA)
    second = regained(first, noisy, SIGMA, 0.4, NLBayes())
    expected = nl_bayes(0.6 * first + 0.4 * noisy, 0.4 * SIGMA, NLBayes(), pilot=first)
    torch.testing.assert_close(second, expected)
    assert psnr(second, clean) > psnr(first, clean) + 0.1


def test_what_the_coarse_scale_says_of_all_cells_is_added():
    picture = torch.rand(1, 3, 27, 45, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(_with_means(picture, _half(picture, 8), 8), picture)
    torch.testing.assert_close(_with_means(picture, _half(picture, 8) + 0.1, 8), picture + 0.1)


@pytest.mark.parametrize("size", [(1, 1), (11, 40), (21, 22), (22, 23), (29, 61)])
@pytest.mark.parametrize("channels", [1, 4])
def test_every_size_works(channels, size):
    picture = torch.rand(1, channels, *size, generator=torch.Generator().manual_seed(0))
    found = estimate(picture, 0.1, Fusion())
    assert found.shape == picture.shape
    assert found.isfinite().all()


def test_without_noise_the_picture_comes_back():
    clean, _ = cup(40)
    assert torch.equal(estimate(clean, 0.0, Fusion()), clean)
    assert psnr(estimate(clean, 1e-4, Fusion()), clean) > 75


def test_a_volume_has_one_scale():
    volume = torch.rand(1, 1, 24, 24, 24, generator=torch.Generator().manual_seed(0))
    first, then = NL_RIDGE_TWICE[3]
    one, two = (
        estimate(
            volume,
            0.1,
            Fusion(without_pilot=first, with_pilot=then, scales=n, second_pass=None),
        )
        for n in (1, 2)
    )
    assert torch.equal(one, two)
