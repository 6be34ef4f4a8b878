"""Waves for phase retrieval: what they are, what is lost, what is refused."""

import numpy as np
import pytest
import torch

from untrained.errors import RequestError
from untrained.operators import (
    CodedDiffraction,
    Intensity,
    Magnitude,
    PaddedFourier,
    Ptychography,
    disc,
    inner,
    octanary_masks,
    pupil_grid,
)


def picture(height, width, channels=1):
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(2))


def test_the_far_field_is_the_transform_of_the_padded_object():
    image = picture(5, 6)
    ours = PaddedFourier((5, 6), 2.0)(image)[0, 0].numpy()
    padded = np.zeros((10, 12))
    padded[:5, :6] = image[0, 0]
    theirs = np.fft.fftshift(np.fft.fft2(padded, norm="ortho"))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_nothing_outside_the_support_is_seen():
    inside = torch.zeros(6, 6)
    inside[1:4, 2:5] = 1
    operator = PaddedFourier((6, 6), 2.0, inside)
    image = picture(6, 6)
    torch.testing.assert_close(operator(image), operator(image * inside))
    torch.testing.assert_close(operator.A_dagger(operator(image)), image * inside)


@pytest.mark.parametrize(("row", "column"), [(2, 0), (0, 3), (4, 1)])
def test_shift_half_turn_and_phase_change_no_magnitude(row, column):
    image = torch.zeros(1, 2, 9, 9)
    image[..., :4, :5] = picture(4, 5, 2)
    operator = PaddedFourier((9, 9), 2.0, complex_picture=True)
    magnitude = Magnitude()(operator(image))
    turned = image.flip(-2, -1) * torch.tensor([1.0, -1.0])[:, None, None]
    angle = torch.tensor(0.7)
    real, imaginary = image[:, :1], image[:, 1:]
    rephased = torch.cat(
        [
            angle.cos() * real - angle.sin() * imaginary,
            angle.sin() * real + angle.cos() * imaginary,
        ],
        dim=1,
    )
    for same in (image.roll((row, column), (-2, -1)), turned, rephased):
        torch.testing.assert_close(Magnitude()(operator(same)), magnitude, atol=1e-6, rtol=1e-5)


def test_masks_have_unit_power_on_average_and_come_from_their_seed():
    masks = octanary_masks(20, (30, 30), seed=3)
    assert masks.abs().square().mean() == pytest.approx(1, rel=0.03)
    assert torch.equal(masks, octanary_masks(20, (30, 30), seed=3))
    assert not torch.equal(masks, octanary_masks(20, (30, 30), seed=4))
    quarters = (masks / masks.abs()).angle() / (torch.pi / 2)
    torch.testing.assert_close(quarters, quarters.round(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_inverse_undoes_coded_diffraction(channels):
    whole = channels == 2
    operator = CodedDiffraction(octanary_masks(2, (6, 7)), complex_picture=whole)
    image = picture(6, 7, channels)
    torch.testing.assert_close(operator.A_dagger(operator(image)), image)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", [(16, 17), (17, 16)])
@pytest.mark.parametrize("grid", [pupil_grid(3, 3, 0.4), [[0, 0], [1, 4]]], ids=["whole", "half"])
def test_the_inverse_of_ptychography_keeps_what_the_pupils_saw(channels, size, grid):
    operator = Ptychography(grid, disc(3, 7), size, complex_picture=channels == 2)
    image = picture(*size, channels)
    seen = operator(image)
    torch.testing.assert_close(operator(operator.A_dagger(seen)), seen, atol=1e-5, rtol=1e-4)


def test_an_even_object_is_even_through_the_middle_pupil():
    operator = Ptychography([[0, 0]], disc(3, 8), (24, 20))
    seen = operator(torch.ones(1, 1, 24, 20))
    torch.testing.assert_close(seen.abs(), torch.full((1, 1, 8, 8), (24 * 20 / 64) ** 0.5))


def test_a_pupil_elsewhere_sees_a_grating_that_the_middle_one_does_not():
    columns = torch.arange(32) * 2 * torch.pi * 8 / 32
    grating = columns.cos().expand(1, 1, 32, 32)
    operator = Ptychography([[0, 0], [0, 8]], disc(3, 8), (32, 32))
    middle, beside = operator(grating).abs().square().sum(dim=(-2, -1))[0]
    assert middle < 1e-6
    assert beside == pytest.approx(inner(grating, grating) / 2, rel=1e-4)


@pytest.mark.parametrize("overlap", [0.0, 0.2, 0.4, 0.7])
def test_neighbours_share_the_area_asked_for(overlap):
    radius = 200.0
    first, second = pupil_grid(2, radius, overlap)[:2].tolist()
    spacing = second[1] - first[1]
    side = 900
    away = np.arange(side) - side // 2
    one = away[:, None] ** 2 + away**2 <= radius**2
    shared = (one & np.roll(one, spacing, axis=1)).sum() / one.sum()
    assert shared == pytest.approx(overlap, abs=0.01)


@pytest.mark.parametrize("last", [Magnitude(), Intensity()])
def test_magnitudes_have_gradients_where_waves_are_zero_too(last):
    operator = CodedDiffraction(octanary_masks(2, (3, 4))).double()
    image = picture(3, 4).double().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: last(operator(x)), (image,))
    dark = torch.zeros(1, 1, 3, 4, requires_grad=True)
    last(operator.float()(dark)).sum().backward()
    assert not dark.grad.any()


MASKS = octanary_masks(2, (4, 5))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PaddedFourier((4, 4), 0.5), "4x4 oversampled 0.5 times"),
        (lambda: PaddedFourier((4, 4), 2.0, torch.ones(3, 4)), "does not fit"),
        (lambda: PaddedFourier((4, 4), 2.0, torch.zeros(4, 4)), "not all 0"),
        (lambda: PaddedFourier((4, 4), 2.0, torch.full((4, 4), 0.5)), "0 and 1"),
        (lambda: PaddedFourier((4, 4))(picture(4, 5)), "(1, 1 or 2, 4, 4)"),
        (lambda: PaddedFourier((4, 4)).A_adjoint(torch.ones(1, 1, 4, 4)), "wants"),
        (lambda: CodedDiffraction(torch.ones(4, 4)), "(masks, height, width)"),
        (lambda: CodedDiffraction(torch.zeros(2, 4, 4)), "all zero"),
        (lambda: CodedDiffraction(torch.full((2, 4, 4), torch.nan)), "finite"),
        (lambda: CodedDiffraction(MASKS).A_adjoint(torch.ones(1, 3, 4, 5)), "wants"),
        (lambda: Ptychography([0, 0], disc(2, 5), (9, 9)), "row and column"),
        (lambda: Ptychography([[0.5, 0]], disc(2, 5), (9, 9)), "whole numbers"),
        (lambda: Ptychography([[0, 0]], torch.zeros(5, 5), (9, 9)), "not all 0"),
        (lambda: Ptychography([[0, 3]], disc(2, 5), (9, 9)), r"\[0, 3\] reaches out.*9x9"),
        (lambda: disc(4, 5), "radius 4 does not fit in 5"),
        (lambda: disc(0, 5), "more than 0"),
        (lambda: pupil_grid(0, 3, 0.5), "count is 0"),
        (lambda: pupil_grid(3, 3, 1.0), "with overlap 1"),
    ],
)
def test_wrong_requests_give_the_numbers(make, words):
    with pytest.raises(RequestError, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        make()
    assert "\n" not in str(caught.value)
