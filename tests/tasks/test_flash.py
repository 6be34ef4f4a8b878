import numpy as np
import pytest
import scipy.ndimage
import torch
from benches.lights import pair

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.restore import restore, watch
from untrained.operators import smooth
from untrained.problem.problem import ProblemError
from untrained.recipes import GuidePairing, Optimiser, Restart, WindowedVariance


def recipe(**changes):
    return tiny_recipe(pairing=GuidePairing(channels=2, jitter=0.02), **changes)


@pytest.mark.slow
def test_a_pair_gains_much_and_keeps_its_colours():
    lit = pair("astronaut")
    cut = np.s_[60:156, 60:156]
    result = restore(tasks.flash(lit.noflash[cut], lit.flash[cut]), "fast", steps=150, device="cpu")
    clean = 255 * lit.clean[cut]
    before = np.mean((lit.noflash[cut] - clean) ** 2)
    after = np.mean((result.picture - clean) ** 2)
    assert 10 * np.log10(before / after) > 6
    difference = result.picture.astype(float) - lit.noflash[cut]
    assert np.abs(difference.mean((0, 1))).max() < 1


def test_the_flash_picture_is_the_guide_and_the_other_the_target():
    problem = tasks.flash(photo(), photo()[::-1].copy())
    assert torch.equal(problem.measurement.y, problem.picture.pixels)
    assert not torch.equal(problem.knowledge.guide, problem.measurement.y)


@pytest.mark.parametrize("moved", [(3, -2), (0, 0), (-1.5, 4)])
def test_the_shift_is_estimated_and_corrected(moved):
    lit = pair("coffee")
    still = lit.flash.astype(float)
    shifted = scipy.ndimage.shift(still, (*moved, 0), order=3, mode="nearest")
    flash = np.clip(shifted, 0, 255).round().astype(np.uint8)
    problem = tasks.flash(lit.noflash, flash, register=True)
    words = problem.notes[0].split()
    found = float(words[words.index("lies") + 1]), float(words[words.index("and") + 1])
    assert found == pytest.approx(moved, abs=0.45)
    inside = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    wanted = torch.from_numpy(still.transpose(2, 0, 1))[None] / 255
    error = (problem.knowledge.guide - wanted)[inside].abs().mean()
    unmoved = (tasks.flash(lit.noflash, flash).knowledge.guide - wanted)[inside].abs().mean()
    assert error < 0.012
    assert moved == (0, 0) or error < 0.6 * unmoved
    advised = any("--register" in note for note in tasks.flash(lit.noflash, flash).notes)
    assert advised == (moved != (0, 0))


def test_flat_pairs_and_single_pixels():
    flat = np.full((12, 9, 3), 100, np.uint8)
    assert "+0.0 pixels down and +0.0 right" in tasks.flash(flat, flat).notes[0]
    single = np.full((1, 1, 3), 100, np.uint8)
    result = restore(tasks.flash(single, single), recipe(steps=2), device="cpu")
    assert result.picture.shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("flash", "words"),
    [
        (photo(24, 18), "20x24 .* 18x24"),
        (photo()[..., 0], "3 channels.* 1 channels"),
        (photo().astype(np.uint16), "uint8.*uint16"),
    ],
)
def test_pairs_that_do_not_match(flash, words):
    with pytest.raises(ProblemError, match=words):
        tasks.flash(photo(), flash)


def test_a_stuck_fit_begins_again_and_says_so():
    problem = tasks.flash(photo(), photo())
    stuck = recipe(steps=30, restart=Restart(after=4, tolerance=1e-6, times=2))
    fit = watch(problem, stuck, device="cpu")
    steps = list(fit)
    assert [step.index for step in steps] == list(range(1, 31))
    assert [event.split(":")[0] for event in fit.events] == ["step 4", "step 8"]
    assert "other weights" in fit.restoration().notes[-1]
    other = list(watch(problem, stuck, seed=1, device="cpu"))
    assert torch.equal(steps[4].image, other[0].image)


def test_a_stop_rule_forgets_the_stuck_pictures():
    problem = tasks.flash(photo(), photo())
    rule = WindowedVariance(window=2, patience=100)
    stuck = Restart(after=6, tolerance=1e-6, times=1)
    fit = watch(problem, recipe(restart=stuck, stopping=(rule,)), device="cpu")
    list(fit)
    assert fit.history[5].statistic is not None
    assert fit.history[6].statistic is None


def test_a_fit_on_its_way_does_not_begin_again():
    sound = recipe(steps=60, optimiser=Optimiser(step_size=0.03), restart=Restart(after=50))
    fit = watch(tasks.flash(photo(), photo()), sound, device="cpu")
    list(fit)
    assert fit.events == ()


def test_a_restarted_fit_resumes_bit_for_bit():
    problem = tasks.flash(photo(), photo())
    stuck = recipe(restart=Restart(after=4, tolerance=1e-6, times=1))
    whole = list(watch(problem, stuck, device="cpu"))
    first = watch(problem, stuck, device="cpu")
    for _ in range(6):
        next(first)
    engine = choose_engine("cpu", "float32")
    rest = list(Fit.resume(problem, stuck, first.state_dict(), seed=0, engine=engine))
    assert all(torch.equal(a.image, b.image) for a, b in zip(rest, whole[6:], strict=True))


def test_smoothing_is_a_gaussian():
    image = torch.rand(1, 2, 30, 24, dtype=torch.float64)
    expected = scipy.ndimage.gaussian_filter(
        image.numpy(), (0, 0, 2.5, 2.5), mode="nearest", radius=(0, 0, 8, 8)
    )
    np.testing.assert_allclose(smooth(image, 2.5).numpy(), expected, atol=1e-12)
