import numpy as np
import pytest
import skimage.data
import torch

from tests.helpers.tiny import tiny_recipe
from untrained import tasks
from untrained.errors import RequestError
from untrained.evaluation.metrics import psnr
from untrained.fitting.restore import restore
from untrained.noise import Gaussian, Impulse, PoissonGaussian
from untrained.picture.region import Region
from untrained.recipes import BlindSpotPairing
from untrained.tasks.presets import preset


def clean(name="coffee", side=96):
    pixels = np.atleast_3d(getattr(skimage.data, name)())[100 : 100 + side, 120 : 120 + side]
    return np.ascontiguousarray(pixels)


def noisy(model, picture, seed=0):
    pixels = torch.from_numpy(picture.transpose(2, 0, 1)[None] / 255)
    drawn = model.sample(pixels, torch.Generator().manual_seed(seed)).clamp(0, 1)
    return (255 * drawn[0].permute(1, 2, 0)).round().to(torch.uint8).numpy()


@pytest.mark.parametrize("name", ["coffee", "camera", "retina"])
def test_clean_pictures_come_back_as_they_were(name):
    picture = clean(name)
    problem = tasks.denoise(picture)
    assert any("handed back" in note for note in problem.notes)
    result = restore(problem, tiny_recipe(steps=2), device="cpu")
    assert np.array_equal(np.asarray(result).reshape(picture.shape), picture)


def test_counted_light_is_stabilised_for_the_fit_and_undone_after_it():
    y = noisy(PoissonGaussian(0.03, 0.01), clean())
    problem = tasks.denoise(y)
    assert problem.variant == "counted"
    assert any("stabilised" in note for note in problem.notes)
    whole = problem.render(problem.measurement.y).pixels
    assert psnr(whole, torch.from_numpy(y.transpose(2, 0, 1)[None] / 255)) > 38
    part = problem.region(Region(16, 24, 40, 32))
    assert torch.equal(part.measurement.y, problem.measurement.y[..., 16:56, 24:56])
    assert part.measurement.noise == problem.measurement.noise


def test_stabilising_gains_over_equal_noise():
    picture = clean("camera")
    y = noisy(PoissonGaussian(0.05), picture)
    truth = torch.from_numpy(picture.transpose(2, 0, 1)[None] / 255)
    from untrained.denoisers.nl_ridge import nl_ridge_twice

    scores = {}
    for kind in ("auto", "gaussian"):
        problem = tasks.denoise(y, noise=kind)
        found = nl_ridge_twice(problem.measurement.y, problem.measurement.noise.sigma).clamp(0, 1)
        scores[kind] = psnr(problem.render(found).pixels, truth)
    assert scores["auto"] > scores["gaussian"] + 0.5


def test_impulses_are_filled_and_all_else_kept():
    picture = clean()
    y = noisy(Impulse(0.2), picture)
    problem = tasks.denoise(y)
    assert problem.variant == "impulse"
    assert problem.rendering.kept.shape == (1, 3, 96, 96)
    recipe = tiny_recipe(steps=2, pairing=BlindSpotPairing())
    result = np.asarray(restore(problem, recipe, device="cpu"))
    kept = problem.rendering.kept[0].permute(1, 2, 0).numpy()
    assert np.array_equal(result[kept], y[kept])
    assert not np.array_equal(result[~kept], y[~kept])
    part = problem.region(Region(8, 8, 64, 64))
    assert torch.equal(part.rendering.kept, problem.rendering.kept[..., 8:72, 8:72])


def test_impulses_in_noise_are_replaced_before_the_gaussian_path():
    y = noisy(Impulse(0.1), noisy(Gaussian(15 / 255), clean()))
    problem = tasks.denoise(y)
    assert problem.measurement.noise.sigma == pytest.approx(15 / 255, rel=0.2)
    assert problem.rendering.kept is None
    given = problem.picture.pixels
    changed = (problem.measurement.y != given).float().mean().item()
    assert changed == pytest.approx(0.1, abs=0.06)
    assert tasks.denoise(y, noise="impulse", sigma=0.1).measurement.noise.sigma == 0.1


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ("gaussian", PoissonGaussian(0.03)),
        ("poisson", Gaussian(20 / 255)),
        ("impulse", Gaussian(20 / 255)),
        ("gaussian", Impulse(0.2)),
    ],
)
def test_a_choice_against_the_estimate_is_obeyed_with_a_warning(asked, model):
    problem = tasks.denoise(noisy(model, clean()), noise=asked)
    assert any(note.startswith("warning") and asked in note for note in problem.notes)
    assert (problem.rendering.to_output is not None) == (asked == "poisson")
    assert (problem.variant == "impulse") == (
        asked == "impulse" and problem.measurement.noise is None
    )


@pytest.mark.parametrize(
    ("asked", "model"),
    [
        ("gaussian", Gaussian(20 / 255)),
        ("poisson", PoissonGaussian(0.03)),
        ("poisson-gaussian", PoissonGaussian(0.02, 0.03)),
        ("impulse", Impulse(0.2)),
    ],
)
def test_a_choice_that_agrees_brings_no_warning(asked, model):
    problem = tasks.denoise(noisy(model, clean()), noise=asked)
    assert not any("warning" in note for note in problem.notes)


def test_models_given_are_taken():
    y = noisy(PoissonGaussian(0.03), clean())
    given = tasks.denoise(y, noise=PoissonGaussian(0.03))
    assert "33.3 quanta at white" in given.notes[0]
    assert "as given" in given.notes[0]
    assert tasks.denoise(y, noise=Gaussian(0.1)).measurement.noise.sigma == 0.1
    read = tasks.denoise(y, noise="poisson-gaussian", sigma=0.05)
    assert "level 12.75 of 255 at black" in " ".join(read.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"noise": "salt"}, "choose from auto, gaussian"),
        ({"noise": "poisson", "sigma": 0.1}, "poisson-gaussian"),
        ({"noise": Gaussian(0.1), "sigma": 0.1}, "not both"),
        ({"sigma": 2.0}, "picture units"),
    ],
)
def test_requests_that_make_no_sense(options, words):
    with pytest.raises(RequestError, match=words):
        tasks.denoise(clean(), **options)


def test_pictures_that_hold_nothing_to_find_are_handed_back():
    scan = (clean("page")[..., 0] > 150).astype(np.uint8) * 255
    flat = np.full((40, 50, 3), 77, np.uint8)
    for picture in (scan, flat, scan > 0):
        problem = tasks.denoise(picture)
        assert problem.settled
        assert "no noise" in problem.notes[0]


def test_presets_know_the_kinds():
    for name in ("fast", "balanced", "best"):
        assert preset("denoise", name, variant="impulse").pairing.kind == "blind-spot"
        assert preset("denoise", name, variant="counted").stopping[0].kind == "discrepancy"
