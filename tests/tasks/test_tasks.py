import numpy as np
import pytest
import tifffile
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.errors import RequestError
from untrained.fitting.restore import restore
from untrained.picture.reading import read
from untrained.picture.writing import write


def test_denoise_estimates_or_takes_the_level_and_says_which():
    given = tasks.denoise(photo(), sigma=25 / 255)
    assert given.measurement.noise.sigma == 25 / 255
    assert given.notes == ("noise level 25.00 of 255, as given",)
    noisy = photo(128, 128) + np.random.default_rng(0).normal(0, 20, (128, 128, 3))
    guessed = tasks.denoise(np.clip(noisy, 0, 255).astype(np.uint8))
    assert 255 * guessed.measurement.noise.sigma == pytest.approx(20, rel=0.15)
    assert "estimated" in guessed.notes[0]


def test_missing_pixels_are_not_fitted_and_stay_missing():
    array = np.random.default_rng(0).random((12, 10)).astype(np.float32)
    array[3:5, 3:5] = np.nan
    for task in (tasks.denoise(array, sigma=0.1), tasks.deblock(array), tasks.upscale(array, 2)):
        changed = task.measurement.operator(torch.rand(1, 1, *task.size))
        assert (changed[..., 3:5, 3:5] == 0).all()
        result = restore(task, tiny_recipe(steps=2), device="cpu")
        assert np.isnan(result.picture).sum() == 4 * (task.size[0] // 12) ** 2


def test_inpaint_takes_its_mask_from_what_there_is():
    image = photo(12, 12)
    fill = np.zeros((12, 12), bool)
    fill[2:4, 5] = True
    for problem in (tasks.inpaint(image, fill), tasks.inpaint(image, known=~fill)):
        assert np.array_equal(problem.rendering.filled[0, 0].numpy(), fill)
        assert problem.measurement.y[0, :, fill].abs().max() == 0
        assert "few, as of text" in problem.notes[0]
    floats = image / 255
    floats[fill] = np.nan
    assert np.array_equal(tasks.inpaint(floats).rendering.filled[0, 0].numpy(), fill)
    both = np.zeros_like(fill)
    both[9, 9] = True
    assert np.array_equal(tasks.inpaint(floats, both).rendering.filled[0, 0].numpy(), fill | both)


def test_masks_of_any_kind():
    fill = np.zeros((12, 12), bool)
    fill[2:4, 5] = True
    tensor = torch.from_numpy(fill)[None, None]
    for mask in (tensor, tensor.float(), fill * 255, fill / 1.0):
        assert torch.equal(tasks.inpaint(photo(12, 12), mask).rendering.filled, tensor)
    with pytest.raises(RequestError, match=r"fill: cannot read mask\.png"):
        tasks.inpaint(photo(12, 12), "mask.png")


def test_inpaint_tells_holes_from_scattered_pixels():
    fill = np.zeros((40, 40), bool)
    fill[10:30, 10:30] = True
    problem = tasks.inpaint(photo(40, 40), fill)
    assert problem.variant == "holes"
    assert "up to 10 pixels" in problem.notes[0]
    scattered = np.random.default_rng(0).random((40, 40)) < 0.5
    problem = tasks.inpaint(photo(40, 40), scattered)
    assert problem.variant == ""
    assert "scattered" in problem.notes[0]
    few = np.random.default_rng(0).random((40, 40)) < 0.2
    assert tasks.inpaint(photo(40, 40), few).variant == "strokes"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tasks.denoise(photo(), sigma=25), "picture units"),
        (lambda: tasks.denoise(photo(), sigma=float("nan")), "sigma"),
        (lambda: tasks.inpaint(photo()), "no pixel is missing"),
        (lambda: tasks.inpaint(photo(), np.ones((24, 20))), "no pixel is known"),
        (lambda: tasks.inpaint(photo(), np.ones((24, 20)), known=np.ones((24, 20))), "not both"),
    ],
)
def test_requests_that_make_no_sense(make, words):
    with pytest.raises(RequestError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_filled_scratch_keeps_known_samples_and_the_type_beside_alpha(tmp_path, depth):
    rows, columns = np.mgrid[:24, :20]
    most = np.iinfo(depth).max
    alpha = np.where(np.hypot(rows - 12, columns - 10) < 9, most, 0).astype(depth)
    stored = (photo().astype(float) * (most / 255)).astype(depth)
    tifffile.imwrite(
        tmp_path / "in.tif",
        np.dstack([stored, alpha]),
        photometric="rgb",
        extrasamples=["unassalpha"],
        metadata=None,
    )
    scratch = np.zeros((24, 20), bool)
    scratch[11:13, 4:16] = True
    problem = tasks.inpaint(read(tmp_path / "in.tif"), scratch)
    result = restore(problem, tiny_recipe(), device="cpu").restored
    write(tmp_path / "out.tif", result)
    found = tifffile.imread(tmp_path / "out.tif")
    assert found.dtype == depth
    assert np.array_equal(found[~scratch], np.dstack([stored, alpha])[~scratch])
    assert (found[scratch][:, 3] == most).all()
