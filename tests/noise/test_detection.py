import numpy as np
import pytest
import skimage.data
import torch
from torch.nn import functional as F

from untrained.noise import (
    Gaussian,
    Impulse,
    Impulses,
    PoissonGaussian,
    detection,
    estimate_sigma,
    find_noise,
)


def picture(name, side=256, top=0, left=0):
    pixels = np.atleast_3d(getattr(skimage.data, name)())[top : top + side, left : left + side]
    return torch.from_numpy(pixels.transpose(2, 0, 1)[None] / 255).float()


def noisy(model, clean, seed=0):
    drawn = model.sample(clean, torch.Generator().manual_seed(seed)).clamp(0, 1)
    return (255 * drawn).round() / 255


@pytest.mark.parametrize("name", ["astronaut", "coffee", "camera", "coins", "page"])
def test_clean_pictures_show_no_noise(name):
    finding = find_noise(picture(name))
    assert finding.kind == "none"
    assert 255 * finding.level < 1.5
    assert "almost no noise" in finding.sentence


@pytest.mark.parametrize(("name", "corner"), [("camera", 256), ("coins", 100)])
def test_texture_is_not_taken_for_noise_that_neighbours_share(name, corner):
    assert find_noise(picture(name, 256, corner, corner)).kind != "correlated"


@pytest.mark.parametrize("name", ["astronaut", "coffee", "camera", "retina"])
@pytest.mark.parametrize("level", [3, 10, 25])
def test_levels_are_found_within_a_tenth(name, level):
    clean = picture(name, top=100, left=100)
    assert 255 * estimate_sigma(noisy(Gaussian(level / 255), clean)) == pytest.approx(
        level, rel=0.1, abs=0.6
    )


@pytest.mark.parametrize("name", ["coffee", "camera", "astronaut"])
def test_counted_light_is_told_from_equal_noise(name):
    clean = picture(name, top=100, left=100)
    assert find_noise(noisy(Gaussian(15 / 255), clean)).light is None
    model = PoissonGaussian(0.02, 0.02)
    found = find_noise(noisy(model, clean))
    assert found.kind == "poisson-gaussian"
    light = torch.tensor([0.1, 0.4, 0.7])
    ratio = (found.light.variance(light) / model.variance(light)).sqrt()
    assert ((ratio - 1).abs() < 0.2).all()


def test_a_black_level_is_allowed_for():
    clean = 0.1 + 0.8 * picture("coffee", top=100, left=100)
    found = find_noise(noisy(PoissonGaussian(0.03, 0.01, 0.08), clean))
    variance = found.light.variance(torch.tensor([0.3, 0.6]))
    expected = 0.03 * (torch.tensor([0.3, 0.6]) - 0.08) + 0.01**2
    assert ((variance / expected).sqrt() - 1).abs().max() < 0.15


def test_noise_that_neighbours_share_is_found_and_raised():
    clean = F.avg_pool2d(picture("astronaut", 512), 2)
    clean = F.interpolate(clean, scale_factor=2, mode="bicubic").clamp(0, 1)
    white = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    kernel = torch.tensor([1.0, 4, 6, 4, 1])
    kernel = (kernel[:, None] * kernel / 256).expand(3, 1, 5, 5)
    coarse = F.conv2d(F.pad(white, (2,) * 4, mode="reflect"), kernel, groups=3)
    coarse *= (6 / 255) / coarse.std()
    found = find_noise((clean + coarse).clamp(0, 1))
    assert found.kind == "correlated"
    assert found.level > 6 / 255 > 3 * found.fine
    assert find_noise(noisy(Gaussian(6 / 255), clean)).kind == "gaussian"


def test_impulses_come_first_and_the_rest_is_measured_beside_them():
    clean = picture("coffee", top=100, left=100)
    y = noisy(Gaussian(10 / 255), clean)
    found = find_noise(noisy(Impulse(0.1), y, seed=1))
    assert found.kind == "impulse"
    assert found.impulses.share == pytest.approx(0.1, abs=0.02)
    assert 255 * found.level == pytest.approx(10, rel=0.2)


@pytest.mark.parametrize(("valued", "kind"), [("random", "gaussian"), ("extreme", "impulse")])
def test_strong_noise_hides_impulses_of_any_value(monkeypatch, valued, kind):
    """The tail of noise from few quanta looks like them, as in a confocal picture."""
    y = noisy(Gaussian(30 / 255), picture("coffee", 160, 100, 100))
    seen = Impulses(torch.zeros(y.shape, dtype=torch.bool), valued)
    monkeypatch.setattr(detection, "find_impulses", lambda _: seen)
    assert find_noise(y).kind == kind


def test_frames_and_flat_areas_do_not_hide_the_noise():
    y = noisy(Gaussian(15 / 255), picture("coffee", 128, 100, 100))
    for value in (0.0, 0.4, 1.0):
        framed = F.pad(y, (30, 20, 40, 10), value=value)
        assert 255 * estimate_sigma(framed) == pytest.approx(15, rel=0.1)
    inlaid = y.clone()
    inlaid[..., 60:, 60:] = 0.3
    assert 255 * estimate_sigma(inlaid) == pytest.approx(15, rel=0.15)


def test_missing_pixels_do_not_hide_the_noise():
    y = noisy(Gaussian(15 / 255), picture("coffee", 128, 100, 100))
    missing = torch.zeros(1, 1, 128, 128, dtype=torch.bool)
    missing[..., 30:90, 20:100] = True
    filled = torch.where(missing, y.mean(), y)
    assert 255 * estimate_sigma(filled, missing) == pytest.approx(15, rel=0.1)


def test_drawings_and_scans_have_no_noise():
    drawing = torch.full((1, 3, 96, 96), 0.8)
    drawing[..., 20:60, 30:70] = 0.2
    drawing[..., 40, 10:80] = 0.5
    scan = (picture("page") > 0.6).float()
    for image in (drawing, scan, torch.full((1, 1, 40, 40), 0.5), torch.rand(1, 1, 2, 9)):
        assert find_noise(image).kind == "none"


def test_noise_that_drowns_the_picture_is_said():
    y = noisy(Gaussian(0.7), picture("coffee", 128))
    assert any("very strong" in word for word in find_noise(y).warnings)


def test_a_colour_that_is_white_all_over_tells_nothing_of_the_others():
    clean = 3 * picture("coffee", 96, 100, 150)
    y = noisy(Gaussian(25 / 255), clean)
    assert ((y == 1).float().mean((0, 2, 3)) > torch.tensor([0.95, 0.3, 0.1])).all()
    assert 255 * estimate_sigma(y) == pytest.approx(25, rel=0.15)
    assert find_noise(y).kind == "gaussian"


def test_drawings_on_white_stay_without_noise():
    drawing = torch.ones(1, 3, 96, 96)
    drawing[:, 1:, 20:60, 30:70] = torch.linspace(0.3, 0.7, 40)
    drawing[..., 70:80, 10:80] = 0.5
    assert find_noise(drawing).kind == "none"
    assert (
        find_noise(picture("page")).level < find_noise(noisy(Gaussian(0.05), picture("page"))).level
    )


def test_saturated_pictures_have_what_is_left():
    clean = (2.5 * picture("coffee", 192, 100, 100)).clamp(0, 1)
    y = noisy(Gaussian(12 / 255), clean)
    assert (y == 1).float().mean() > 0.15
    assert 255 * estimate_sigma(y) == pytest.approx(12, rel=0.15)
