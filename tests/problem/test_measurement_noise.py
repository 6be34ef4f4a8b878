"""Levels of noise that measurements tell of themselves."""

import numpy as np
import pytest
import torch
from skimage import data, transform

from untrained import tasks
from untrained.operators import Blur, FourierSubsampling, Radon, gaussian_kernel
from untrained.problem.measurement_noise import find_level

SIZE = 96


def phantom():
    return torch.from_numpy(transform.resize(data.shepp_logan_phantom(), (SIZE, SIZE)))[
        None, None
    ].float()


def lines(step=3):
    mask = np.zeros(SIZE, bool)
    mask[::step] = True
    mask[SIZE // 2 - 5 : SIZE // 2 + 5] = True
    return mask


def complex_noise(shape):
    generator = torch.Generator().manual_seed(0)
    return torch.complex(*torch.randn((2, *shape), generator=generator))


@pytest.mark.parametrize("sigma", [0.03, 0.2])
@pytest.mark.parametrize("coils", [None, "three"])
def test_the_far_samples_of_k_space_tell_its_noise(sigma, coils):
    slope = torch.linspace(0.5, 1, SIZE).expand(SIZE, SIZE)
    seen = None if coils is None else torch.stack([slope, slope.T, slope.flip(0)])
    physics = FourierSubsampling(lines(), seen, height=SIZE)
    clean = physics(phantom())
    y = clean + physics.mask * sigma * complex_noise(clean.shape)
    assert find_level(physics, y).sigma == pytest.approx(sigma, rel=0.15)


def test_zeros_beyond_what_was_sampled_are_no_lack_of_noise():
    physics = FourierSubsampling(lines(1), height=SIZE)
    y = physics(phantom()) + 0.1 * complex_noise((1, 1, SIZE, SIZE))
    y[..., :20, :] = y[..., -20:, :] = 0
    assert find_level(physics, y).sigma == pytest.approx(0.1, rel=0.15)


def test_a_sinogram_tells_its_noise():
    physics = Radon(np.arange(40) * 4.5, SIZE)
    clean = physics(phantom())
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    assert find_level(physics, clean + noise).sigma == pytest.approx(1.0, rel=0.2)
    assert find_level(physics, torch.zeros_like(clean)) is None


def test_nothing_is_known_of_other_measurements_and_none_of_silence():
    assert find_level(Blur(gaussian_kernel(1.0)), torch.rand(1, 1, 20, 20)) is None
    physics = FourierSubsampling(lines(), height=SIZE)
    assert find_level(physics, torch.zeros(1, 1, SIZE, SIZE, dtype=torch.complex64)) is None


def test_a_reconstruction_says_that_it_estimated():
    physics = FourierSubsampling(lines(), height=SIZE)
    clean = physics(phantom())
    y = clean + physics.mask * 0.05 * complex_noise(clean.shape)
    problem = tasks.reconstruct(y, physics)
    assert any("estimated" in note and "standard deviation" in note for note in problem.notes)
    assert problem.variant == "spectrum"
