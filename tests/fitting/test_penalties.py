"""Priors made by hand as terms of the loss: what they measure, and how the noise leads them."""

import numpy as np
import pytest
import pywt
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.penalties import Penalty, make_penalties, measure
from untrained.fitting.restore import restore
from untrained.noise import Gaussian
from untrained.numerics.wavelets import pixel_sparsity, wavelet_sparsity
from untrained.problem.problem import ProblemError
from untrained.recipes import PixelNetwork, Sparsity, TotalVariation


def penalty(settings, noise):
    return Penalty(settings, measure(settings), noise)


LED = TotalVariation(weight=0.1, discrepancy=1.0)


def test_the_weight_is_led_by_the_residual():
    term = penalty(LED, Gaussian(0.1))
    grey = torch.full((1, 1, 8, 8), 0.5)
    term.update(grey, grey + 0.2)
    assert term.weight < 0.1
    term = penalty(LED, Gaussian(0.1))
    term.update(grey, grey + 0.05)
    assert term.weight > 0.1
    fixed = penalty(TotalVariation(weight=0.1), None)
    fixed.update(grey, grey + 1)
    assert fixed.weight == 0.1


def test_the_weight_is_led_after_a_while_and_not_below_the_least():
    settings = LED.model_copy(update={"after": 2, "least": 0.09})
    term, grey = penalty(settings, Gaussian(0.1)), torch.full((1, 1, 8, 8), 0.5)
    weights = []
    for _ in range(8):
        term.update(grey, grey + 0.3)
        weights.append(term.weight)
    assert weights[:2] == [0.1, 0.1]
    assert weights[2] < 0.1
    assert weights[-1] == 0.09
    again = penalty(settings, Gaussian(0.1))
    again.load_state_dict(term.state_dict())
    again.update(grey, grey + 0.05)
    assert again.weight > 0.09


def test_clipped_samples_do_not_lead_the_weight():
    picture = torch.full((1, 1, 8, 8), 0.5)
    picture[..., 4:] = 0
    target = picture + 0.1
    target[..., 4:] = 0
    term = penalty(LED, Gaussian(0.1))
    term.update(picture, target)
    assert term.weight == pytest.approx(0.1)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_wavelet_sparsity_is_that_of_all_shifts_of_the_orthonormal_transform(levels):
    image = np.zeros((32, 32))
    image[9:22, 10:21] = np.random.default_rng(0).random((13, 11))
    total, shifts = 0.0, range(2**levels)
    for down in shifts:
        for right in shifts:
            moved = np.roll(image, (down, right), axis=(0, 1))
            _, *details = pywt.wavedec2(moved, "haar", mode="periodization", level=levels)
            total += sum(np.abs(band).sum() for bands in details for band in bands)
    expected = total / len(shifts) ** 2 / image.size
    found = wavelet_sparsity(torch.from_numpy(image)[None, None], levels)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_wavelet_sparsity_of_volumes_too():
    volume = np.zeros((8, 10, 8))
    volume[2:6, 3:8, 2:6] = np.random.default_rng(0).random((4, 5, 4))
    total = 0.0
    for shift in np.ndindex(2, 2, 2):
        _, details = pywt.wavedecn(
            np.roll(volume, shift, axis=(0, 1, 2)), "haar", mode="periodization", level=1
        )
        total += sum(np.abs(band).sum() for band in details.values())
    found = wavelet_sparsity(torch.from_numpy(volume)[None, None], 1)
    assert found.item() == pytest.approx(total / 8 / volume.size, rel=1e-6)


def test_flat_pictures_have_no_wavelets_and_any_size_is_measured():
    assert wavelet_sparsity(torch.full((1, 3, 9, 7), 0.4), 5).item() == pytest.approx(0, abs=1e-6)
    for size in ((1, 1), (1, 9), (2, 3)):
        image = torch.rand(1, 1, *size, requires_grad=True)
        (wavelet_sparsity(image, 3) + pixel_sparsity(image)).backward()
        assert image.grad.isfinite().all()


def test_pixel_sparsity_is_the_mean_magnitude():
    assert pixel_sparsity(torch.tensor([[[[-1.0, 2.0], [0.0, 1.0]]]])).item() == 1.0


def stars():
    image = np.zeros((40, 40), np.float32)
    image[tuple(np.random.default_rng(2).integers(0, 40, (2, 25)))] = 0.9
    noise = np.random.default_rng(0).normal(0, 0.1, image.shape).astype(np.float32)
    return image, image + noise


@pytest.mark.parametrize("basis", ["pixels", "wavelets"])
def test_sparsity_led_by_discrepancy_denoises_what_is_sparse(basis):
    clean, noisy = stars()
    sparsity = Sparsity(weight=0.01, discrepancy=1.0, basis=basis)
    recipe = tiny_recipe(
        network=PixelNetwork(), steps=300, averaging=0.5, hand_over="iterate", sparsity=sparsity
    )
    result = restore(tasks.denoise(noisy, sigma=0.1), recipe, device="cpu")
    error = float(np.mean((result.picture - clean) ** 2))
    residual = float(np.mean((result.picture - noisy) ** 2))
    assert error < 0.5 * 0.1**2
    assert residual == pytest.approx(0.1**2, rel=0.15)


def test_several_terms_stand_side_by_side_and_each_needs_a_level():
    both = tiny_recipe(
        total_variation=TotalVariation(weight=0.1), sparsity=Sparsity(weight=0.2, discrepancy=1.0)
    )
    assert [each.weight for each in make_penalties(both, Gaussian(0.1))] == [0.1, 0.2]
    with pytest.raises(ProblemError, match="noise level above zero"):
        make_penalties(both, None)
    with pytest.raises(ProblemError, match="noise level above zero"):
        restore(tasks.deblock(photo()), both, device="cpu")
