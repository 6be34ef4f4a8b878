"""The presets at work: each one runs, and `fast` beats the obvious on small pictures."""

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image

from tests.helpers.tiny import photo, shortened
from untrained import tasks
from untrained.fitting.restore import restore, settle_recipe
from untrained.recipes import Recipe, RecipeError, SkipNetwork, presets
from untrained.tasks.presets import known_presets, preset


@pytest.mark.parametrize("task", ["denoise", "deblock", "upscale", "inpaint", "flash"])
def test_presets_survive_json_and_say_why(task):
    assert {"fast", "paper"} <= set(known_presets(task))
    for name in known_presets(task):
        recipe = preset(task, name)
        assert recipe.name == name
        assert recipe.why
        assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_paper_settings_are_the_published_ones():
    denoise, upscale = preset("denoise", "paper"), preset("upscale", "paper")
    assert denoise.network == SkipNetwork()
    assert denoise.network.channels == (128,) * 5
    assert denoise.network.skip == (4,) * 5
    assert denoise.network.padding == "reflection"
    assert (denoise.steps, denoise.averaging) == (1800, 0.99)
    assert denoise.optimiser.step_size == 0.01
    assert (denoise.pairing.channels, denoise.pairing.scale) == (32, 0.1)
    assert denoise.pairing.jitter == pytest.approx(1 / 30)
    assert (upscale.steps, upscale.pairing.jitter) == (2000, 0.03)
    larger = preset("upscale", "paper", variant="x8")
    assert (larger.steps, larger.pairing.jitter) == (4000, 0.05)
    inpaint = preset("inpaint", "paper")
    assert (inpaint.steps, inpaint.optimiser.step_size) == (11000, 0.001)


def test_unknown_presets_list_the_known_and_suggest():
    with pytest.raises(RecipeError, match=r"fast, balanced, best, paper.*did you mean 'paper'"):
        preset("denoise", "papr")


def test_unknown_tasks_list_the_known_and_suggest():
    with pytest.raises(RecipeError, match=r"'denoize': choose from deblock, .*mean 'denoise'"):
        preset("denoize", "fast")
    with pytest.raises(RecipeError, match=r"presets of reconstruct: .*variant='blur'"):
        known_presets("deblur")


def test_tables_leave_no_names_of_loops_behind():
    names = set(vars(presets))
    assert not names & {"_name", "_task", "_like", "_variant", "_recipe", "_alone"}


def cross():
    fill = np.zeros((24, 20), bool)
    fill[10:12] = fill[:, 9:11] = True
    return fill


PROBLEMS = {
    "denoise": lambda: tasks.denoise(photo(), sigma=0.1),
    "deblock": lambda: tasks.deblock(photo()),
    "upscale": lambda: tasks.upscale(photo(), 2),
    "inpaint": lambda: tasks.inpaint(photo(), cross()),
    "flash": lambda: tasks.flash(photo(), photo()),
    "demosaic": lambda: tasks.demosaic(photo()[..., 0]),
}


@pytest.mark.parametrize(
    ("task", "name"), [(task, name) for task in PROBLEMS for name in known_presets(task)]
)
def test_every_preset_runs(task, name):
    problem = PROBLEMS[task]()
    recipe = shortened(settle_recipe(problem, name))
    result = restore(problem, recipe, device="cpu")
    assert result.recipe.name == name
    size = (48, 40) if task == "upscale" else (24, 20)
    assert result.picture.shape == (*size, 3)
    assert result.image.isfinite().all()
    assert (result.uncertainty is not None) == (recipe.ensemble_size > 1)


@pytest.mark.parametrize("variant", ["level", "blur", "spectrum", "phase", "magnitude-level"])
def test_slower_presets_keep_what_a_variant_is_about(variant):
    fast = preset("reconstruct", "fast", variant=variant)
    slow = preset("reconstruct", "balanced", variant=variant)
    same = {"name": "fast", "why": fast.why, "ensemble_size": 1, "calibration": 1.0}
    assert slow.model_copy(update=same) == fast
    assert (slow.ensemble_size, slow.calibration > 1) == (4, True)


def test_blind_deblurring_has_one_network_whose_kernel_it_is():
    fast = preset("reconstruct", "fast", variant="blind")
    assert preset("reconstruct", "best", variant="blind") == fast
    assert preset("inpaint", "best", variant="strokes").pairing.gaps


def test_variants_run():
    hole = np.zeros((40, 40), bool)
    hole[5:30, 5:30] = True
    for problem, name in (
        (tasks.inpaint(photo(40, 40), hole), "fast"),
        (tasks.upscale(photo(8, 8), 8), "paper"),
        (tasks.demosaic(photo()[..., 0], sigma=0.1), "fast"),
    ):
        recipe = settle_recipe(problem, name)
        assert restore(problem, shortened(recipe), device="cpu").image.isfinite().all()
        assert recipe.why != settle_recipe(PROBLEMS[problem.task](), name).why


CLEAN = np.ascontiguousarray(skimage.data.astronaut()[80:176, 180:276])


def psnr(picture):
    return 10 * np.log10(255**2 / np.mean((picture.astype(float) - CLEAN) ** 2))


def noisy():
    noise = np.random.default_rng(0).normal(0, 25, CLEAN.shape)
    return np.clip(CLEAN + noise, 0, 255).round().astype(np.uint8)


def compressed():
    file = io.BytesIO()
    Image.fromarray(CLEAN).save(file, "JPEG", quality=8)
    return np.asarray(Image.open(file))


def reduced():
    return np.asarray(Image.fromarray(CLEAN).resize((48, 48), Image.Resampling.LANCZOS))


def bicubic():
    return np.asarray(Image.fromarray(reduced()).resize((96, 96), Image.Resampling.BICUBIC))


MISSING = np.random.default_rng(0).random((96, 96)) < 0.5


def nearest_filled():
    from scipy.ndimage import distance_transform_edt

    _, (rows, columns) = distance_transform_edt(MISSING, return_indices=True)
    return CLEAN[rows, columns]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "peer", "gain"),
    [
        (lambda: tasks.denoise(noisy()), noisy, 6.0),
        (lambda: tasks.deblock(compressed()), compressed, 0.5),
        (lambda: tasks.upscale(reduced(), 2), bicubic, 0.5),
        (lambda: tasks.inpaint(CLEAN * ~MISSING[..., None], MISSING), nearest_filled, 3.0),
    ],
    ids=["denoise", "deblock", "upscale", "inpaint"],
)
def test_fast_beats_the_obvious(make, peer, gain):
    result = restore(make(), "fast", steps=250, device="cpu")
    assert psnr(result.picture) > psnr(peer()) + gain
