"""A denoiser that one file registers works wherever a recipe names it."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from tests.app.test_cli import run
from tests.helpers.denoisers import GaussianBlur, registered
from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.denoisers.registry import denoise
from untrained.fitting.restore import restore
from untrained.recipes import (
    Fusion,
    GuidePairing,
    Recipe,
    RecipeError,
    SelfSimilarPasses,
    read_recipe,
)

LOST = np.random.default_rng(0).random((24, 20)) < 0.4


@pytest.fixture
def toy():
    with registered():
        yield


def holes():
    return tasks.inpaint(np.where(LOST[..., None], 0, photo()), LOST)


def test_passes_take_it_by_name_or_with_its_settings(toy):
    def passed(method):
        recipe = tiny_recipe(passes=(SelfSimilarPasses(method=method, count=3),), steps=2)
        return restore(holes(), recipe, device="cpu").image

    plain = passed("gaussian-blur")
    assert torch.equal(plain, passed(GaussianBlur()))
    assert not torch.equal(plain, passed(GaussianBlur(width=0.5)))
    assert not torch.equal(plain, passed("nl-ridge"))


def test_fusion_takes_it(toy):
    problem = tasks.denoise(photo(), sigma=0.2)

    def fused(method):
        recipe = tiny_recipe(
            pairing=GuidePairing(channels=0), fusion=Fusion(method=method), steps=2
        )
        return restore(problem, recipe, device="cpu")

    result = fused("gaussian-blur")
    assert any("gaussian-blur" in note for note in result.notes)
    assert not torch.equal(result.image, fused("nl-bayes").image)


def test_the_command_line_takes_it(toy, tmp_path):
    recipe = tiny_recipe(passes=(SelfSimilarPasses(method="gaussian-blur", count=2),), steps=2)
    file = tmp_path / "recipe.json"
    file.write_text(recipe.model_dump_json())
    assert json.loads(file.read_text())["passes"][0]["method"] == {
        "kind": "gaussian-blur",
        "width": 1.0,
    }
    assert read_recipe(file) == recipe
    Image.fromarray(photo()).save(tmp_path / "in.png")
    words = ("--sigma", "25", "--recipe", file, "--device", "cpu")
    assert run("denoise", tmp_path / "in.png", tmp_path / "out.png", *words) == 0
    with Image.open(tmp_path / "out.png") as written:
        assert written.size == (20, 24)


def test_an_unknown_one_is_refused_with_the_known(toy):
    words = "unknown denoiser 'nl-baies'.*nl-bayes.*gaussian-blur, nl-bayes, nl-ridge"
    for make in (SelfSimilarPasses, Fusion):
        with pytest.raises(RecipeError, match=words):
            make(method="nl-baies")


def test_it_is_gone_when_nothing_registers_it():
    with pytest.raises(ValidationError, match="unknown denoiser 'gaussian-blur'"):
        Recipe.model_validate({"passes": [{"method": "gaussian-blur"}]})
    picture = torch.rand(1, 1, 9, 9)
    with pytest.raises(RecipeError, match="GaussianBlur"):
        denoise(picture, 0.1, GaussianBlur(), pilot=picture)


def test_its_patches_lie_on_no_grid_to_shift(toy):
    with pytest.raises(RecipeError, match=r"shift_grid has no effect.*gaussian-blur"):
        SelfSimilarPasses(method="gaussian-blur", shift_grid=True)
