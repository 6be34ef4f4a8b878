"""A toy network, a toy pairing and a toy stop rule, each registered in a few lines, here alone."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Literal

import pytest
import torch
from PIL import Image
from pydantic import Field

from tests.helpers.tiny import NETWORK, photo, tiny_recipe
from untrained import tasks
from untrained.app import cli
from untrained.fitting.build_network import BUILDERS, Built, build_network, network
from untrained.fitting.restore import restore
from untrained.fitting.stopping import Stop, stop_rule
from untrained.fitting.stopping.registry import RULES
from untrained.pairings.pair import Pair
from untrained.pairings.registry import PAIRINGS, pairing
from untrained.recipes import (
    NetworkSettings,
    PairingSettings,
    Recipe,
    RecipeError,
    StopRuleSettings,
    network_settings,
    pairing_settings,
    stop_rule_settings,
)
from untrained.recipes.registry import Kinds
from untrained.recipes.settings import Settings
from untrained.system import plugins


class ToyNetwork(NetworkSettings):
    kind: Literal["toy-network"] = "toy-network"
    side: Literal[1, 3] = 3


def build(settings, shape):
    side = settings.side
    layer = torch.nn.Conv2d(shape.channels_in, shape.channels_out, side, padding=side // 2)
    return Built(torch.nn.Sequential(layer, torch.nn.Sigmoid()), shape.size)


class ToyPairing(PairingSettings):
    kind: Literal["toy-pairing"] = "toy-pairing"
    value: float = 0.5


class Flat:
    """A flat input and the measurement."""

    def __init__(self, settings, problem, input_size, generator):
        self.input = torch.full((1, 2, *input_size), settings.value)
        self.problem = problem

    def draw(self, generator):
        measurement = self.problem.measurement
        return Pair(self.input, measurement.y, measurement.operator, measurement.error)


class ToyRule(StopRuleSettings):
    kind: Literal["toy-rule"] = "toy-rule"
    above: float = Field(0.0, ge=0)


class Above:
    """Stop when the picture's brightest sample is above a value, or the held-out number."""

    name = "toy-rule"
    statistic = None

    def __init__(self, settings, watched):
        self.above = settings.above
        self.score = watched.held_out

    def update(self, step):
        self.statistic = float(step.image.max())
        if self.statistic <= self.above:
            return None
        return Stop(self.name, f"it was bright: {self.score}", step.index, step.picture)

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


@pytest.fixture
def toys():
    network_settings(ToyNetwork)
    network(ToyNetwork)(build)
    pairing_settings(ToyPairing)
    pairing(ToyPairing, channels=lambda settings, problem: 2)(Flat)
    stop_rule_settings(ToyRule)
    stop_rule(ToyRule)(Above)
    yield
    for kinds, registry, settings in (
        (network_settings, BUILDERS, ToyNetwork),
        (pairing_settings, PAIRINGS, ToyPairing),
        (stop_rule_settings, RULES, ToyRule),
    ):
        kinds.remove(settings)
        registry.remove(settings)


def toy_recipe(**changes):
    parts = {"network": ToyNetwork(), "pairing": ToyPairing(), "stopping": (ToyRule(),)}
    return tiny_recipe(**(parts | {"steps": 4} | changes))


def test_they_work_from_python(toys):
    result = restore(tasks.denoise(photo(), sigma=0.1), toy_recipe(), device="cpu")
    assert result.stopped == "it was bright: None"
    assert result.steps == 1
    flat = restore(
        tasks.denoise(photo(), sigma=0.1),
        toy_recipe(network=ToyNetwork(side=1), stopping=()),
        device="cpu",
    )
    assert flat.image.flatten(2).std(dim=2).max() == 0, "of a flat input by a filter of one pixel"


def test_they_work_from_the_command_line(toys, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo()).save("in.png")
    Path("toy.json").write_text(toy_recipe().model_dump_json())
    words = "denoise in.png out.png --recipe toy.json --device cpu --json --quiet"
    with pytest.raises(SystemExit) as end:
        cli.main(words.split())
    assert end.value.code == 0
    assert "it was bright" in json.loads(capsys.readouterr().out)["stopped"]


def test_they_are_listed_and_compared(toys, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["info"])
    rows = dict(line.split(" ", 1) for line in capsys.readouterr().out.splitlines())
    assert "toy-network" in rows["networks"]
    assert "toy-pairing" in rows["pairings"]
    assert "toy-rule" in rows["stop"]
    Image.fromarray(photo()).save("in.png")
    Path("toy.json").write_text(toy_recipe().model_dump_json())
    words = "compare in.png --task denoise --sigma 25 --recipe toy.json --device cpu --json --quiet"
    with pytest.raises(SystemExit) as end:
        cli.main(words.split())
    assert end.value.code == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    (ours,) = [row for row in rows if row["method"] == "untrained"]
    assert "it was bright: None" in ours["notes"]


def test_they_are_read_and_written_with_all_their_fields(toys):
    recipe = toy_recipe(network=ToyNetwork(side=1), stopping=(ToyRule(above=0.25),))
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    dumped = recipe.model_dump(mode="json")
    assert dumped["network"] == {"kind": "toy-network", "side": 1}
    assert dumped["stopping"] == [{"kind": "toy-rule", "above": 0.25}]
    schema = json.dumps(Recipe.model_json_schema())
    assert all(kind in schema for kind in ("toy-network", "toy-pairing", "toy-rule"))


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ({"network": {"kind": "toy-netwrk"}}, "did you mean toy-network"),
        ({"pairing": {"kind": "toy"}}, "guide, latent, recorrupt, toy-pairing, zs-n2n"),
        ({"stopping": [{"kind": "x"}]}, "discrepancy, held-out, toy-rule, unbiased-risk"),
        ({"stopping": [{"kind": "toy-rule", "above": -1}]}, "stopping.0.above: .*equal to 0"),
    ],
)
def test_errors_name_them(toys, tmp_path, capsys, monkeypatch, part, known):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo()).save("in.png")
    Path("bad.json").write_text(json.dumps(part))
    with pytest.raises(SystemExit) as end:
        cli.main(["denoise", "in.png", "out.png", "--recipe", "bad.json"])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(known, error)


def test_a_network_for_pictures_is_refused_for_volumes(toys):
    with pytest.raises(RecipeError, match=r"toy-network is for pictures only: .*pixels, skip"):
        build_network(ToyNetwork(), 2, 1, (8, 16, 16), 0)


def test_a_rule_may_hold_something_out(toys):
    RULES.remove(ToyRule)

    def darker(settings, problem, seed):
        dark = dataclasses.replace(problem.measurement, y=0 * problem.measurement.y)
        return dataclasses.replace(problem, measurement=dark), 42

    stop_rule(ToyRule, holds_out=darker)(Above)
    problem = tasks.denoise(photo(), sigma=0.1)
    recipe = toy_recipe(network=NETWORK, stopping=(ToyRule(above=1),), steps=60, averaging=0)
    found = restore(problem, recipe, device="cpu")
    assert found.image.mean() < 0.2, "the fit saw only what was left"
    recipe = toy_recipe()
    assert "bright: 42" in restore(problem, recipe, device="cpu").stopped


def test_settings_that_nothing_carries_out_are_an_error(toys):
    BUILDERS.remove(ToyNetwork)
    try:
        with pytest.raises(RecipeError, match="network settings ToyNetwork: import"):
            restore(tasks.denoise(photo(), sigma=0.1), toy_recipe(), device="cpu")
    finally:
        network(ToyNetwork)(build)


def test_an_installed_extension_is_imported_when_a_kind_is_not_known(monkeypatch):
    kinds = Kinds("toy")

    class Late(Settings):
        kind: Literal["late"] = "late"

    class EntryPoint:
        def load(self):
            kinds(Late)

    monkeypatch.setattr(plugins, "entry_points", lambda group: [EntryPoint()])
    plugins.load_extensions.cache_clear()
    assert kinds._read({"kind": "late"}) == Late()
    plugins.load_extensions.cache_clear()
