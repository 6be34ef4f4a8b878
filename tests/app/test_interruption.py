"""Ctrl-C at any moment after the input was read, in this process."""

import inspect
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained.app import cli
from untrained.denoisers import groups_2d
from untrained.recipes import Fusion, GuidePairing
from untrained.tasks import denoise as describing

RECIPE = tiny_recipe(steps=3, pairing=GuidePairing(channels=0), fusion=Fusion())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo(60, 40)).save("in.png")
    Path("r.json").write_text(RECIPE.model_dump_json())
    return tmp_path


def run(*words):
    given = ("denoise", "in.png", *words, "--sigma", "25", "--recipe", "r.json", "--quiet")
    with pytest.raises(SystemExit) as ended:
        cli.main([*given, "--device", "cpu"])
    return ended.value.code


def pressed_at(monkeypatch, number):
    """Press Ctrl-C at a beat of the denoisers."""
    beats = []

    def beat(share):
        beats.append(share)
        if len(beats) == number:
            os.kill(os.getpid(), signal.SIGINT)
        heard(share)

    heard = groups_2d.beat
    monkeypatch.setattr(groups_2d, "beat", beat)
    return beats


@pytest.mark.parametrize("number", [1, 3, 6])
def test_while_an_estimate_is_made_the_best_picture_so_far_is_written(folder, monkeypatch, number):
    assert run("whole.png") == 0
    beats = pressed_at(monkeypatch, number)
    assert run("out.png") == 130
    interrupted = len(beats)
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    with Image.open("out.png") as image:
        assert image.size == (40, 60)
        image.load()
    assert Path("out.png").read_bytes() != Path("whole.png").read_bytes()
    every = pressed_at(monkeypatch, -1)
    assert run("out.png", "--resume") == 0
    assert Path("out.png").read_bytes() == Path("whole.png").read_bytes()
    resumed = len(every)
    every.clear()
    assert run("again.png") == 0
    # At most the pass that was ended is run again.
    assert interrupted + resumed <= 1.5 * len(every)


def test_while_the_problem_is_described_the_first_step_is_still_made(folder, monkeypatch):
    described = inspect.unwrap(describing).__globals__["_check"]

    def pressed(*given):
        os.kill(os.getpid(), signal.SIGINT)
        return described(*given)

    monkeypatch.setitem(inspect.unwrap(describing).__globals__, "_check", pressed)
    assert run("out.png") == 130
    assert Path("out.png").exists()
    assert Path("out.png.resume").exists()


def test_a_second_press_before_there_is_a_picture_ends_at_once(folder, monkeypatch):
    beats = pressed_at(monkeypatch, 1)

    def beat(share):
        beats.append(share)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(groups_2d, "beat", beat)
    assert run("out.png") == 130
    assert len(beats) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["in.png", "r.json"]


def test_the_bar_moves_within_the_first_pass(folder, monkeypatch):
    moved = []
    from untrained.app import restore_file

    class Bar(restore_file.Progress):
        def update(self, task, **given):
            moved.append(given.get("completed"))
            super().update(task, **given)

    monkeypatch.setattr(restore_file, "Progress", Bar)
    assert run("out.png") == 0
    shares = [share for share in moved if share is not None]
    assert shares == sorted(shares)
    first_step = 0.3 / (0.3 + 1 + 0.15) / 3
    assert sum(share < first_step for share in shares) >= 3
