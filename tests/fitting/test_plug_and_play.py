"""The passes that refine the networks' picture."""

import dataclasses
import io
import re

import numpy as np
import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.denoisers.registry import DENOISERS
from untrained.evaluation.metrics import psnr
from untrained.fitting.fit import Fit
from untrained.fitting.plug_and_play import PlugAndPlay
from untrained.fitting.restore import watch
from untrained.operators import Blur, gaussian_kernel
from untrained.problem.problem import ProblemError
from untrained.recipes import NLBayes, NLRidge, SelfSimilarPasses

PASSES = (SelfSimilarPasses(count=4),)
FROM_HALF = (
    SelfSimilarPasses(
        scale=2, count=3, shift_grid=True, method=NLBayes(patch=4, channel_exponent=0)
    ),
    *PASSES,
)


def stripes(height=40, width=48):
    rows, columns = np.mgrid[:height, :width]
    wave = 120 + 60 * np.sin((rows + 2 * columns) / 3) + 30 * np.cos(rows / 2)
    return np.stack([wave, wave / 2 + 40, 250 - wave], axis=-1).round().astype(np.uint8)


def scattered(picture, seed=0):
    lost = np.random.default_rng(seed).random(picture.shape[:2]) < 0.5
    return tasks.inpaint(np.where(lost[..., None], 0, picture), lost)


def run(refinement):
    return list(refinement)


def test_passes_fill_what_repeats():
    problem = scattered(stripes())
    clean = tasks.denoise(stripes()).measurement.y
    grey = torch.full_like(clean, 0.5)
    steps = run(PlugAndPlay(problem, [SelfSimilarPasses(count=12)], grey))
    quality = [psnr(step.picture, clean) for step in steps]
    assert [step.index for step in steps] == list(range(1, 13))
    assert quality == sorted(quality)
    assert quality[-1] > quality[0] + 6
    assert steps[-1].progress == 1


def test_every_pass_keeps_what_is_known():
    problem = scattered(stripes())
    for step in PlugAndPlay(problem, PASSES, torch.rand_like(problem.measurement.y)):
        kept = problem.rendering.kept.expand_as(step.picture)
        assert torch.equal(step.picture[kept], problem.measurement.y[kept])
        assert step.picture.min() >= 0
        assert step.picture.max() <= 1
        off = problem.measurement.operator(step.image) - problem.measurement.y
        assert step.loss == pytest.approx(float(off.square().mean()), rel=1e-5)


def test_an_enlarged_picture_agrees_after_every_pass():
    problem = tasks.upscale(stripes(20, 24), 2)
    steps = run(PlugAndPlay(problem, PASSES, torch.full((1, 3, 40, 48), 0.5)))
    off = (problem.measurement.operator(steps[-1].picture) - problem.measurement.y).abs().mean()
    assert off < 0.01


def test_passes_at_half_the_size_come_first_and_agree_in_the_end():
    problem = tasks.upscale(stripes(21, 25), 2.5)
    steps = run(PlugAndPlay(problem, FROM_HALF, torch.full((1, 3, *problem.size), 0.5)))
    assert [step.index for step in steps] == list(range(1, 8))
    assert [step.progress for step in steps] == pytest.approx([k / 7 for k in range(1, 8)])
    assert {step.picture.shape[2:] for step in steps} == {problem.size}
    off = (problem.measurement.operator(steps[-1].picture) - problem.measurement.y).abs().mean()
    assert off < 0.01


def test_passes_at_half_the_size_leave_finer_detail_to_the_others():
    problem = tasks.upscale(stripes(20, 24), 2)
    detail = torch.zeros(1, 3, 40, 48)
    detail[..., ::2, ::2], detail[..., 1::2, 1::2] = 0.1, 0.1
    detail[..., 1::2, ::2], detail[..., ::2, 1::2] = -0.1, -0.1
    one = (FROM_HALF[0], SelfSimilarPasses(count=1))
    before = problem.projected(torch.full((1, 3, 40, 48), 0.5))
    plain, detailed = (run(PlugAndPlay(problem, one, before + part)) for part in (0, detail))
    kept = (detailed[2].picture - plain[2].picture)[..., 8:-8, 8:-8]
    assert kept.sub(detail[..., 8:-8, 8:-8]).abs().max() < 0.02


def test_there_is_no_half_of_small_pictures_and_volumes():
    narrow = scattered(stripes(7, 40))
    settings = (SelfSimilarPasses(scale=2, count=3, method=NLRidge(patch=5)), *PASSES)
    assert len(run(PlugAndPlay(narrow, settings, narrow.measurement.y))) == 4
    volume = tasks.upscale(torch.rand(1, 1, 8, 8, 8), 2)
    small = (FROM_HALF[0], SelfSimilarPasses(count=4, method=NLRidge(patch=4, stride=3, reach=5)))
    assert len(run(PlugAndPlay(volume, small, torch.rand(1, 1, 16, 16, 16)))) == 4


def record(monkeypatch):
    """Passes that change nothing and take a second each; gives the sizes and levels they saw."""
    seen = []

    def filtered(image, level, _settings, **_pilot):
        seen.append((tuple(image.shape[2:]), level))
        return image

    monkeypatch.setitem(DENOISERS._known, NLRidge, filtered)
    clock = iter(range(1000))
    monkeypatch.setattr("untrained.fitting.passes.time.perf_counter", lambda: next(clock))
    return seen


def test_passes_that_follow_begin_at_half_the_size_again(monkeypatch):
    seen = record(monkeypatch)
    problem = tasks.upscale(stripes(20, 24), 2)
    settings = (
        SelfSimilarPasses(scale=2, count=4),
        SelfSimilarPasses(count=3),
        SelfSimilarPasses(scale=2, count=2, first_level=0.03),
        SelfSimilarPasses(count=1, first_level=0.02),
    )
    steps = run(PlugAndPlay(problem, settings, torch.full((1, 3, 40, 48), 0.5)))
    half, whole = (20, 24), (40, 48)
    assert [size for size, _ in seen] == [half] * 4 + [whole] * 3 + [half] * 2 + [whole]
    assert [seen[k][1] for k in (7, 9)] == [0.03, 0.02]
    assert [step.index for step in steps] == list(range(1, 11))
    assert [step.progress for step in steps] == pytest.approx([k / 10 for k in range(1, 11)])
    assert [step.seconds for step in steps] == list(range(1, 11))


def test_seconds_are_shared_by_what_the_sizes_cost(monkeypatch):
    seen = record(monkeypatch)
    problem = tasks.upscale(stripes(20, 24), 2)
    many = SelfSimilarPasses(count=100)
    settings = (SelfSimilarPasses(scale=2, count=100), many, many)
    refinement = PlugAndPlay(problem, settings, torch.full((1, 3, 40, 48), 0.5), seconds=18)
    steps = run(refinement)
    assert [size for size, _ in seen] == [(20, 24)] * 2 + [(40, 48)] * 16
    assert steps[-1].seconds == 18
    assert steps[-1].progress == 1
    assert refinement.stop.reason == "18 self-similar passes were run"


def test_seconds_end_it_at_the_last_level(monkeypatch):
    seen = record(monkeypatch)
    problem = scattered(stripes())
    settings = [SelfSimilarPasses(count=100, first_level=0.1, last_level=0.01)]
    refinement = PlugAndPlay(problem, settings, problem.measurement.y, seconds=5)
    assert len(run(refinement)) == 5
    assert [level for _, level in seen] == pytest.approx([0.1 * 0.1 ** (k / 5) for k in range(5)])
    assert refinement.stop.reason == "5 self-similar passes were run"


def test_it_stays_away_where_nothing_is_known_of_the_picture_or_patches_do_not_fit():
    assert PlugAndPlay.reason_against(scattered(stripes()), PASSES) is None
    blurred = tasks.denoise(photo(), sigma=0.1).measurement.y
    unknown = tasks.reconstruct(blurred, Blur(gaussian_kernel(1.0)), shape=(3, 30, 26))
    with pytest.raises(ProblemError, match="need known pixels"):
        PlugAndPlay(unknown, PASSES, unknown.measurement.y)
    reason = PlugAndPlay.reason_against(scattered(stripes(6, 40)), PASSES)
    assert reason == "patches of 7 pixels do not fit into 6x40 pixels"
    fit = watch(unknown, tiny_recipe(passes=PASSES), device="cpu")
    assert len(list(fit)) == fit.recipe.steps


@pytest.mark.parametrize("members", [1, 2])
def test_a_fit_ends_with_the_passes_over_the_mean_of_its_networks(members):
    problem, recipe = scattered(stripes()), tiny_recipe(ensemble_size=members)
    alone = watch(problem, recipe, device="cpu")
    list(alone)
    fit = watch(problem, recipe.model_copy(update={"passes": PASSES}), device="cpu")
    steps = list(fit)
    assert [step.index for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) == members * recipe.steps + PASSES[0].count
    expected = run(PlugAndPlay(alone.problem, PASSES, alone.stop.picture))[-1].picture
    assert torch.equal(fit.stop.picture, expected)
    assert "4 self-similar passes" in fit.restoration().stopped
    progress = [step.progress for step in steps]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert (fit.restoration().uncertainty is None) == (members == 1)


@pytest.fixture(scope="module")
def whole():
    """A fit that ended with two rounds of 3 passes at half the size and 4 at the whole."""
    problem, recipe = tasks.upscale(stripes(20, 24), 2), tiny_recipe(passes=FROM_HALF * 2)
    fit = watch(problem, recipe, device="cpu")
    list(fit)
    return fit


@pytest.mark.parametrize("cut", [5, 12, 14, 15, 16, 19, 21, 22, 25])
def test_a_fit_goes_on_bit_for_bit_before_and_among_its_passes(whole, cut):
    problem, recipe = tasks.upscale(stripes(20, 24), 2), whole.recipe
    fit = watch(problem, recipe, device="cpu")
    for _ in range(cut):
        next(fit)
    file = io.BytesIO()
    torch.save(fit.state_dict(), file)
    file.seek(0)
    state = torch.load(file, weights_only=False)
    again = Fit.resume(problem, recipe, state, seed=0, engine=fit.engine)
    list(again)
    assert torch.equal(again.stop.picture, whole.stop.picture)
    assert again.stop.reason == whole.stop.reason
    assert len(again.history) == len(whole.history)


def test_seconds_are_shared_with_the_passes():
    recipe = tiny_recipe(passes=(SelfSimilarPasses(count=10**6),), steps=10**6, seconds=1.0)
    fit = watch(scattered(stripes()), recipe, device="cpu")
    steps = list(fit)
    assert int(re.search(r"(\d+) self-similar passes", fit.restoration().stopped)[1]) > 1
    assert steps[-1].seconds >= 1.0
    assert dataclasses.asdict(fit.stop)["rule"] == "budget"
