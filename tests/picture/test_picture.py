"""Picture: arrays and tensors in and out, ranges, missing pixels, kept samples."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from untrained.errors import RequestError
from untrained.picture.picture import make_picture
from untrained.picture.taking import as_picture

INTEGERS = (np.uint8, np.uint16)


@given(
    st.sampled_from(INTEGERS).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=2, max_dims=3, max_side=5))
    )
)
def test_integers_survive_a_round_trip_through_pixels(array):
    picture = as_picture(array)
    again = picture.with_pixels(picture.pixels)
    assert np.array_equal(again.to_numpy(), array)
    assert again.to_numpy().dtype == array.dtype
    assert 0 <= picture.pixels.min() <= picture.pixels.max() <= 1


@pytest.mark.parametrize(
    "dtype", [bool, np.int16, np.int32, np.uint32, np.float16, np.float32, np.float64]
)
def test_other_types_come_back_in_kind(dtype):
    array = (np.random.default_rng(0).random((6, 5, 2)) * 200).astype(dtype)
    back = as_picture(array).with_pixels(as_picture(array).pixels).in_kind()
    assert back.dtype == array.dtype
    np.testing.assert_allclose(back.astype(float), array.astype(float), atol=0.2)


def test_floats_near_the_unit_range_are_not_rescaled():
    array = np.array([[-0.2, 0.5], [1.3, 0.9]], np.float32)
    picture = as_picture(array)
    assert (picture.offset, picture.scale) == (0, 1)
    assert np.array_equal(picture.pixels[0, 0].numpy(), array)


def test_other_floats_are_brought_to_the_unit_range_and_back():
    array = np.array([[-1000.0, 0.0], [3000.0, 1000.0]])
    picture = as_picture(array)
    assert picture.pixels.min() == 0
    assert picture.pixels.max() == 1
    np.testing.assert_allclose(picture.with_pixels(picture.pixels).to_numpy(), array, atol=1e-3)
    assert as_picture(np.full((2, 2), 77.0)).pixels.abs().max() == 0


def test_integers_are_rounded_and_clipped_floats_are_not_clipped():
    grey = as_picture(np.zeros((1, 3), np.uint8))
    pixels = torch.tensor([[[[-0.1, 100.6 / 255, 1.2]]]])
    assert grey.with_pixels(pixels).to_numpy().tolist() == [[0, 101, 255]]
    floats = as_picture(np.zeros((1, 3), np.float32))
    np.testing.assert_allclose(floats.with_pixels(pixels).to_numpy(), pixels[0, 0].numpy())


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint16])
def test_kept_samples_are_bit_exact(dtype):
    rng = np.random.default_rng(0)
    array = (rng.random((4, 6, 3)) * 1e5).astype(dtype)
    kept = torch.from_numpy(rng.random((4, 6)) > 0.5)[None, None]
    after = as_picture(array).with_pixels(torch.zeros(1, 3, 4, 6), kept=kept).to_numpy()
    assert np.array_equal(after[kept[0, 0]], array[kept[0, 0]])
    assert not np.array_equal(after[~kept[0, 0]], array[~kept[0, 0]])


def test_nan_is_missing_and_stays_unless_filled():
    array = np.full((3, 3, 2), 0.5, np.float32)
    array[0, 0, 1] = np.nan
    array[2, 2] = np.nan
    array[1, 1, 0] = 0.1
    picture = as_picture(array)
    assert picture.missing[0, 0].nonzero().tolist() == [[0, 0], [2, 2]]
    assert torch.isfinite(picture.pixels).all()
    assert picture.pixels[0, 1, 0, 0] == 0.5
    filled = torch.zeros(1, 1, 3, 3, dtype=torch.bool)
    filled[0, 0, 2, 2] = True
    after = picture.with_pixels(torch.full((1, 2, 3, 3), 0.7), filled=filled).to_numpy()
    assert np.isnan(after[0, 0]).all()
    np.testing.assert_allclose(after[2, 2], 0.7)
    assert np.isnan(after).sum() == 2
    larger = picture.with_pixels(torch.full((1, 2, 6, 6), 0.7)).to_numpy()
    assert np.isnan(larger[:2, :2]).all()
    assert np.isnan(larger).sum() == 16


def test_alpha_is_kept_aside_enlarged_and_opened_where_filled():
    colour = np.full((2, 2, 3), 9, np.uint8)
    alpha = np.array([[0, 255], [100, 255]], np.uint8)
    picture = make_picture(colour, alpha=alpha)
    assert picture.transparent[0, 0].tolist() == [[True, False], [False, False]]
    same = picture.with_pixels(picture.pixels)
    assert np.array_equal(same.to_numpy()[..., 3], alpha)
    filled = picture.with_pixels(picture.pixels, filled=picture.transparent)
    assert filled.alpha.tolist() == [[255, 255], [100, 255]]
    larger = picture.with_pixels(torch.zeros(1, 3, 4, 4))
    assert larger.alpha.shape == (4, 4)
    assert larger.alpha[0, 0] < 60 < larger.alpha[0, 3]


def test_shapes_come_back_as_given():
    assert as_picture(np.zeros((4, 5), np.uint8)).in_kind().shape == (4, 5)
    assert as_picture(np.zeros((4, 5, 1), np.uint8)).in_kind().shape == (4, 5, 1)
    tensor = torch.rand(1, 2, 4, 5, dtype=torch.float64)
    back = as_picture(tensor).in_kind()
    assert back.dtype == tensor.dtype
    assert torch.equal(back, tensor)
    assert as_picture(torch.rand(1, 1, 3, 3).bfloat16()).in_kind().dtype == torch.bfloat16


def test_the_given_array_is_not_shared():
    array = np.zeros((3, 3), np.float32)
    picture = as_picture(array)
    array[:] = 1
    assert picture.pixels.max() == 0
    assert picture.stored.max() == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(4), "shape"),
        (np.zeros((1, 1, 2, 3, 4)), "shape"),
        (np.zeros((1, 2, 3, 4)), "volume"),
        (np.zeros((0, 4)), "no pixel"),
        (np.array([["a"]]), "type"),
        (np.array([[np.inf, 0.0]]), "infinite"),
        (np.full((2, 2), np.nan), "NaN"),
        (torch.zeros(4), "shape"),
        (torch.zeros(2, 3, 4, 4), "batch of 2 pictures: give one at a time"),
        (torch.zeros(1, 3, 2, 4, 4), "volume"),
        (torch.zeros(1, 3, 4, 4, device="meta"), "no samples to read"),
        (torch.zeros(3, 4).to_sparse(), "sparse"),
        (np.ma.masked_all((3, 4)), "masked"),
        ("in.png", "cannot read in.png"),
        ("", "path"),
        (None, "None is not a picture"),
        ([[1]], "not a picture"),
        (np.ndarray, "the class ndarray is not a picture"),
    ],
)
def test_what_is_no_picture_is_refused(value, words):
    with pytest.raises(RequestError, match=words) as caught:
        as_picture(value)
    assert "\n" not in str(caught.value)
