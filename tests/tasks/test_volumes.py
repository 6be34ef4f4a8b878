"""Volumes from array to array: every verb that takes them, with all that surrounds a fit."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy import ndimage

import untrained as ut
from tests.helpers.tiny import shortened, tiny_recipe
from untrained import tasks
from untrained.evaluation.report import write_report
from untrained.evaluation.scores import scores
from untrained.evaluation.snapshots import Snapshots
from untrained.fitting.averaging import standard_deviation
from untrained.fitting.checkpoint import load_fit, save_fit
from untrained.fitting.device import choose_engine
from untrained.fitting.penalties import total_variation
from untrained.fitting.tile_size import settle_size
from untrained.noise import estimate_sigma
from untrained.numerics.lanczos import LanczosDownsample, lanczos_kernel
from untrained.operators import enlarge
from untrained.problem.problem import ProblemError
from untrained.recipes import PixelNetwork, UNetNetwork

RECIPE = tiny_recipe(steps=3)


def smooth(shape=(6, 20, 18), seed=0):
    """A volume without noise, float32 in [0, 1]."""
    drawn = np.random.default_rng(seed).normal(size=shape)
    field = ndimage.gaussian_filter(drawn, 2.5, mode="wrap")
    return ((field - field.min()) / np.ptp(field)).astype(np.float32)


@pytest.mark.parametrize("channels", [None, 1, 2])
def test_arrays_come_back_in_kind(channels):
    volume = smooth() if channels is None else smooth((6, 20, 18, channels))
    given = (1000 * volume).astype(np.uint16)
    result = ut.denoise(ut.as_volume(given), sigma=0.1, recipe=RECIPE)
    assert result.picture.shape == given.shape
    assert result.picture.dtype == given.dtype
    assert result.notes[0].startswith("taken as a volume of 6 slices of 18x20")


def test_four_axes_are_a_volume_and_three_a_picture():
    four, three = (tasks.denoise(array, sigma=0.1) for array in (smooth()[..., None], smooth()))
    assert four.size == (6, 20, 18)
    assert three.size == (6, 20)
    assert three.notes[0] == "taken as a picture of 20x6 with 18 bands"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_tensors_come_back_in_kind(dtype):
    given = torch.from_numpy(smooth())[None, None].to(dtype)
    result = ut.denoise(given, sigma=0.1, recipe=RECIPE)
    assert result.picture.shape == given.shape
    assert result.picture.dtype == dtype


@pytest.mark.parametrize("verb", [tasks.deblock, tasks.demosaic])
def test_other_verbs_refuse_volumes(verb):
    with pytest.raises(ut.PictureError, match="only denoise, inpaint and upscale"):
        verb(ut.as_volume(smooth()))


def test_a_picture_is_no_volume():
    with pytest.raises(ut.PictureError, match="not a volume"):
        ut.as_volume(smooth()[0])


@pytest.mark.parametrize("given", ["whole", "plane"])
def test_known_voxels_come_back_bit_for_bit(given):
    volume = (255 * smooth()).astype(np.uint8)
    mask = np.random.default_rng(1).random(volume.shape if given == "whole" else (20, 18)) < 0.4
    result = ut.inpaint(ut.as_volume(volume), mask, recipe=RECIPE)
    filled = np.broadcast_to(mask, volume.shape)
    assert np.array_equal(result.picture[~filled], volume[~filled])
    assert result.restored.missing is None


def test_a_mask_must_fit_the_volume():
    with pytest.raises(ut.PictureError, match="the mask is 18x20x5, the picture 18x20x6"):
        tasks.inpaint(ut.as_volume(smooth()), np.ones((5, 20, 18), bool))


def test_voxels_that_are_nan_are_filled():
    volume = smooth()
    volume[2, 3:5] = np.nan
    filled = ut.inpaint(ut.as_volume(volume), recipe=RECIPE).picture
    assert np.isfinite(filled).all()
    assert np.array_equal(filled[0], volume[0])


def test_an_enlarged_volume_agrees_with_its_input():
    volume = smooth((5, 8, 6))
    result = ut.upscale(ut.as_volume(volume), 2, recipe=RECIPE)
    assert result.picture.shape == (10, 16, 12)
    back = LanczosDownsample(2, 2)(torch.from_numpy(result.picture)[None, None])[0, 0].numpy()
    assert np.abs(back - volume).mean() < 0.01


def test_reduction_is_the_same_along_every_axis():
    volume = torch.rand(1, 2, 9, 12, 15, dtype=torch.float64)
    kernel = lanczos_kernel(3, 2).numpy()
    reduced = volume.numpy()
    for axis in (2, 3, 4):
        reduced = ndimage.correlate1d(reduced, kernel, axis=axis, mode="nearest").take(
            range(1, reduced.shape[axis], 3), axis
        )
    np.testing.assert_allclose(LanczosDownsample(3, 2)(volume).numpy(), reduced, atol=1e-12)


def test_enlarging_treats_every_axis_alike():
    volume = torch.rand(1, 2, 4, 5, 6)
    whole = enlarge(volume, (8, 10, 12))
    turned = enlarge(volume.permute(0, 1, 4, 2, 3), (12, 8, 10)).permute(0, 1, 3, 4, 2)
    torch.testing.assert_close(whole, turned)
    flat = volume[:, :, :1].expand_as(volume)
    torch.testing.assert_close(
        enlarge(flat, (8, 10, 12))[:, :, 3], enlarge(volume[:, :, 0], (10, 12))
    )


def test_total_variation_is_the_length_of_the_gradient():
    volume = torch.rand(1, 2, 4, 5, 6, dtype=torch.float64)
    steps = [np.diff(volume.numpy(), axis=axis) for axis in (2, 3, 4)]
    ends = [[(0, 0)] * axis + [(0, 1)] + [(0, 0)] * (4 - axis) for axis in (2, 3, 4)]
    squares = sum(np.pad(s, end) ** 2 for s, end in zip(steps, ends, strict=True)).sum(1)
    expected = np.sqrt(squares + 1e-6).mean()
    assert float(total_variation(volume)) == pytest.approx(expected)


@pytest.mark.parametrize("sigma", [0.02, 0.1])
def test_the_noise_level_is_found(sigma):
    noise = sigma * torch.randn((1, 1, 16, 24, 24), generator=torch.Generator().manual_seed(0))
    volume = torch.from_numpy(smooth((16, 24, 24)))[None, None]
    assert estimate_sigma(0.4 + 0.2 * volume + noise) == pytest.approx(sigma, rel=0.15)


def test_the_spread_is_smoothed_along_all_axes():
    one, other = torch.zeros(2, 1, 1, 9, 9, 9)
    other[..., 4, 4, 4] = 1
    found = standard_deviation([one, other])
    torch.testing.assert_close(found, found.permute(0, 1, 4, 2, 3))
    assert float(found.square().sum()) == pytest.approx(0.5, rel=0.02)


def test_several_networks_and_their_deviation(tmp_path):
    recipe = RECIPE.model_copy(update={"ensemble_size": 2})
    volume = ut.as_volume(smooth())
    fit, kept = ut.watch(tasks.denoise(volume, sigma=0.1), recipe), Snapshots()
    for step in fit:
        kept.update(step)
    result = fit.restoration()
    assert result.uncertainty.shape == (1, 1, 6, 20, 18)
    page = write_report(
        tmp_path, result, before=volume, snapshots=kept, reference=volume, picture_name="r.tif"
    )
    assert "slices" in page.read_text()
    assert scores(result.restored, volume)["psnr"] > 5


def test_a_fit_goes_on_bit_for_bit(tmp_path):
    problem = tasks.denoise(ut.as_volume(smooth()), sigma=0.1)
    whole, part = ut.watch(problem, RECIPE), ut.watch(problem, RECIPE)
    for _ in whole:
        pass
    next(part)
    save_fit(tmp_path / "fit", part)
    again = load_fit(tmp_path / "fit", problem, RECIPE, seed=0, device="auto")
    for _ in again:
        pass
    assert torch.equal(whole.restoration().image, again.restoration().image)


def test_tiles_go_through_all_slices():
    volume = ut.as_volume(smooth((4, 40, 150)))
    result = ut.inpaint(volume, np.eye(40, 150, dtype=bool), recipe=RECIPE, tile=64)
    assert result.picture.shape == (4, 40, 150)
    assert "tiles of 61x40" in result.notes[2]


def test_a_volume_that_fits_in_no_tiles_is_refused_with_numbers(monkeypatch):
    problem = tasks.denoise(torch.rand(1, 1, 6, 130, 130), sigma=0.1)
    monkeypatch.setattr("untrained.fitting.tile_size.free_memory", lambda _: 10**7)
    with pytest.raises(ProblemError, match=r"even in tiles of 64 pixels .* GB, 0.01 GB are free"):
        settle_size(problem, RECIPE, choose_engine("cpu", "float32"), "auto")


def test_networks_for_pictures_alone_say_so():
    problem = tasks.denoise(ut.as_volume(smooth()), sigma=0.1)
    with pytest.raises(ut.RecipeError, match="unet is for pictures only"):
        ut.restore(problem, RECIPE.model_copy(update={"network": UNetNetwork()}))


def test_free_voxels_and_total_variation_denoise():
    clean = smooth((8, 16, 16))
    noisy = clean + 0.1 * np.random.default_rng(0).normal(size=clean.shape).astype(np.float32)
    problem = tasks.denoise(ut.as_volume(noisy), sigma=0.1)
    found = ut.restore(problem, prior="tv", steps=60)
    assert isinstance(found.recipe.network, PixelNetwork)
    assert np.mean((found.picture - clean) ** 2) < 0.4 * np.mean((noisy - clean) ** 2)


@pytest.mark.parametrize("variant", ["volume", "volume-holes", "volume-strokes"])
def test_the_presets_of_inpainting_know_volumes(variant):
    recipe = ut.preset("inpaint", "fast", variant=variant)
    problem = dataclasses.replace(
        tasks.inpaint(ut.as_volume(smooth()), np.eye(20, 18, dtype=bool)), variant=variant
    )
    assert ut.restore(problem, shortened(recipe)).picture.shape == (6, 20, 18)


@pytest.mark.parametrize("task", ["denoise", "inpaint", "upscale"])
def test_several_networks_of_volumes_take_the_passes_of_volumes(task):
    fast, best = (ut.preset(task, name, variant="volume") for name in ("fast", "best"))
    assert best.ensemble_size == 12
    assert best.network == fast.network
    assert best.passes == fast.passes


@pytest.mark.slow
def test_the_preset_beats_noise_and_single_slices():
    clean = smooth((12, 32, 32))
    noisy = clean + 0.1 * np.random.default_rng(0).normal(size=clean.shape).astype(np.float32)
    found = ut.denoise(ut.as_volume(noisy), sigma=0.1).picture
    slices = np.stack([ut.denoise(plane, sigma=0.1).picture for plane in noisy[4:8]])
    ours = np.mean((found[4:8] - clean[4:8]) ** 2)
    assert ours < 0.6 * np.mean((slices - clean[4:8]) ** 2)


def test_complex_pictures_come_back_complex():
    clean = smooth()[0] * np.exp(1j * smooth(seed=1)[0] * 3)
    noise = np.random.default_rng(0).normal(size=(2, *clean.shape))
    given = (clean + 0.1 * (noise[0] + 1j * noise[1])).astype(np.complex64)
    result = ut.denoise(given, steps=40)
    assert result.picture.shape == given.shape
    assert result.picture.dtype == np.complex64
    assert np.mean(abs(result.picture - clean) ** 2) < 0.5 * np.mean(abs(given - clean) ** 2)
    again = ut.as_picture(given)
    np.testing.assert_allclose(again.with_pixels(again.pixels).to_numpy(), given, atol=1e-6)
    assert float(ut.as_picture(np.array([[0, 2 - 4j]])).pixels[0, :, 0, 0].mean()) == 0.5


def test_known_complex_samples_come_back_bit_for_bit():
    given = (smooth() + 1j * smooth(seed=1)).astype(np.complex128)[0]
    mask = np.random.default_rng(0).random(given.shape) < 0.3
    found = ut.inpaint(given, mask, recipe=RECIPE).picture
    assert np.array_equal(found[~mask], given[~mask])
