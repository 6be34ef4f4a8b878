"""Sensitivities estimated from the middle of k-space, against those that were simulated."""

import numpy as np
import pytest
import skimage.data
import skimage.transform
import torch

from untrained.errors import RequestError
from untrained.operators import FourierSubsampling
from untrained.problem.coil_sensitivities import calibration_region, estimate_sensitivities

HEIGHT, WIDTH = 48, 40


def scene(count=5):
    """A phantom, smooth maps with phases of their own, and a smooth phase of the object."""
    phantom = skimage.data.shepp_logan_phantom()
    image = skimage.transform.resize(phantom, (HEIGHT, WIDTH), anti_aliasing=True)
    rows, columns = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    turns = 2 * np.pi * np.arange(count) / count
    maps = [
        np.exp(-((rows - np.cos(t)) ** 2 + (columns - np.sin(t)) ** 2) / 1.5 + 1j * (t + rows * k))
        for k, t in enumerate(turns)
    ]
    phase = np.exp(1j * (0.8 * rows - 0.5 * columns))
    whole = torch.from_numpy(np.stack(maps)).to(torch.complex64)
    return (
        torch.from_numpy(image).float(),
        whole,
        torch.from_numpy(phase).to(torch.complex64),
    )


def middle(lines):
    mask = torch.zeros(WIDTH)
    mask[WIDTH // 2 - lines // 2 : WIDTH // 2 - lines // 2 + lines] = 1
    mask[::5] = 1
    return mask


def measured(lines=16, sigma=0.002):
    image, maps, phase = scene()
    operator = FourierSubsampling(middle(lines), maps * phase)
    y = operator(image[None, None])[0]
    noise = torch.randn(2, *y.shape, generator=torch.Generator().manual_seed(0))
    return y + sigma * operator.mask * torch.complex(*noise), operator.mask, image, maps * phase


def test_the_maps_are_those_of_the_simulation():
    y, mask, image, truth = measured()
    maps, used = estimate_sensitivities(y, mask)
    assert used == (24, 16)
    torch.testing.assert_close(maps.abs().square().sum(0), torch.ones(HEIGHT, WIDTH))
    inside = image > 0.05
    length = truth.abs().square().sum(0).sqrt()
    likeness = (maps.conj() * truth / length).sum(0)
    assert float(likeness.abs()[inside].min()) > 0.98
    # Real and not below 0: the phase of the object is in the maps.
    assert float(likeness.angle().abs()[inside].median()) < 0.1


def test_the_picture_through_them_is_the_root_of_the_sum_of_squares():
    y, mask, image, truth = measured(sigma=0)
    maps, _ = estimate_sensitivities(y, mask)
    whole = FourierSubsampling(torch.ones(HEIGHT, WIDTH), truth)
    seen = FourierSubsampling(torch.ones(HEIGHT, WIDTH), maps).A_dagger(whole(image[None, None]))
    expected = image * truth.abs().square().sum(0).sqrt()
    assert float((seen[0, 0] - expected).abs().max()) < 0.06 * float(expected.max())


def test_the_region_is_the_largest_around_the_middle():
    mask = torch.zeros(20, 30)
    mask[4:17, 11:20] = 1
    assert calibration_region(mask) == (slice(4, 17), slice(11, 20))
    mask[10, 15] = 0
    assert calibration_region(mask)[0] == slice(10, 10)
    rows, columns = calibration_region(torch.ones(200, 100))
    assert (rows.stop - rows.start, columns.stop - columns.start) == (24, 24)
    assert rows.start <= 100 < rows.stop


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: (measured(lines=8)[0], middle(8)[None].expand(HEIGHT, WIDTH)), "9x24 samples"),
        (lambda: (torch.zeros(2, 20, 20), torch.ones(20, 20)), "middle of k-space is zero"),
    ],
)
def test_too_little_is_refused(make, words):
    with pytest.raises(RequestError, match=words):
        estimate_sensitivities(*make())
