"""A task is registered once, and every part of the program knows it; a toy task from one file."""

import dataclasses
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import untrained as ut
from tests.helpers.tiny import photo, tiny_recipe
from untrained.app import cli
from untrained.recipes import Recipe
from untrained.recipes.presets.ensembles import Ensembles
from untrained.system import plugins
from untrained.tasks.presets import known_presets, preset
from untrained.tasks.registry import (
    TASKS,
    Comparison,
    TaskSpec,
    register_task,
)

TOY = "tests.helpers.toy_task"
TINY = ("--recipe", "tiny.json", "--device", "cpu", "--quiet")


class EntryPoint:
    """What an installed package would name."""

    def load(self):
        importlib.import_module(TOY)


@pytest.fixture
def toy(monkeypatch):
    """The toy task in a package that is installed, but not imported; no trace of it afterwards."""
    before = dict(TASKS)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [EntryPoint()])
    plugins.load_extensions.cache_clear()
    sys.modules.pop(TOY, None)
    yield
    TASKS.clear()
    TASKS.update(before)
    sys.modules.pop(TOY, None)
    plugins.load_extensions.cache_clear()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a dark picture and a tiny recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    Image.fromarray(photo() // 2).save("in.png")
    Path("tiny.json").write_text(tiny_recipe(steps=3).model_dump_json())
    return tmp_path


def run(*words):
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return end.value.code


# The toy ------------------------------------------------------------------------------------------


def test_it_works_from_python(toy):
    problem = ut.tasks.toy(photo() // 2, factor=2)
    result = ut.restore(problem, tiny_recipe(steps=150), device="cpu")
    assert float(result.image.mean()) == pytest.approx(
        2 * float(problem.picture.pixels.mean()), rel=0.2
    )
    assert ut.restore(problem, device="cpu").recipe == ut.preset("toy", "fast")


@pytest.mark.parametrize(
    ("words", "factor"), [((), 4), (("--factor", "2"), 2), (("--factor", "2", "--gentle"), 1)]
)
def test_it_works_from_the_command_line(toy, folder, capsys, words, factor):
    assert run("toy", "in.png", "out.png", *words, *TINY, "--json") == 0
    assert json.loads(capsys.readouterr().out)["task"] == "toy"
    expected = ut.restore(
        ut.tasks.toy(ut.read("in.png"), factor), ut.read_recipe(Path("tiny.json")), device="cpu"
    )
    assert np.array_equal(ut.read("out.png").stored, expected.restored.stored)


def test_help_lists_it_with_its_options_and_presets(toy, folder, capsys):
    assert run("--help") == 0
    assert "toy " in (listed := capsys.readouterr().out)
    assert "Brighten a dimmed picture." in listed
    assert run("toy", "--help") == 0
    own = capsys.readouterr().out
    for words in (
        "untrained toy [OPTIONS] INPUT OUTPUT",
        "The dark picture.",
        "--factor FLOAT    How many times darker the picture is. [default: 4.0]",
        "--gentle          Brighten by half as much. [default: False]",
        "Settings to use: fast. [default: fast]",
    ):
        assert words in own
    assert "--pages" not in own
    assert "--no-gentle" not in own
    assert run("compare", "--help") == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "toy, upscale] [required]" in words
    assert "For toy: how many times darker the picture is; 4.0 when absent." in words
    assert "--gentle" not in words


def test_messages_list_it(toy, folder, capsys):
    with pytest.raises(ut.RecipeError, match=r"choose from deblock, .*, toy, upscale; .*'toy'"):
        preset("toi", "fast")
    with pytest.raises(ut.RecipeError, match=r"unknown preset 'best' for toy: choose from fast"):
        preset("toy", "best")
    with pytest.raises(AttributeError, match=r"no task 'tony': .*toy, upscale"):
        ut.tasks.tony  # noqa: B018
    assert run("compare", "in.png", "--task", "tony") == 2
    assert "toy" in capsys.readouterr().err
    assert run("compare", "in.png", "--task", "deblock", "--factor", 2) == 2
    assert "--factor is for upscale, toy, not for deblock" in capsys.readouterr().err


def test_it_is_compared(toy, folder, capsys):
    words = ("in.png", "--task", "toy", "--factor", 2, "--reference", "in.png")
    assert run("compare", *words, *TINY, "--json") == 0
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["untrained"]["file"] == "untrained.png"
    assert "unknown preset 'tv' for toy" in rows["tv"]["notes"][0]
    assert json.loads(Path("compare-in/compare.json").read_text())["settings"]["factor"] == 2


# The registry -------------------------------------------------------------------------------------


def test_the_toy_leaves_no_trace():
    assert "toy" not in TASKS
    with pytest.raises(AttributeError, match="no task 'toy'"):
        ut.tasks.toy  # noqa: B018


SPEC = TaskSpec("toy", lambda image: image, {"fast": Recipe(name="fast")})


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"variant_presets": {("fast", "holes"): Recipe()}}, "no variant 'holes'"),
        ({"variant_presets": {("best", ""): Recipe()}}, "no preset 'best'"),
        ({"presets": {"slow": Recipe()}}, "no preset 'fast'"),
        ({"compare": Comparison(("sigma",))}, "no option 'sigma'"),
    ],
)
def test_what_is_mistyped_is_refused(changes, fault):
    with pytest.raises(ValueError, match=fault):
        dataclasses.replace(SPEC, **changes)


def test_names_are_taken_once():
    with pytest.raises(ValueError, match="a task 'denoise' already"):
        register_task(dataclasses.replace(SPEC, name="denoise"))

    @dataclasses.dataclass(frozen=True)
    class Other:
        factor: str = "4"

    with pytest.raises(ValueError, match="'factor' for upscale as another type"):
        register_task(dataclasses.replace(SPEC, options=Other, compare=Comparison(("factor",))))
    assert "toy" not in TASKS


def test_ensembles_are_several_of_fast():
    passes = {"": (), "large": ()}
    spec = dataclasses.replace(
        SPEC,
        variants=("", "large", "blind"),
        variant_presets={("fast", name): Recipe(steps=7) for name in ("large", "blind")},
        ensembles=Ensembles(calibration=3.0, passes=passes, alone=("blind",)),
    )
    assert tuple(spec.all_presets) == ("fast", "balanced", "best")
    assert (spec.all_presets["best"].ensemble_size, spec.all_presets["best"].calibration) == (12, 3)
    assert spec.all_variant_presets["balanced", "large"].ensemble_size == 4
    assert spec.all_variant_presets["balanced", "large"].steps == 7
    assert spec.all_variant_presets["balanced", "blind"].ensemble_size == 1


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_preset_has_its_variants(task):
    for name in known_presets(task):
        for variant in TASKS[task].variants:
            assert preset(task, name, variant=variant)
    with pytest.raises(ut.RecipeError, match=f"unknown variant 'no' of {task}: choose from ''"):
        preset(task, "fast", variant="no")


def test_the_describing_functions_are_those_of_the_folders():
    assert set(dir(ut.tasks)) == {*TASKS, "deblur", "phase"}
    for name in dir(ut.tasks):
        assert getattr(ut.tasks, name).__name__ == name


def test_what_must_be_given_is_asked_for(folder, capsys):
    assert run("compare", "in.png", "--task", "flash") == 2
    assert "flash needs --flash: The flash picture" in capsys.readouterr().err
    assert run("flash", "in.png", "out.png") == 2
    assert "--flash" in capsys.readouterr().err


def test_registering_loads_no_torch():
    code = "import untrained.tasks.presets as p, sys; p.preset('denoise', 'best'); "
    code += "sys.exit(any(name in sys.modules for name in ('torch', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
