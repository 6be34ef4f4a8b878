import subprocess
import sys

import pytest
from pydantic import ValidationError

from untrained.recipes import Recipe, RecipeError, RecorruptPairing, WindowedVariance, read_recipe


def test_recipes_are_values():
    recipe = Recipe()
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
    code = "import sys, untrained.recipes.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
