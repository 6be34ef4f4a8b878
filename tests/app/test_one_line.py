"""One line means one: whatever the names, the terminal, and what goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained.app import cli, keeping, restore_file
from untrained.fitting.fit import Fit
from untrained.problem.problem import ProblemError

WORDS = ("denoise", "in.png", "out.png", "--recipe", "tiny.json", "--device", "cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo()).save("in.png")
    Path("tiny.json").write_text(tiny_recipe(steps=3).model_dump_json())
    return tmp_path


def run(*words):
    with pytest.raises(SystemExit) as end:
        cli.main(list(words))
    return end.value.code


@pytest.mark.parametrize("name", ["[red]x[/].png", "[/].png", ":warning:.png", "a" * 90 + ".png"])
def test_a_name_is_told_as_it_is(folder, capsys, name):
    Path("in.png").rename("a.png")
    assert run("denoise", name, "out.png") == 2
    assert capsys.readouterr().err == (
        f"untrained: cannot read {name}: No such file or directory\n"
    )
    Path("a.png").rename("in.png")
    Path(name).parent.mkdir(exist_ok=True, parents=True)
    assert run(*WORDS[:2], name, *WORDS[3:]) == 0
    assert f"{name}: denoise in" in capsys.readouterr().out


def test_what_the_first_step_refuses_is_one_line_too(folder, capsys, monkeypatch):
    def refusing(_fit):
        raise ProblemError("this does not go")

    monkeypatch.setattr(Fit, "__next__", refusing)
    assert run(*WORDS) == 2
    assert capsys.readouterr() == ("", "untrained: this does not go\n")


def test_a_fault_of_ours_is_said_to_be_one(folder, capsys, monkeypatch):
    def faulty(*_given):
        raise KeyError("x")

    monkeypatch.setattr(restore_file, "run_job", faulty)
    with pytest.raises(KeyError):
        cli.main([*WORDS])
    assert "a fault of untrained" in capsys.readouterr().err


def failing(path, fit):
    raise OSError(28, "No space left on device")


def test_a_fit_that_cannot_be_kept_warns_once_and_goes_on(folder, capsys, monkeypatch):
    assert run(*WORDS, "--quiet") == 0
    whole = Path("out.png").read_bytes()
    monkeypatch.setattr(restore_file, "SECONDS_BETWEEN_SAVINGS", 0.0)
    monkeypatch.setattr(keeping, "save_fit", failing)
    capsys.readouterr()
    assert run(*WORDS, "--quiet", "--overwrite") == 0
    assert Path("out.png").read_bytes() == whole
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("untrained: warning: the unfinished fit cannot be kept in out.png.resume")
    assert "No space left on device" in err


def test_an_interrupted_fit_that_cannot_be_kept_is_written_all_the_same(
    folder, capsys, monkeypatch
):
    step = Fit.__next__

    def pressed(fit):
        made = step(fit)
        os.kill(os.getpid(), 2)
        return made

    monkeypatch.setattr(Fit, "__next__", pressed)
    monkeypatch.setattr(keeping, "save_fit", failing)
    assert run(*WORDS, "--quiet") == 130
    with Image.open("out.png") as image:
        image.load()
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "wrote the best picture so far to out.png; the fit could not be kept" in err


SHELL = """
cd "$1"; shift
"$@" --quiet --json > /dev/full; echo $?
"$@" --quiet --json | head -c1 > /dev/null; echo ${PIPESTATUS[0]}
"$@" <&- >&- 2>&-; echo $?
PYTHONIOENCODING=ascii LC_ALL=C TERM=dumb "$@"; echo $?
"""


def test_streams_that_are_full_closed_or_poor_end_nothing(folder):
    command = [sys.executable, "-m", "untrained.app.cli", *WORDS, "--overwrite"]
    done = subprocess.run(
        ["bash", "-c", SHELL, "bash", str(folder), *command],
        capture_output=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.stdout.split(b"\n")[:3] == [b"1", b"0", b"0"]
    assert done.stdout.endswith(b"\n0\n")
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.stderr.count(b"cannot write to standard output") == 1
    with Image.open(folder / "out.png") as image:
        image.load()


@pytest.mark.parametrize("words", [("compare", "in.png", "--task", "denoise"), WORDS])
def test_an_interruption_before_there_is_anything_is_one_line(folder, capsys, monkeypatch, words):
    from untrained.picture import reading

    def pressed(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "read", pressed)
    assert run(*words) == 130
    assert capsys.readouterr() == ("", "untrained: interrupted: nothing was written\n")
