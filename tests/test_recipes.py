import subprocess
import sys

import pytest
from pydantic import ValidationError

from untrained.recipes import (
    Recipe,
    RecipeError,
    RecorruptPairing,
    SkipNetwork,
    WindowedVariance,
    known_presets,
    preset,
    read_recipe,
)

TASKS = ("denoise", "deblock", "upscale", "inpaint")


@pytest.mark.parametrize("task", TASKS)
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
    with pytest.raises(RecipeError, match=r"fast, paper.*did you mean 'paper'"):
        preset("denoise", "papr")


def test_recipes_are_values():
    recipe = preset("denoise", "fast")
    with pytest.raises(ValidationError):
        recipe.steps = 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSON"),
        ('{"step": 3}', "step: Extra inputs"),
        ('{"steps": 0}', "steps: .*greater than 0"),
        ('{"network": {"kind": "gan"}}', "network: .*'skip'"),
        ('{"network": {"kind": "skip", "channels": [8]}}', "one entry for each scale"),
        ('{"network": {"kind": "skip", "kernel_down": [3, 3, 3, 3, 4]}}', "odd"),
        ('{"averaging": 1.0}', "averaging"),
        ('{"seconds": -1}', "seconds"),
    ],
)
def test_bad_recipe_files_are_named_in_one_line(tmp_path, text, words):
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(RecipeError, match=words) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_recipe_files(tmp_path):
    with pytest.raises(RecipeError, match="No such file"):
        read_recipe(tmp_path / "none.json")


def test_recipe_files_are_read(tmp_path):
    recipe = Recipe(
        steps=7,
        pairing=RecorruptPairing(strength=0.4),
        stopping=(WindowedVariance(window=10, patience=5),),
    )
    path = tmp_path / "recipe.json"
    path.write_text(recipe.model_dump_json())
    assert read_recipe(path) == recipe


def test_settings_load_no_torch():
    code = "import sys, untrained.recipes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
