"""What a JPEG says of the picture before it, against an encoder and SciPy."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.fft import dctn

from tests.helpers import properties
from tests.helpers.tiny import photo
from untrained.operators import BlockCosines, JpegIntervals, adjoint, adjoint_error
from untrained.picture.formats import jpeg, png
from untrained.picture.jpeg_tables import Compression

GREY = Compression((tuple(range(1, 65)),))
COLOUR = (tuple(range(1, 65)),) * 3
CASES = {
    "grey": (GREY, (1, 1, 16, 8)),
    "grey odd": (GREY, (1, 1, 9, 13)),
    "one pixel": (Compression(COLOUR, (2, 2)), (1, 3, 1, 1)),
    "4:4:4": (Compression(COLOUR, (1, 1), (3, 0)), (1, 3, 9, 16)),
    "4:2:2": (Compression(COLOUR, (1, 2), (0, 7)), (1, 3, 10, 11)),
    "4:2:0": (Compression(COLOUR, (2, 2), (5, 14)), (1, 3, 21, 17)),
}


def encoded(samples, **options):
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "JPEG", **options)
    return file.getvalue()


def decoded(data):
    return jpeg.read("a.jpg", data)


def pixels(samples):
    planes = samples if samples.ndim == 3 else samples[..., None]
    return torch.from_numpy(planes.transpose(2, 0, 1)[None] / 255.0)


@pytest.mark.parametrize(("compression", "shape"), CASES.values(), ids=CASES)
def test_properties(compression, shape):
    operator = BlockCosines(shape[-2:], compression)
    properties.check_linear(operator, shape, torch.Generator().manual_seed(1))
    example = torch.zeros(shape, dtype=torch.float64)

    def transposed(measurement):
        return adjoint(operator, measurement, shape[-2:], shape[1])

    assert adjoint_error(operator, transposed, example) < 1e-9


def test_gradients():
    operator = BlockCosines((5, 4), Compression(COLOUR, (2, 2), (5, 14)))
    properties.check_gradient(operator, (1, 3, 5, 4), torch.Generator().manual_seed(1))


@pytest.mark.parametrize("halving", [(1, 1), (1, 2), (2, 2), (2, 1)])
def test_coefficients_are_those_of_scipy_and_pillow(halving):
    samples = photo(32, 48)
    ours = BlockCosines((32, 48), Compression(COLOUR, halving))(pixels(samples))
    planes = np.asarray(Image.fromarray(samples).convert("YCbCr")).astype(float)
    expected = []
    for channel in range(3):
        rows, columns = halving if channel else (1, 1)
        plane = planes[..., channel] - (128 if channel else 0)
        plane = plane.reshape(32 // rows, rows, 48 // columns, columns).mean((1, 3))
        expected += [
            dctn(plane[top : top + 8, left : left + 8], norm="ortho")
            for top in range(0, plane.shape[0], 8)
            for left in range(0, plane.shape[1], 8)
        ]
    # Pillow cuts the fractions of its planes off: half a level of 8 x 8 samples.
    expected = np.array(expected)
    expected[:, 0, 0] += 4
    np.testing.assert_allclose(ours.numpy(), expected, atol=2.5)
    assert np.abs(ours.numpy() - expected).mean() < 0.5


@pytest.mark.parametrize("halving", [(1, 1), (1, 2), (2, 2)])
def test_what_is_lifted_has_its_coefficients(halving):
    operator = BlockCosines((32, 16), Compression(COLOUR, halving))
    shape = operator(torch.zeros(1, 3, 32, 16, dtype=torch.float64)).shape
    wanted = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    torch.testing.assert_close(operator(operator.lift(wanted)), wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("quality", [5, 10, 40, 75, 95])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_the_truth_lies_within_the_intervals(quality, subsampling):
    samples = photo(48, 64)
    given = decoded(encoded(samples, quality=quality, subsampling=subsampling))
    intervals = JpegIntervals(given.pixels, given.metadata.compression)
    excess = intervals.excess(pixels(samples).float()).abs()
    # Encoders round the samples of their planes, and what was clipped is not known.
    assert excess.quantile(0.99) < 1.5
    assert intervals.excess(given.pixels).abs().mean() < 0.05
    assert float(intervals.misfit(pixels(samples).float())) < 1e-5
    nearer = JpegIntervals(given.pixels, given.metadata.compression, 0.1)
    assert float(nearer.misfit(pixels(samples).float())) > float(
        intervals.misfit(pixels(samples).float())
    )


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_what_is_projected_is_compressed_to_the_same_file(subsampling):
    samples = photo(48, 64) // 2 + 60
    data = encoded(samples, quality=10, subsampling=subsampling)
    given = decoded(data)
    intervals = JpegIntervals(given.pixels, given.metadata.compression, 0.5)
    other = torch.rand(given.pixels.shape, generator=torch.Generator().manual_seed(0))
    blurred = 0.3 * other + 0.7 * given.pixels.mean()
    inside = intervals.project(blurred)
    assert float(intervals.misfit(blurred)) > 1e-3
    assert float(intervals.misfit(inside)) < 1e-10
    torch.testing.assert_close(intervals.project(inside), inside, atol=1e-5, rtol=0)
    levels = (inside[0].permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
    outside = (inside < 0).any() or (inside > 1).any()
    again = decoded(encoded(levels, quality=10, subsampling=subsampling))
    assert not outside
    assert np.array_equal(again.stored, given.stored)


def test_a_grey_file_has_one_table():
    given = decoded(encoded(photo(20, 30)[..., 0], quality=30))
    intervals = JpegIntervals(given.pixels, given.metadata.compression)
    assert len(given.metadata.compression.tables) == 1
    assert intervals.excess(pixels(photo(20, 30)[..., 0]).float()).abs().quantile(0.99) < 1.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_is_turned_takes_its_blocks_along(orientation):
    samples = photo(37, 50)
    exif = Image.Exif()
    exif[0x0112] = orientation
    tables = [list(range(20, 84)), list(range(30, 94))]
    data = encoded(samples, qtables=tables, subsampling=2, exif=exif)
    turned = decoded(data)
    intervals = JpegIntervals(turned.pixels, turned.metadata.compression)
    clean = decoded_truth(samples, orientation)
    assert clean.shape == turned.pixels.shape
    assert intervals.excess(clean).abs().quantile(0.97) < 2
    assert float(intervals.misfit(clean)) < 3e-5


def decoded_truth(samples, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "PNG", exif=exif)
    return png.read("a.png", file.getvalue()).pixels


def test_a_window_has_the_intervals_of_the_whole():
    from untrained.picture.region import Region

    given = decoded(encoded(photo(64, 80), quality=10))
    whole = JpegIntervals(given.pixels, given.metadata.compression)
    part = given.cut(Region(16, 32, 32, 33))
    assert part.metadata.compression.origin == (0, 0)
    inside = JpegIntervals(part.pixels, part.metadata.compression)
    luma = whole.stored[:80].unflatten(0, (8, 10))[2:6, 4:8]
    torch.testing.assert_close(inside.stored[:20].unflatten(0, (4, 5))[:, :4], luma)
    assert given.cut(Region(5, 18, 9, 9)).metadata.compression.origin == (5, 2)
