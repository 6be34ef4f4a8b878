"""NL-Ridge of blocks of volumes: against a plain loop, and what must hold of any such filter."""

import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage

from untrained.denoisers.nl_ridge import nl_ridge, nl_ridge_twice
from untrained.recipes import NLRidge


def smooth(shape, seed=0):
    drawn = np.random.default_rng(seed).normal(size=shape)
    field = ndimage.gaussian_filter(drawn, 2, mode="wrap")
    return torch.from_numpy((field - field.min()) / np.ptp(field)).float()[None, None]


def by_hand(noisy, pilot, sigma, side, group, stride, reach):
    """One pass with a pilot, block by block, in float64."""
    noisy, pilot = (part[0, 0].double().numpy() for part in (noisy, pilot))
    ends = [length - side for length in noisy.shape]
    places = list(itertools.product(*(range(end + 1) for end in ends)))
    cut = {p: tuple(slice(x, x + side) for x in p) for p in places}
    corners = itertools.product(*(sorted({*range(0, end + 1, stride), end}) for end in ends))
    total, share = np.zeros_like(noisy), np.zeros_like(noisy)
    for corner in corners:
        near = [p for p in places if max(abs(np.subtract(p, corner))) <= reach]
        near.sort(key=lambda p: np.square(pilot[cut[p]] - pilot[cut[corner]]).sum())
        near = near[:group]
        clean, own = (np.stack([v[cut[p]].ravel() for p in near]) for v in (pilot, noisy))
        gram, noise = clean @ clean.T, 1.05 * side**3 * sigma**2
        weights = gram @ np.linalg.inv(gram + noise * np.eye(len(near)))
        trust = 1 / np.maximum(np.square(weights).sum(1), 1e-3)
        for p, found, t in zip(near, weights @ own, trust, strict=True):
            total[cut[p]] += t * found.reshape((side,) * 3)
            share[cut[p]] += t
    return total / share


def test_it_is_what_the_paper_says():
    pilot = smooth((7, 8, 9))
    noisy = pilot + 0.1 * torch.randn(pilot.shape, generator=torch.Generator().manual_seed(0))
    found = nl_ridge(noisy, 0.1, NLRidge(patch=3, group=6, stride=3, reach=2), pilot=pilot)
    expected = by_hand(noisy, pilot, 0.1, side=3, group=6, stride=3, reach=2)
    np.testing.assert_allclose(found[0, 0].numpy(), expected, atol=2e-4)


@pytest.mark.parametrize("channels", [1, 2])
def test_noise_goes_down_and_the_shape_stays(channels):
    clean = smooth((10, 14, 17)).expand(1, channels, -1, -1, -1)
    noisy = clean + 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    found = nl_ridge_twice(noisy, 0.1)
    assert found.shape == clean.shape
    assert float((found - clean).square().mean()) < 0.15 * 0.1**2


def test_no_axis_is_preferred():
    noisy = smooth((12, 12, 12)) + 0.1 * torch.randn(1, 1, 12, 12, 12)
    found = nl_ridge_twice(noisy, 0.1)
    turned = nl_ridge_twice(noisy.permute(0, 1, 4, 2, 3), 0.1).permute(0, 1, 3, 4, 2)
    torch.testing.assert_close(found, turned, atol=2e-3, rtol=0)


@pytest.mark.parametrize(("sigma", "shape"), [(0, (8, 8, 8)), (0.1, (3, 8, 8))])
def test_it_leaves_alone_what_it_cannot_filter(sigma, shape):
    volume = torch.rand(1, 1, *shape)
    assert nl_ridge_twice(volume, sigma) is volume


def test_a_flat_volume_stays_flat():
    found = nl_ridge_twice(torch.full((1, 1, 9, 9, 9), 0.3), 0.1)
    torch.testing.assert_close(found, torch.full_like(found, 0.3), atol=1e-3, rtol=0)
