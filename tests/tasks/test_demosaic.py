import numpy as np
import pytest
import torch
from PIL import Image

import untrained as ut
from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.baselines import demosaic, registry
from untrained.errors import NotApplicable, RequestError
from untrained.evaluation.compare import compare
from untrained.evaluation.scores import scores
from untrained.fitting.restore import restore
from untrained.operators import PATTERNS, Bayer
from untrained.picture import reading
from untrained.recipes import BlindSpotPairing, GuidePairing

CLEAN = photo(16, 14)


def mosaic(pattern="RGGB", image=CLEAN):
    seen = Bayer(pattern, image.shape[:2]).colours[0].permute(1, 2, 0).numpy().astype(bool)
    return (image * seen).sum(axis=2).astype(image.dtype), seen


def fitted(plane, pattern="RGGB", **options):
    recipe = tiny_recipe(steps=2, pairing=GuidePairing())
    return ut.demosaic(plane, pattern, recipe=recipe, device="cpu", **options)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_samples_come_back_bit_for_bit(pattern, dtype):
    image = (CLEAN / 255).astype(dtype) if dtype == np.float32 else CLEAN.astype(dtype) * 3
    plane, seen = mosaic(pattern, image)
    result = fitted(plane, pattern).picture
    assert (result.shape, result.dtype) == (image.shape, dtype)
    assert np.array_equal(result[seen], image[seen])
    assert not np.array_equal(result[~seen], image[~seen])


def test_tensors_come_back_as_tensors():
    plane = torch.from_numpy(mosaic()[0])[None, None] / 255
    assert fitted(plane).picture.shape == (1, 3, 16, 14)


def test_with_a_noise_level_samples_are_denoised_too():
    plane, seen = mosaic()
    result = fitted(plane, sigma=0.1)
    assert "noise level 25.50 of 255, as given" in result.notes
    assert not np.array_equal(result.picture[seen], CLEAN[seen])


def test_samples_of_twelve_bits_are_fitted_up_to_their_white():
    image = CLEAN.astype(np.uint16) * 15
    plane, seen = mosaic(image=image)
    problem = tasks.demosaic(plane)
    assert "taken as 12 bits, white is 4095" in problem.notes[1]
    assert float(problem.measurement.y.max()) == pytest.approx(plane.max() / 4095)
    composed = problem.render(torch.ones(1, 3, 16, 14))
    assert (composed.stored[~seen] == 4095).all()
    truth = ut.as_picture(image)
    exact = problem.picture.with_pixels(truth.pixels * 65535 / 4095)
    assert scores(exact, truth)["psnr"] > 100
    off = problem.picture.with_pixels(truth.pixels * 65535 / 4095 + 0.1)
    assert scores(off, truth)["psnr"] == pytest.approx(20, abs=0.1)


def test_missing_samples_are_filled():
    plane, _ = mosaic(image=(CLEAN / 255).astype(np.float32))
    plane[4:6, 4:6] = np.nan
    problem = tasks.demosaic(plane)
    assert torch.isfinite(problem.knowledge.guide).all()
    assert float(problem.knowledge.guide.max()) <= 1
    assert not problem.measurement.operator(torch.ones(1, 3, 16, 14))[..., 4:6, 4:6].any()
    result = fitted(plane).picture
    assert np.isfinite(result).all()


def test_a_window_keeps_the_pattern():
    plane, _ = mosaic("GRBG", photo(80, 80))
    problem = tasks.demosaic(plane, "GRBG")
    assert problem.tile_alignment == 2
    result = restore(
        problem, tiny_recipe(steps=1, pairing=GuidePairing()), tile=64, device="cpu"
    ).picture
    seen = mosaic("GRBG", photo(80, 80))[1]
    assert np.array_equal(result[seen], photo(80, 80)[seen])


def test_files_drop_the_profile_of_grey_and_keep_depth(tmp_path):
    plane, seen = mosaic(image=CLEAN.astype(np.uint16) * 257)
    Image.fromarray(plane).save(tmp_path / "raw.png", icc_profile=b"grey")
    result = fitted(reading.read(tmp_path / "raw.png"))
    ut.write(tmp_path / "out.png", result)
    back = reading.read(tmp_path / "out.png")
    assert back.metadata.icc is None
    assert np.array_equal(back.stored[seen], CLEAN[seen].astype(np.uint16) * 257)


def psnr(picture, clean):
    return 10 * np.log10(255**2 / np.mean((picture.astype(float) - clean) ** 2))


def peers(clean):
    problem = tasks.demosaic(mosaic(image=clean)[0])
    for baseline in registry.baselines("demosaic"):
        yield psnr(problem.render(registry.solve(baseline, problem)).to_numpy(), clean)


def test_smoother_colours_beat_the_filters():
    clean = photo(64, 64)
    result = ut.demosaic(mosaic(image=clean)[0], recipe="tv", device="cpu")
    assert psnr(result.picture, clean) > max(peers(clean)) + 0.5


@pytest.mark.slow
def test_fast_beats_the_filters():
    clean = photo(64, 64)
    result = ut.demosaic(mosaic(image=clean)[0], device="cpu")
    assert psnr(result.picture, clean) > max(peers(clean)) + 0.4


def test_the_uncertainty_is_a_plane():
    recipe = tiny_recipe(steps=2, ensemble_size=2, pairing=GuidePairing())
    result = ut.demosaic(mosaic()[0], recipe=recipe, device="cpu")
    assert result.uncertainty.shape == (1, 1, 16, 14)


def test_the_peers_run_side_by_side_and_see_the_same_samples():
    plane, seen = mosaic()
    recipe = tiny_recipe(steps=1, pairing=GuidePairing())
    rows = {row.method: row for row in compare(tasks.demosaic(plane), recipe, reference=CLEAN)}
    assert set(rows) == {"input", "untrained", "tv", "bilinear", "malvar"}
    assert rows["input"].psnr is None
    for name in ("untrained", "tv", "bilinear", "malvar"):
        assert np.array_equal(rows[name].picture.stored[seen], CLEAN[seen])
    assert rows["malvar"].psnr > rows["bilinear"].psnr


@pytest.mark.parametrize("shape", [(2, 2), (2, 9)])
def test_small_mosaics_are_fitted_but_too_small_for_the_filters(shape):
    plane = np.random.default_rng(0).random(shape).astype(np.float32)
    assert fitted(plane).picture.shape == (*shape, 3)
    with pytest.raises(NotApplicable, match="3x3"):
        demosaic.gradient_corrected(tasks.demosaic(plane))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tasks.demosaic(CLEAN), "3 channels: a mosaic has one"),
        (lambda: tasks.demosaic(CLEAN[..., 0], "RGB"), "'RGB': choose from RGGB"),
        (lambda: tasks.demosaic(CLEAN[:1, :, 0]), "14x1 is smaller"),
        (lambda: tasks.demosaic(CLEAN[..., 0], sigma=3), "sigma 3 is not in"),
        (lambda: tasks.demosaic(np.full((4, 4), np.nan)), "every sample"),
        (
            lambda: restore(tasks.demosaic(CLEAN[..., 0]), tiny_recipe(pairing=BlindSpotPairing())),
            "with the size and channels",
        ),
    ],
)
def test_requests_that_make_no_sense(make, words):
    with pytest.raises(RequestError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)
