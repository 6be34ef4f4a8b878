"""Alignment takes away what magnitudes cannot tell, and nothing else."""

import pytest
import torch

from untrained.evaluation.alignment import aligned


def scene(channels):
    """A picture with room around it, so that a shift loses nothing."""
    image = torch.zeros(1, channels, 15, 18)
    image[..., 5:10, 6:12] = torch.rand(
        1, channels, 5, 6, generator=torch.Generator().manual_seed(0)
    )
    return image


def turned(image):
    signs = torch.tensor([1.0, -1.0])[: image.shape[1], None, None]
    return image.flip(-2, -1) * signs


def rephased(image, angle):
    if image.shape[1] == 1:
        return -image
    wave = torch.complex(image[:, :1], image[:, 1:]) * torch.polar(
        torch.tensor(1.0), torch.tensor(angle)
    )
    return torch.cat([wave.real, wave.imag], dim=1)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("shift", [(0, 0), (3, -4), (-5, 2)])
@pytest.mark.parametrize("twin", [False, True])
def test_shift_twin_and_phase_are_undone(channels, shift, twin):
    truth = scene(channels)
    other = rephased(truth.roll(shift, (-2, -1)), 2.0)
    other = turned(other) if twin else other
    torch.testing.assert_close(aligned(other, truth), truth, atol=1e-5, rtol=1e-4)


def test_an_aligned_picture_stays():
    truth = scene(1)
    torch.testing.assert_close(aligned(truth, truth), truth)
    assert aligned(truth.double(), truth).dtype == torch.float64


@pytest.mark.parametrize("change", [lambda x: 0.8 * x, lambda x: x.flip(-1), lambda x: x + 0.1])
def test_other_errors_stay(change):
    truth = scene(1)
    before = (change(truth) - truth).square().mean()
    after = (aligned(change(truth), truth) - truth).square().mean()
    assert after > 0.3 * before
