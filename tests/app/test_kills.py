"""Kills and signals at every point of a run: nothing is lost, nothing is half written."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe

WORDS = ("denoise", "in.png", "out.png", "--sigma", "25", "--recipe", "tiny.json")
WORDS += ("--device", "cpu", "--report", "rep")
KEPT = ("in.png", "tiny.json", "stdout", "stderr", "events")


class Runner:
    """Runs command lines in forks of one process."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        there = {"in.png": folder / "in.png", "tiny.json": folder / "tiny.json"}
        warm = [str(there.get(word, word)) for word in WORDS]
        self.process.stdin.write(json.dumps([*warm, "--quiet", str(folder.parent)]) + "\n")

    def run(self, *more, **struck):
        """Return the exit status, and the number of events unless it was killed."""
        request = {"words": [*WORDS, *more], "folder": str(self.folder), **struck}
        (self.folder / "events").unlink(missing_ok=True)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["status"]

    @property
    def events(self):
        return int((self.folder / "events").read_text())

    @property
    def err(self):
        return (self.folder / "stderr").read_text()

    def clear(self):
        for path in self.folder.iterdir():
            if path.name not in KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def stray(self):
        return [path for path in self.folder.rglob("*") if path.name.endswith(".tmp")]


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    Image.fromarray(photo()).save(folder / "in.png")
    (folder / "tiny.json").write_text(tiny_recipe(steps=3).model_dump_json())
    made = Runner(folder)
    yield made
    made.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def whole(runner):
    """The picture of an undisturbed run, and its number of events."""
    runner.clear()
    assert runner.run() == 0
    return (runner.folder / "out.png").read_bytes(), runner.events


def points(events, most):
    """Numbers of events spread over a run, the first and the last among them."""
    return sorted({1 + round(i * (events - 1) / (most - 1)) for i in range(most)})


def test_after_a_kill_anywhere_the_same_command_gives_the_same_file(runner, whole):
    picture, events = whole
    out = runner.folder / "out.png"
    assert events > 20
    for at in points(events, 10):
        runner.clear()
        assert runner.run(signal="SIGKILL", at=at) == -9, at
        assert not out.exists() or out.read_bytes() == picture, at
        assert runner.run("--resume", "--overwrite") == 0, (at, runner.err)
        assert out.read_bytes() == picture, at
        assert not (runner.folder / "out.png.resume").exists(), at


@pytest.mark.parametrize(("name", "most"), [("SIGINT", 12), ("SIGTERM", 5), ("SIGHUP", 4)])
def test_a_signal_anywhere_ends_with_130_and_says_what_was_kept(runner, whole, name, most):
    picture, events = whole
    out, resume = runner.folder / "out.png", runner.folder / "out.png.resume"
    for at in points(events, most):
        runner.clear()
        assert runner.run("--quiet", signal=name, at=at) == 130, (at, runner.err)
        assert runner.err.startswith("untrained: interrupted"), (at, runner.err)
        assert runner.err.count("\n") == 1, (at, runner.err)
        assert runner.stray() == [], at
        if not out.exists():
            assert "nothing was written" in runner.err, at
            assert not resume.exists(), at
            continue
        with Image.open(out) as image:
            image.load()
        if resume.exists():
            assert "--resume" in runner.err
            assert runner.run("--resume") == 0, (at, runner.err)
        assert out.read_bytes() == picture, at
