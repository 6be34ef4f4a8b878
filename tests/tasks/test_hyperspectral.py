"""Pictures of many bands: noise of each, components, and denoising by them."""

import numpy as np
import pytest
import torch
from scipy import ndimage

import untrained as ut
from tests.helpers.tiny import tiny_recipe
from untrained import tasks
from untrained.tasks.denoise.components import Components, band_levels

LEVELS = np.linspace(0.02, 0.15, 12)


def cube(side=48, bands=12):
    """Bands that are mixtures of three materials, (H, W, C) float32."""
    rng = np.random.default_rng(0)
    spectra = ndimage.gaussian_filter1d(rng.random((3, bands)), 1.5, axis=1, mode="wrap")
    fields = ndimage.gaussian_filter(rng.normal(size=(3, side, side)), (0, 4, 4), mode="wrap")
    mixed = np.moveaxis(fields > 0, 0, -1) @ spectra
    return (0.1 + 0.8 * mixed / mixed.max()).astype(np.float32)


def noisy_cube():
    noise = np.random.default_rng(1).normal(size=(48, 48, 12))
    return (cube() + LEVELS * noise).astype(np.float32)


def pixels(samples):
    return torch.from_numpy(samples).movedim(-1, 0)[None]


def test_each_band_has_its_own_level():
    found = band_levels(pixels(noisy_cube())).numpy()
    np.testing.assert_allclose(found, LEVELS, rtol=0.35)


def test_texture_that_bands_share_is_no_noise():
    texture = np.random.default_rng(2).normal(size=(48, 48, 1))
    noise = np.random.default_rng(3).normal(size=(48, 48, 12))
    found = band_levels(pixels(0.5 + 0.1 * texture * np.ones(12) + 0.02 * noise))
    np.testing.assert_allclose(found.numpy(), 0.02, rtol=0.15)


def test_thin_pictures_have_no_levels():
    assert band_levels(torch.rand(1, 6, 1, 5)).tolist() == [0] * 6


def test_what_rises_above_the_noise_survives_and_noise_becomes_white():
    clean, levels = pixels(cube()), torch.from_numpy(LEVELS).float()
    components = Components(pixels(noisy_cube()), levels)
    assert components.count == 3
    torch.testing.assert_close(
        components.expand(components.compact(clean)), clean, atol=0.02, rtol=0
    )
    compacted = components.compact(pixels(noisy_cube()))
    assert 0 <= float(compacted.min()) < 0.5 < float(compacted.max()) <= 1
    residual = (compacted - components.compact(clean))[0].flatten(1)
    covariance = (residual @ residual.T / residual.shape[1] / components.level**2).numpy()
    np.testing.assert_allclose(covariance, np.eye(3), atol=0.1)


def test_bands_are_better_together():
    clean, noisy = cube(), noisy_cube()
    problem = tasks.denoise(noisy)
    assert problem.channels == 3
    result = ut.restore(problem, steps=40)
    assert result.picture.shape == clean.shape
    error = np.mean((result.picture - clean) ** 2)
    alone = ut.denoise(noisy[..., 11], sigma=LEVELS[11], steps=40).picture
    assert error < 0.07 * np.mean((noisy - clean) ** 2)
    assert np.mean((result.picture[..., 11] - clean[..., 11]) ** 2) < 0.3 * np.mean(
        (alone - clean[..., 11]) ** 2
    )
    assert "3 components of the 12 bands" in result.notes[2]


def test_missing_pixels_tiles_and_several_networks():
    noisy = noisy_cube()
    noisy[3:5, 7] = np.nan
    recipe = tiny_recipe(steps=2, ensemble_size=2)
    result = ut.denoise(noisy, sigma=0.1, recipe=recipe)
    assert np.array_equal(np.isnan(result.picture), np.isnan(noisy))
    assert result.uncertainty.shape == (1, 1, 48, 48)
    wide = np.concatenate([noisy_cube()] * 3, axis=1)
    parted = ut.denoise(wide, sigma=0.1, recipe=tiny_recipe(steps=2), tile=64)
    assert parted.picture.shape == wide.shape


@pytest.mark.parametrize("verb", [ut.inpaint, ut.upscale])
def test_bands_are_filled_and_enlarged(verb):
    given = cube(16)
    more = {"factor": 2} if verb is ut.upscale else {"fill": np.eye(16, dtype=bool)}
    found = verb(given, recipe=tiny_recipe(steps=2), **more).picture
    assert found.shape[-1] == 12
