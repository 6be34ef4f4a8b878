"""Phase retrieval without a network: each algorithm finds what it was published to find."""

import numpy as np
import pytest
import skimage.data
import torch

from untrained.evaluation.alignment import aligned
from untrained.operators import (
    CodedDiffraction,
    PaddedFourier,
    Ptychography,
    disc,
    octanary_masks,
    pupil_grid,
)
from untrained.problem import phase_retrieval

SIZE = (24, 20)


def truth(channels=1):
    """A piece of a photograph; with two channels a complex object."""
    part = skimage.data.camera()[100 : 100 + 2 * SIZE[0] : 2, 200 : 200 + 2 * SIZE[1] : 2] / 255
    image = torch.from_numpy(np.ascontiguousarray(part)).float()[None, None] + 0.1
    if channels == 1:
        return image
    turns = 2 * image.flip(-1)
    return torch.cat([image * turns.cos(), image * turns.sin()], dim=1)


def error(picture, image):
    """Squared error after alignment over the energy of the truth."""
    return float((aligned(picture, image) - image).square().sum() / image.square().sum())


def coded(channels, masks=6):
    drawn = octanary_masks(masks, SIZE, seed=1)
    return CodedDiffraction(drawn, complex_picture=channels == 2)


def scanned(channels, overlap=0.7):
    grid = pupil_grid(3, 4, overlap)
    return Ptychography(grid, disc(4, 12), SIZE, complex_picture=channels == 2)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_spectral_guess_is_near_and_of_the_right_energy(channels):
    operator, image = coded(channels), truth(channels)
    y = operator(image).abs()
    guess = phase_retrieval.spectral(operator, operator.A_adjoint, y)
    assert guess.shape == image.shape
    assert error(guess, image) < 0.3
    energy = float(operator(guess).abs().square().sum())
    assert energy == pytest.approx(float(y.square().sum()), rel=1e-4)


@pytest.mark.parametrize("channels", [1, 2])
def test_wirtinger_flow_finds_an_object_behind_masks(channels):
    operator, image = coded(channels), truth(channels)
    y = operator(image).abs()
    start = phase_retrieval.spectral(operator, operator.A_adjoint, y)
    found = phase_retrieval.wirtinger_flow(operator, y, start, rounds=600)
    assert error(found, image) < 1e-4 < error(start, image)


@pytest.mark.parametrize("channels", [1, 2])
def test_alternating_projections_find_it_too_and_never_go_uphill(channels):
    operator, image = coded(channels), truth(channels)
    y = operator(image).abs()
    start = phase_retrieval.spectral(operator, operator.A_adjoint, y)
    found, before = start, float("inf")
    for _ in range(15):
        found = phase_retrieval.alternating_projections(operator, y, found, rounds=10)
        after = float((operator(found).abs() - y).square().sum())
        assert after <= before + 1e-6
        before = after
    assert error(found, image) < 1e-4


def test_hybrid_input_output_finds_an_object_in_its_support():
    operator, image = PaddedFourier(SIZE, 2.0), truth()
    found = phase_retrieval.hybrid_input_output(
        operator, operator(image).abs(), starts=4, rounds=400
    )
    assert float(found.min()) >= 0
    assert error(found, image) < 0.01


def test_hybrid_input_output_keeps_a_complex_object_in_its_support():
    support = torch.zeros(SIZE)
    support[2:12, 3:9] = 1
    support[2:5, 3:6] = 0
    operator = PaddedFourier(SIZE, 2.0, support, complex_picture=True)
    y = operator(truth(2)).abs()
    found = phase_retrieval.hybrid_input_output(operator, y, starts=4, rounds=400)
    assert not found[:, :, support == 0].any()
    assert ((operator(found).abs() - y).square().sum() / y.square().sum()) < 0.01


@pytest.mark.parametrize("channels", [1, 2])
def test_sequential_projections_sharpen_the_middle_picture(channels):
    operator, image = scanned(channels), truth(channels)
    y = operator(image).abs()
    start = phase_retrieval.centre_picture(operator, y)
    assert start.shape == image.shape
    found = phase_retrieval.sequential_projections(operator, y, start, rounds=60)
    best = error(operator.A_dagger(operator(image)), image)
    assert error(found, image) < 0.5 * error(start, image)
    assert error(found, image) < best + (0.01 if channels == 1 else 0.05)


def test_one_pass_puts_the_amplitudes_where_they_were_measured():
    operator = Ptychography([[0, 0]], disc(4, 9), SIZE, complex_picture=True)
    y = operator(truth(2)).abs()
    found = phase_retrieval.sequential_projections(operator, y, truth(2), rounds=1)
    torch.testing.assert_close(found, truth(2), atol=1e-5, rtol=1e-4)
