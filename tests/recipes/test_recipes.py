import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from untrained.recipes import (
    NetworkSettings,
    Recipe,
    RecipeError,
    RecorruptPairing,
    WindowedVariance,
    network_settings,
    read_recipe,
)


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
        ('{"network": {"kind": "skp"}}', "network: unknown network 'skp' .did you mean skip.*unet"),
        ('{"network": {}}', "network: a network needs a kind: choose from decoder, pixels"),
        ('{"pairing": 3}', "pairing: a pairing needs a kind"),
        ('{"stopping": [{"kind": ["x"]}]}', "stopping.0: a stop rule needs a kind"),
        ('{"stopping": [{"kind": "held-out", "share": 2}]}', "stopping.0.share: .*less than 1"),
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


def nested(depth):
    return '{"pairing": {"kind": "guide"}, "guided_by": ' * depth + "{}" + "}" * depth


WIDE = '"channels": [4096], "skip": [0], "kernel_down": [9], "kernel_up": [9]'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"steps": 1.5}', "steps"),
        ('{"steps": true}', "steps.*valid integer.*True"),
        ('{"steps": "3"}', "steps.*valid integer.*'3'"),
        ('{"steps": 1000000000000000000}', "steps.*1000000000000000000"),
        ('{"steps": ' + "9" * 5000 + "}", "steps|JSON"),
        ('{"averaging": true}', "averaging"),
        ('{"averaging": "0.5"}', "averaging"),
        ('{"averaging": NaN}', "NaN is no number of JSON"),
        ('{"seconds": Infinity}', "Infinity is no number of JSON"),
        ('{"seconds": 1e400}', "1e400 is no number of JSON"),
        ('{"steps": 3, "steps": 4}', "'steps' is given twice"),
        ('{"guard": {"every": 3, "every": 4}}', "'every' is given twice"),
        ('{"ensemble_size": 1000000000}', "ensemble_size.*64"),
        ('{"ensemble_size": 1000}', "ensemble_size.*64"),
        ('{"network": {"kind": "skip", "mix": 1}}', "network.mix|mix"),
        ('{"network": {"kind": "resnet", "channels": 1000000000}}', "channels"),
        (
            '{"network": {"kind": "resnet", "blocks": 256, "channels": 4096}}',
            "weights is too large",
        ),
        ('{"network": {"kind": "decoder", "channels": [4096], "convolutions": true}}', "too large"),
        ('{"network": {"kind": "unet", "channels": [4096, 4096]}}', "weights is too large"),
        ('{"network": {"kind": "skip", "upsampling": ["nearest"], ' + WIDE + "}}", "too large"),
        ('{"network": {"kind": "decoder", "channels": [' + "1," * 999 + "1]}}", "channels"),
        ('{"passes": [' + "{}," * 50_000 + "{}]}", "passes.*16"),
        ('{"stopping": [' + '{"kind": "discrepancy"},' * 99 + "3]}", "stopping"),
        (nested(4), "nested more than 3 deep"),
        (nested(100), "nested more than 3 deep"),
        (nested(20_000), "nested too deep|not JSON"),
        ("[" * 200_000, "nested too deep|not JSON"),
        ("[]", "."),
        ("null", "."),
        (" " * 2**21, "over 1048576"),
        ("\udcff", "JSON"),
    ],
    ids=lambda value: value[:40],
)
def test_no_recipe_takes_the_machine_down(tmp_path, text, words):
    path = tmp_path / "recipe.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RecipeError, match=words) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_recipes_are_read_from_files_alone(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(RecipeError, match="not a file"):
            read_recipe(path)


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


OLD = """{"name": "fast", "steps": 140, "members": 1, "averaging": 0.96, "guided_by": null,
"partner": {"scales": 2, "again": true, "pilot": 0.3, "returned": 0.4, "method": "nl-bayes",
"share": 0.05, "error": 1.0, "patience": 20}, "refinement": null, "stopping": []}"""
OLD_PASSES = """{"passes": [{"method": "nl-bayes", "passes": 6, "first": 0.03, "last": 0.01,
"relaxation": 1.5, "patch": 4, "group": 64, "trust": 0.5, "iterations": 8, "shifted": true,
"coarse": {"passes": 16}, "then": null}]}"""
OLD_FUSION = '{"fusion": {"scales": 2, "again": true, "pilot": 0.3, "returned": 0.4, "share": 0.1}}'


NEW = "members is now ensemble_size; partner is now fusion; refinement is now passes, a list"
NEW_FUSION = (
    "fusion: again is now second_pass, null for none; pilot is now pilot_weight; "
    "returned is now residual_feedback; share is now network_weight"
)
NEW_PASSES = (
    "passes.0: passes is now count; first is now first_level; last is now last_level; shifted is "
    "now shift_grid; patch is now a setting of method; group is now a setting of method; coarse is "
    "now an entry of its own before this one, with scale 2; then is now the next entry of the list"
)


@pytest.mark.parametrize(
    ("text", "words"), [(OLD, NEW), (OLD_FUSION, NEW_FUSION), (OLD_PASSES, NEW_PASSES)]
)
def test_former_names_are_told_by_their_new_ones(tmp_path, text, words):
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_schema_lists_every_kind():
    fields = Recipe.model_json_schema()["$defs"]["Recipe"]["properties"]
    kinds = [each["properties"]["kind"]["const"] for each in fields["network"]["oneOf"]]
    assert kinds == ["decoder", "pixels", "resnet", "skip", "unet"]


def test_kinds_are_registered_once_and_only_registered_ones_are_taken():
    class Loose(NetworkSettings):
        kind: Literal["skip"] = "skip"

    with pytest.raises(ValueError, match="already"):
        network_settings(Loose)
    with pytest.raises(RecipeError, match="unknown network"):
        Recipe(network=Loose())
