import numpy as np
import pytest
import torch

from untrained.evaluation import metrics


def pair():
    generator = torch.Generator().manual_seed(0)
    one = torch.rand(1, 3, 30, 25, generator=generator)
    return one, (one + 0.1 * torch.randn(one.shape, generator=generator)).clamp(0, 1)


def test_psnr_is_its_formula_and_infinite_for_equals():
    one, other = pair()
    mse = np.mean((one.double().numpy() - other.double().numpy()) ** 2)
    assert metrics.psnr(other, one) == pytest.approx(-10 * np.log10(mse))
    assert metrics.psnr(one, one) == float("inf")


def test_ssim_of_equals_is_one_and_small_pictures_have_none():
    one, other = pair()
    assert metrics.ssim(one, one) == pytest.approx(1)
    assert 0.3 < metrics.ssim(other, one) < 0.99
    assert metrics.ssim(one[..., :10, :], one[..., :10, :]) is None


def test_luma_of_black_and_white_is_studio_range():
    white = metrics.luma(torch.ones(1, 3, 2, 2))
    assert white[0, 0, 0, 0].item() == pytest.approx(235 / 255)
    assert metrics.luma(torch.zeros(1, 1, 2, 2))[0, 0, 0, 0].item() == pytest.approx(16 / 255)


def test_upscaling_psnr_leaves_off_the_border():
    one, other = pair()
    changed = other.clone()
    changed[..., :4, :] = 0
    changed[..., -5:, :] = 0
    changed[..., :4] = 0
    changed[..., -5:] = 0
    assert metrics.psnr_upscaling(changed, one) == pytest.approx(metrics.psnr_upscaling(other, one))
    grey = metrics.luma(one)[..., 4:-5, 4:-5] - metrics.luma(other)[..., 4:-5, 4:-5]
    expected = float(-10 * torch.log10(grey.double().square().mean()))
    assert metrics.psnr_upscaling(other, one) == pytest.approx(expected, abs=1e-4)
