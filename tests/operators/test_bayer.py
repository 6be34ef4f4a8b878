"""The mosaic of a sensor, and its two interpolations against slower ways."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from untrained.errors import RequestError
from untrained.operators import PATTERNS, Bayer

GENERATOR = torch.Generator().manual_seed(3)


def colour_at(pattern, row, column):
    return "RGB".index(pattern[2 * (row % 2) + column % 2])


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("size", [(4, 6), (5, 7), (2, 3)])
def test_each_pixel_shows_the_colour_of_its_place(pattern, size):
    image = torch.rand(1, 3, *size, generator=GENERATOR)
    mosaic = Bayer(pattern, size)(image)
    for row in range(size[0]):
        for column in range(size[1]):
            shown = image[0, colour_at(pattern, row, column), row, column]
            assert mosaic[0, 0, row, column] == shown


@pytest.mark.parametrize("pattern", PATTERNS)
def test_interpolations_keep_samples_and_are_exact_on_ramps(pattern):
    bayer = Bayer(pattern, (9, 12))
    rows, columns = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")
    ramp = (0.3 + 0.02 * rows - 0.01 * columns).expand(1, 3, 9, 12)
    noise = torch.rand(1, 1, 9, 12, generator=GENERATOR)
    for make in (bayer.A_dagger, bayer.gradient_corrected):
        inner = (..., slice(2, -2), slice(2, -2))
        torch.testing.assert_close(make(bayer(ramp))[inner], ramp[inner])
        assert torch.equal(bayer(make(noise)), noise)


def test_a_missing_sample_is_interpolated_from_its_colour_alone():
    bayer = Bayer("RGGB", (4, 4))
    mosaic, known = torch.full((1, 1, 4, 4), 0.25), torch.ones(1, 1, 4, 4)
    mosaic[..., 0, 0], known[..., 0, 0] = 9.0, 0.0
    filled = bayer.bilinear(mosaic, known)
    torch.testing.assert_close(filled, torch.full((1, 3, 4, 4), 0.25))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_published_filters_are_those_of_a_loop(pattern):
    mosaic = torch.rand(1, 1, 8, 10, generator=GENERATOR)
    plane = mosaic[0, 0].double().numpy()
    cross = np.array([[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1]])
    cross = np.concatenate([cross, cross[1::-1]]) / 8
    row = np.array([[0, 0, 0.5, 0, 0], [0, -1, 0, -1, 0], [-1, 4, 5, 4, -1]])
    row = np.concatenate([row, row[1::-1]]) / 8
    other = np.array([[0, 0, -1.5, 0, 0], [0, 2, 0, 2, 0], [-1.5, 0, 6, 0, -1.5]])
    other = np.concatenate([other, other[1::-1]]) / 8
    answers = {
        name: convolve(plane, kernel, mode="mirror")
        for name, kernel in (("green", cross), ("row", row), ("column", row.T), ("other", other))
    }
    ours = Bayer(pattern, (8, 10)).gradient_corrected(mosaic)[0]
    for i in range(8):
        for j in range(10):
            here = colour_at(pattern, i, j)
            for wanted in range(3):
                if wanted == here:
                    expected = plane[i, j]
                elif wanted == 1:
                    expected = answers["green"][i, j]
                elif here == 1:
                    beside = colour_at(pattern, i, j + 1) == wanted
                    expected = answers["row" if beside else "column"][i, j]
                else:
                    expected = answers["other"][i, j]
                assert float(ours[wanted, i, j]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Bayer("RGBG", (4, 4)), "'RGBG': choose from RGGB, BGGR, GRBG, GBRG"),
        (lambda: Bayer("RGGB", (1, 4)), "4x1 is smaller"),
        (lambda: Bayer("RGGB", (4, 4))(torch.ones(1, 3, 4, 5)), "5x4, the mosaic 4x4"),
    ],
)
def test_wrong_requests_give_the_numbers(make, words):
    with pytest.raises(RequestError, match=words):
        make()
