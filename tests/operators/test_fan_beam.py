"""Lines from a source to a flat detector: against parallel ones, chords and a phantom."""

import math

import numpy as np
import pytest
import skimage.data
import torch

from untrained.errors import RequestError
from untrained.operators import FanBeam, Radon

FAR = {"source_distance": 1e7, "detector_distance": 5e6}


def disc(size, radius, x=0.0, y=0.0):
    """A disc about a place counted from the centre pixel, its rim smoothed."""
    fine = (np.arange(8 * size) + 0.5) / 8 - 0.5 - size // 2
    inside = (fine[:, None] - y) ** 2 + (fine[None] - x) ** 2 <= radius**2
    means = inside.reshape(size, 8, size, 8).mean((1, 3))
    return torch.from_numpy(means)[None, None].float()


@pytest.mark.parametrize("size", [24, 33])
def test_from_a_far_source_the_lines_are_parallel(size):
    image = torch.rand(1, 2, size, size, generator=torch.Generator().manual_seed(0))
    angles = [0.0, 17, 90, 133, 250]
    far, parallel = FanBeam(angles, size, **FAR), Radon(angles, size)
    torch.testing.assert_close(far(image), parallel(image), atol=1e-3, rtol=1e-4)
    even = np.arange(0, 360, 6.0)
    far, parallel = FanBeam(even, size, **FAR), Radon(even, size)
    away = torch.arange(size) - size // 2
    bell = torch.exp(-(away[:, None] ** 2 + away**2) / (2 * (size / 8) ** 2))[None, None]
    sinogram = parallel(bell)
    difference = far.A_dagger(sinogram) - bell
    assert float((difference * disc(size, size / 2 - 2)).abs().max()) < 0.03


def test_a_centred_disc_projects_to_its_chords():
    source, radius = 80.0, 20.0
    fan = FanBeam([0, 33, 190], 61, source_distance=source, detector_distance=40)
    across = np.arange(61) - 30.0
    away = across * source / np.hypot(source, across)
    chords = 2 * np.sqrt(np.clip(radius**2 - away**2, 0, None))
    for projection in fan(disc(61, radius))[0, 0].numpy():
        assert np.abs(projection - chords)[np.abs(away) < 18].max() < 0.6


def test_what_is_nearer_to_the_source_is_magnified():
    near_and_far = disc(61, 3, y=-20) + disc(61, 3, y=20)
    fan = FanBeam([0], 61, source_distance=60, detector_distance=0)
    only = [fan(disc(61, 3, x=8, y=depth))[0, 0, 0] for depth in (-20, 20)]
    middles = [float((each * torch.arange(-30, 31)).sum() / each.sum()) for each in only]
    assert middles == pytest.approx([8 * 60 / 40, 8 * 60 / 80], abs=0.1)
    assert float(fan(near_and_far)[0, 0, 0, 30]) == pytest.approx(12, abs=0.2)


def test_a_bin_is_a_pixel_wide_at_the_centre_unless_told():
    image = disc(40, 9, 3, -4)
    own = FanBeam([10, 70], 40, source_distance=50, detector_distance=25)(image)
    told = FanBeam([10, 70], 40, source_distance=50, detector_distance=25, bin_width=1.5)(image)
    finer = FanBeam(
        [10, 70], 40, source_distance=50, detector_distance=25, bin_width=0.75, bins=80
    )(image)
    torch.testing.assert_close(own, told)
    torch.testing.assert_close(finer[..., ::2], own, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("width", [None, 0.8])
def test_filtered_back_projection_finds_a_phantom(width):
    phantom = skimage.data.shepp_logan_phantom()[::5, ::5]
    image = torch.from_numpy(np.ascontiguousarray(phantom))[None, None].float()
    angles = np.arange(180) * 2.0
    fan = FanBeam(angles, 80, source_distance=120, detector_distance=60, bins=160, bin_width=width)
    found = fan.A_dagger(fan(image))
    parallel = Radon(angles / 2, 80)
    expected = parallel.A_dagger(parallel(image))
    errors = [float((each - image).square().mean().sqrt()) for each in (found, expected)]
    assert errors[0] < 1.15 * errors[1]
    inside = disc(80, 38) > 0
    assert float(found[inside].sum() / image[inside].sum()) == pytest.approx(1, abs=0.02)


def test_long_sinograms_are_made_in_parts(monkeypatch):
    from untrained.operators import projection

    image = disc(20, 6, 2, 3)
    settings = {"source_distance": 30, "detector_distance": 10}
    whole = FanBeam(np.arange(9) * 40.0, 20, **settings)(image)
    monkeypatch.setattr(projection, "_AT_ONCE", 1000)
    parts = FanBeam(np.arange(9) * 40.0, 20, **settings)
    assert parts.places is None
    torch.testing.assert_close(parts(image), whole)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source_distance": 5.0}, "source_distance 5: give more than 5 pixels"),
        ({"source_distance": math.nan}, "source_distance is nan"),
        ({"source_distance": math.inf}, "source_distance is inf"),
        ({"detector_distance": -1.0}, "detector_distance -1"),
        ({"bin_width": 0.0}, "bin_width 0"),
        ({"bins": 0}, "bins is 0"),
        ({"size": 0}, "size is 0"),
        ({"angles": [math.nan]}, "finite"),
    ],
)
def test_wrong_requests_give_the_numbers(changes, words):
    settings = {"angles": [0.0], "size": 10, "source_distance": 20.0, "detector_distance": 0.0}
    with pytest.raises(RequestError, match=words):
        FanBeam(**settings | changes)


def test_a_slice_or_sinogram_of_another_shape_is_refused():
    fan = FanBeam([0.0, 1.0], 10, source_distance=20, detector_distance=0, bins=14)
    with pytest.raises(RequestError, match="slice is 9x10"):
        fan(torch.ones(1, 1, 10, 9))
    with pytest.raises(RequestError, match="2 angles, 14 detector bins"):
        fan.A_dagger(torch.ones(1, 1, 2, 10))
