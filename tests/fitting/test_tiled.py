import json

import numpy as np
import pytest
import skimage.data
import torch

import untrained as ut
from tests.helpers.fits import network_of
from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.checkpoint import CheckpointError, load_fit, save_fit
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.out_of_memory import ShrinkingFit
from untrained.fitting.restore import restore, watch
from untrained.fitting.tiled import TiledFit
from untrained.noise import Gaussian
from untrained.operators import downsample
from untrained.picture.region import Region
from untrained.problem.problem import ProblemError
from untrained.recipes import Fusion, GuidePairing, Optimiser, WindowedVariance

SIDE = 64
LARGE = photo(70, 130)
"""Six tiles of 64."""


def problem(image=LARGE):
    return tasks.denoise(image, sigma=25 / 255)


def make(recipe=None, the_problem=None, tile=SIDE, seed=0):
    return watch(the_problem or problem(), recipe or tiny_recipe(), tile=tile, seed=seed)


def holes(shape=LARGE.shape[:2]):
    return np.random.default_rng(0).random(shape) < 0.3


PROBLEMS = {
    "denoise": problem,
    "deblock": lambda: tasks.deblock(LARGE),
    "upscale": lambda: tasks.upscale(photo(36, 65), 2),
    "inpaint": lambda: tasks.inpaint(LARGE, holes()),
    "flash": lambda: tasks.flash(LARGE, LARGE),
    "demosaic": lambda: tasks.demosaic(LARGE[..., 0], "GBRG"),
}


# Windows of problems ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_window_is_the_problem_of_that_place(name):
    whole = PROBLEMS[name]()
    window = Region(0, 16, 48, 64)
    part = whole.region(window)
    assert (part.size, part.variant, part.measurement.noise) == (
        (48, 64),
        whole.variant,
        whole.measurement.noise,
    )
    image = torch.rand(1, 3, *part.size)
    assert part.measurement.operator(image).shape == part.measurement.y.shape
    assert (part.knowledge.guide is None) == (whole.knowledge.guide is None)
    assert part.knowledge.guide is None or part.knowledge.guide.shape[-2:] == part.size
    factor = 2 if name == "upscale" else 1
    expected = whole.measurement.y[window.reduced(factor).place]
    assert torch.equal(part.measurement.y, expected)


def test_what_was_decided_on_the_whole_holds_in_windows():
    image = np.concatenate([LARGE, np.full_like(LARGE, 120)])
    estimated = tasks.denoise(image)
    assert (
        estimated.region(Region(80, 0, 40, 40)).measurement.noise
        == estimated.measurement.noise
        != Gaussian(0.0)
    )
    hole = np.zeros((140, 130), bool)
    hole[20:50, 20:50], hole[100, 100] = True, True
    filled = tasks.inpaint(image, hole)
    assert filled.region(Region(80, 80, 40, 40)).variant == filled.variant == "holes"


def test_jpeg_is_cut_between_its_blocks():
    whole = tasks.deblock(LARGE)
    grid = make(the_problem=whole)._fit._mosaic.grid
    assert whole.tile_alignment % 8 == 0
    assert all(
        w.top % whole.tile_alignment == w.left % whole.tile_alignment == 0 for w in grid.windows
    )


@pytest.mark.parametrize("tile", [SIDE, "auto"])
def test_a_problem_of_the_whole_is_not_cut(tile):
    whole = tasks.deblock(photo(70, 130))
    uncut = type(whole)(**{**vars(whole), "cut": None, "task": "invert"})
    if tile == "auto":
        assert isinstance(make(the_problem=uncut, tile=tile), Fit)
        return
    with pytest.raises(ProblemError, match="whole picture"):
        next(make(the_problem=uncut))


# Fits in tiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_picture_no_larger_than_the_tile_gives_what_it_gave(name):
    whole = PROBLEMS[name]()
    plain = Fit(whole, tiny_recipe(), seed=3, engine=choose_engine("cpu", "float32"))
    elastic = make(the_problem=whole, tile=144, seed=3)
    assert isinstance(elastic, ShrinkingFit)
    for mine, theirs in zip(elastic, plain, strict=True):
        assert torch.equal(mine.picture, theirs.picture)
    one, other = elastic.restoration(), plain.restoration()
    assert torch.equal(one.image, other.image)
    assert (one.stopped, one.notes) == (other.stopped, other.notes)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_task_is_restored_in_tiles(name):
    whole = PROBLEMS[name]()
    fit = make(tiny_recipe(steps=3), whole)
    steps = list(fit)
    result = fit.restoration()
    count = len(fit._fit._mosaic.grid.windows)
    assert count >= 4
    assert [step.index for step in steps] == list(range(1, 3 * count + 1))
    assert [row.step for row in fit.history] == [step.index for step in steps]
    assert [step.progress for step in steps] == sorted(step.progress for step in steps)
    assert steps[-1].progress == 1
    assert result.image.shape == (1, 3, *whole.size)
    assert (result.steps, result.chosen_step) == (3 * count, 3 * count)
    assert result.stopped == f"in each of {count} tiles the budget of 3 steps was used"
    assert any(note.startswith(f"{count} tiles of ") for note in result.notes)


def test_tiles_have_seeds_of_their_own_and_the_same_seed_gives_the_same():
    flat = tasks.denoise(np.full((64, 112, 3), 100, np.uint8), sigma=0.1)
    pair = [make(tiny_recipe(steps=2), flat) for _ in range(2)]
    steps = [list(fit) for fit in pair]
    assert all(torch.equal(a.image, b.image) for a, b in zip(*steps, strict=True))
    assert not torch.equal(steps[0][0].step.image, steps[0][2].step.image)


def test_a_step_shows_the_whole_as_it_was_then():
    fit = make(tiny_recipe(steps=2))
    steps = list(fit)
    window = fit._fit._mosaic.grid.windows[0]
    given = fit.problem.picture.pixels
    assert torch.equal(steps[0].image[..., :16, :32], steps[0].step.image[..., :16, :32])
    assert torch.equal(steps[0].picture[..., 64:], given[..., 64:])
    assert steps[0].average.shape == given.shape
    assert not torch.equal(steps[2].picture[window.place], given[window.place])
    assert torch.equal(steps[-1].picture, fit.stop.picture)


def test_no_seam_is_seen():
    clean = np.ascontiguousarray(skimage.data.astronaut()[:96, 150:310])
    noisy = clean + 20 * np.random.default_rng(0).standard_normal(clean.shape)
    image = np.clip(noisy, 0, 255).astype(np.uint8)
    # After few steps the tiles are unlike: cut hard, they differ by 15 times the median below.
    fit = make(tiny_recipe(steps=20, optimiser=Optimiser(step_size=0.02)), problem(image), tile=96)
    for _ in fit:
        pass
    left, right = fit._fit._mosaic.grid.columns
    error = fit.restoration().image - torch.from_numpy(clean / 255).permute(2, 0, 1)[None]
    across = error.mean(dim=2)[0].diff().abs().amax(dim=0)
    assert float(across[right.start - 1 : left.stop].max()) < 4 * float(across.median())


def test_an_enlarged_picture_agrees_with_its_input_after_joining():
    small = photo(36, 65)
    result = ut.upscale(small, 2, recipe=tiny_recipe(steps=20), tile=SIDE)
    reduced = downsample(2)(result.image)
    error = (reduced - torch.from_numpy(small / 255).permute(2, 0, 1)[None]).square().mean().sqrt()
    assert float(error) < 1.5 / 255


def test_known_pixels_come_back_bit_for_bit_and_whole_tiles_are_left_out():
    filled = holes()
    filled[:, 70:] = False
    fit = make(tiny_recipe(steps=2), tasks.inpaint(LARGE, filled))
    taken = len(list(fit))
    assert taken == 2 * 4
    restored = np.asarray(fit.restoration())
    assert np.array_equal(restored[~filled], LARGE[~filled])
    assert not np.array_equal(restored[filled], LARGE[filled])


def test_a_tile_with_nothing_known_is_refused():
    filled = np.zeros(LARGE.shape[:2], bool)
    filled[:, :64] = True
    with pytest.raises(ProblemError, match="no known pixel: give a larger tile"):
        next(make(the_problem=tasks.inpaint(LARGE, filled)))


def test_missing_pixels_stay_missing_and_are_not_fitted():
    image = LARGE.astype(np.float32) / 255
    image[:, :64] = np.nan
    fit = make(tiny_recipe(steps=2), problem(image))
    assert len(list(fit)) == 2 * 4
    assert np.array_equal(np.isnan(np.asarray(fit.restoration())), np.isnan(image))


def test_seconds_are_shared_out():
    fit = make(tiny_recipe(steps=10**6, seconds=1.2))
    for _ in fit:
        pass
    assert fit.last.seconds >= 1.2
    tiles = len(fit._fit._mosaic.grid.windows)
    spent = [0.0] + [row.seconds for row in fit.history]
    assert max(np.diff(spent)) < 0.5 * spent[-1]
    assert "seconds was used after" in fit.stop.reason
    assert f"of {tiles} tiles" in fit.stop.reason


def test_other_ways_to_stop_are_told():
    rule = WindowedVariance(window=3, patience=2)
    fit = make(tiny_recipe(steps=60, stopping=(rule,)))
    for _ in fit:
        pass
    result = fit.restoration()
    assert result.stopped.startswith("in the last of 6 tiles the windowed variance was lowest")
    assert 0 < result.chosen_step <= result.steps < 360
    assert torch.equal(fit.stop.picture, fit._fit._mosaic.picture)


# Stopping and going on ----------------------------------------------------------------------------


def test_interrupted_it_hands_over_what_there_is():
    fit = make(tiny_recipe(steps=4))
    with pytest.raises(RuntimeError, match="no step"):
        fit.restoration()
    for _ in range(6):
        step = next(fit)
    result = fit.restoration()
    assert result.stopped == "interrupted after 6 steps, with 1 of 6 tiles ended"
    assert (result.steps, result.chosen_step) == (6, 6)
    assert result.image.shape == (1, 3, 70, 130)
    torch.testing.assert_close(result.image, step.picture.clamp(0, 1), atol=0.51 / 255, rtol=0)
    assert torch.equal(result.image[..., -20:, :], fit.problem.picture.pixels[..., -20:, :])


@pytest.mark.parametrize(
    ("cut", "changes"),
    [
        (3, {}),
        (4, {}),
        (5, {}),
        (24, {}),
        (4, {"pairing": GuidePairing(), "fusion": Fusion()}),
    ],
)
def test_it_goes_on_bit_for_bit_through_a_file(tmp_path, cut, changes):
    recipe, path = tiny_recipe(steps=4, **changes), tmp_path / "fit"
    whole, first = make(recipe), make(recipe)
    expected = list(whole)
    for _ in range(cut):
        next(first)
    save_fit(path, first)
    second = load_fit(path, problem(), recipe, seed=0, device="cpu", tile=SIDE)
    rest = list(second)
    assert [step.index for step in rest] == list(range(cut + 1, len(expected) + 1))
    for got, want in zip(rest, expected[cut:], strict=True):
        assert torch.equal(got.picture, want.picture)
    assert [row[:3] for row in second.history] == [row[:3] for row in whole.history]
    one, other = second.restoration(), whole.restoration()
    assert torch.equal(one.image, other.image)
    assert (one.notes, one.stopped, one.chosen_step) == (
        other.notes,
        other.stopped,
        other.chosen_step,
    )


def test_another_tile_is_another_fit(tmp_path):
    path, fit = tmp_path / "fit", make()
    next(fit)
    save_fit(path, fit)
    for tile in (80, "auto", "off"):
        with pytest.raises(CheckpointError, match="another tile"):
            load_fit(path, problem(), tiny_recipe(), seed=0, device="cpu", tile=tile)


def test_another_precision_is_refused():
    fit = TiledFit(
        problem(), tiny_recipe(), seed=0, engine=choose_engine("cpu", "float32"), side=SIDE
    )
    next(fit)
    other = choose_engine("cpu", "bfloat16")
    with pytest.raises(ProblemError, match="precision"):
        TiledFit.resume(problem(), tiny_recipe(), fit.state_dict(), seed=0, engine=other)


def test_what_was_mended_names_its_tile():
    fit = make(tiny_recipe(steps=8))
    for _ in range(10):
        next(fit)
    with torch.no_grad():
        for parameter in network_of(fit)._network.parameters():
            parameter.fill_(float("nan"))
    for _ in fit:
        pass
    assert len(fit.events) == 1
    assert fit.events[0].startswith("tile 2, step 3: the loss rose")
    assert fit.events[0] in fit.restoration().notes


def test_restore_takes_a_tile_and_reports_are_plain(tmp_path):
    result = restore(problem(), tiny_recipe(steps=2), tile=SIDE)
    ut.write_report(tmp_path / "rep", result, before=problem().picture)
    told = json.loads((tmp_path / "rep" / "report.json").read_text())
    assert (told["steps"], len(told["history"])) == (12, 12)
