"""Upscaling: sizes, agreement with what was given, what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.errors import RequestError
from untrained.fitting.restore import restore, watch
from untrained.operators import enlarge
from untrained.picture.reading import read
from untrained.picture.region import Region
from untrained.problem.problem import ProblemError
from untrained.tasks.upscale.describe import KERNELS


@pytest.mark.parametrize(
    ("factor", "size"),
    [(2, (48, 40)), (2.5, (60, 50)), (1.23, (30, 25)), (1.02, (24, 20)), (3.1875, (77, 64))],
)
def test_sizes_are_rounded_halves_up(factor, size):
    if size == (24, 20):
        with pytest.raises(ProblemError, match="leaves 20x24 pixels"):
            tasks.upscale(photo(), factor)
        return
    problem = tasks.upscale(photo(), factor)
    assert problem.size == size
    assert (
        problem.measurement.operator(torch.rand(1, 3, *size)).shape == problem.measurement.y.shape
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("factor", [1.5, 2, 2.7, 4])
def test_any_picture_is_brought_into_agreement_with_the_input(kernel, factor):
    problem = tasks.upscale(photo(30, 26), factor, kernel=kernel)
    start = torch.rand(1, 3, *problem.size, generator=torch.Generator().manual_seed(0))
    for picture in (start, enlarge(problem.measurement.y, problem.size)):
        off = problem.measurement.operator(problem.projected(picture)) - problem.measurement.y
        before = problem.measurement.operator(picture) - problem.measurement.y
        assert off.abs().mean() < 0.1 * before.abs().mean() + 1e-4
    assert off.abs().mean() < 1.5 / 255


@pytest.mark.parametrize("kernel", ["box", "bicubic"])
def test_the_result_is_reduced_to_the_input_by_pillow(kernel):
    picture = photo(32, 28)
    found = restore(tasks.upscale(picture, 2.5, kernel=kernel), tiny_recipe(steps=20), device="cpu")
    assert found.picture.shape == (80, 70, 3)
    if kernel == "bicubic":
        again = Image.fromarray(found.picture).resize((28, 32), Image.Resampling.BICUBIC)
    else:
        finer = Image.fromarray(found.picture.repeat(2, axis=0).repeat(2, axis=1))
        again = finer.reduce(5)
    off = np.abs(np.asarray(again).astype(float) - picture)
    assert off.mean() < 1
    assert np.quantile(off, 0.99) < 4


def test_alignment_is_that_of_areas():
    rows = np.linspace(0.2, 0.8, 20, dtype=np.float32)[:, None]
    ramp = np.broadcast_to(rows, (20, 24)).copy()
    problem = tasks.upscale(ramp, 1.75, kernel="bicubic")
    expected = 0.2 + (((np.arange(35) + 0.5) / 1.75 - 0.5) * 0.6 / 19)
    found = problem.projected(torch.zeros(1, 1, *problem.size))[0, 0, 4:-6, 10].numpy()
    np.testing.assert_allclose(found, expected[4:-6], atol=4e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_of_a_broken_factor_show_what_the_whole_shows(channels):
    picture = photo(60, 50)[..., :channels]
    whole = tasks.upscale(picture, 2.3)
    window = Region(20, 31, 70, 60)
    part = whole.region(window)
    assert torch.equal(part.knowledge.guide, whole.knowledge.guide[window.place])
    measured = part.measurement.operator(whole.knowledge.guide[window.place])
    assert measured.shape == part.measurement.y.shape
    assert (measured - part.measurement.y)[..., 3:-3, 3:-3].abs().mean() < 0.02
    recipe = tiny_recipe(steps=2)
    tiled = restore(whole, recipe, device="cpu", tile=64)
    assert tiled.picture.shape[:2] == whole.size


def test_missing_pixels_and_alpha_are_enlarged_too():
    floats = photo().astype(np.float32) / 255
    floats[3:6, 4:7] = np.nan
    problem = tasks.upscale(floats, 2.5)
    result = watch(problem, tiny_recipe(steps=2), device="cpu")
    list(result)
    missing = np.isnan(result.restoration().picture).all(axis=2)
    assert missing.sum() == pytest.approx(9 * 2.5**2, abs=9)
    assert missing[9:14, 11:16].all()


def test_variants_go_by_the_factor():
    assert tasks.upscale(photo(), 8).variant == "x8"
    assert tasks.upscale(photo(), 4).variant == ""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tasks.upscale(photo(), 1), "factor 1: give more than 1 and at most 16"),
        (lambda: tasks.upscale(photo(), 0.5), "more than 1"),
        (lambda: tasks.upscale(photo(), float("nan")), "factor is nan"),
        (lambda: tasks.upscale(photo(), float("inf")), "factor is inf"),
        (lambda: tasks.upscale(photo(), 2, kernel="x"), "'x': choose from lanczos, lanczos2"),
        (lambda: tasks.upscale(photo(), 2, kernel="gaussian", width=0), "width 0"),
        (lambda: tasks.upscale(np.zeros((3000, 3000), np.uint8), 8.5), "over 500 megapixels"),
    ],
)
def test_requests_that_make_no_sense(make, words):
    with pytest.raises(RequestError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_no_colour_bleeds_out_from_under_alpha_zero(tmp_path):
    rows, columns = np.mgrid[:24, :24] - 11.5
    alpha = np.clip(255 * (8.5 - np.hypot(rows, columns)), 0, 255).astype(np.uint8)
    found = []
    for hidden in ((0, 0, 0), (0, 255, 0)):
        colours = np.where(alpha[..., None] > 0, (220, 30, 30), hidden).astype(np.uint8)
        Image.fromarray(np.dstack([colours, alpha])).save(tmp_path / "icon.png")
        problem = tasks.upscale(read(tmp_path / "icon.png"), 3)
        found.append(restore(problem, tiny_recipe(), device="cpu").restored)
        enlarged = problem.knowledge.guide[0, :, 36, :].T * 255
        assert (enlarged - torch.tensor([220.0, 30.0, 30.0])).abs().max() < 3
    assert np.array_equal(found[0].stored, found[1].stored)
    assert found[0].alpha.shape == (72, 72)
