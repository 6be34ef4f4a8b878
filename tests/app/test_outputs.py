"""What a command writes: only its own, one process at a time, and a finished fit is never lost."""

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained.app import cli, restore_file
from untrained.app.interruption import Interruption
from untrained.errors import WorkError
from untrained.evaluation.snapshots import Snapshots
from untrained.picture import writing
from untrained.system import owned_folder, rescue

TINY = ("--recipe", "tiny.json", "--device", "cpu", "--quiet")
DENOISE = ("denoise", "in.png")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    work, temporary = tmp_path / "work", tmp_path / "temporary"
    work.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    Image.fromarray(photo()).save("in.png")
    mask = np.zeros((24, 20), np.uint8)
    mask[4:9, 4:9] = 255
    Image.fromarray(mask).save("mask.png")
    Path("tiny.json").write_text(tiny_recipe(steps=3).model_dump_json())
    return work


def run(*words):
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return end.value.code


def told(capsys):
    """The one line on standard error."""
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.isprintable() or err[:-1].isprintable()
    return err


def tree(folder):
    """Everything in a folder: kind, content and place in memory of each entry."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        plain = path.is_file() and not path.is_symlink()
        found[path] = status.st_mode, status.st_ino, path.read_bytes() if plain else b""
    return found


def mine(name, content="mine"):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(content)


def a_socket(name):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(name)


REFUSED = {
    "in place": ((*DENOISE, "in.png"), None, "is an input"),
    "a hard link to the input": (
        (*DENOISE, "h.png"),
        lambda: os.link("in.png", "h.png"),
        "in.png",
    ),
    "a link to the input": (
        (*DENOISE, "l.png"),
        lambda: Path("l.png").symlink_to("in.png"),
        "in.png",
    ),
    "the mask": (("inpaint", "in.png", "mask.png", "--mask", "mask.png"), None, "mask.png"),
    "the flash": (("flash", "in.png", "mask.png", "--flash", "mask.png"), None, "mask.png"),
    "the reference": ((*DENOISE, "mask.png", "--reference", "mask.png"), None, "mask.png"),
    "the kernel": (
        ("reconstruct", "deblur", "in.png", "mask.png", "--kernel", "mask.png"),
        None,
        "mask.png",
    ),
    "the angles": (
        ("reconstruct", "ct", "in.png", "mask.png", "--angles", "mask.png"),
        None,
        "mask.png",
    ),
    "the weights": (
        ("dream", "mask.png", "--target", "3", "--weights", "mask.png"),
        None,
        "mask.png",
    ),
    "an input as the kept fit": (
        (*DENOISE, "o.png", "--reference", "o.png.resume"),
        lambda: shutil.copy("mask.png", "o.png.resume"),
        "o.png.resume",
    ),
    "an input in the report": (
        ("denoise", "r/in.png", "o.png", "--report", "r"),
        lambda: (Path("r").mkdir(), shutil.copy("in.png", "r/in.png")),
        "contains an input",
    ),
    "a mask in the report": (
        ("inpaint", "in.png", "o.png", "--mask", "r/m.png", "--report", "r"),
        lambda: (Path("r").mkdir(), shutil.copy("mask.png", "r/m.png")),
        "contains an input",
    ),
    "the result in the report": (
        (*DENOISE, "r/restored.png", "--report", "r"),
        lambda: Path("r").mkdir(),
        "r/restored.png",
    ),
    "the result as the report": ((*DENOISE, "o.png", "--report", "o.png"), None, "two outputs"),
    "the kept fit as the report": (
        (*DENOISE, "o.png", "--report", "o.png.resume"),
        None,
        "two outputs",
    ),
    "the user's folder as the report": (
        (*DENOISE, "o.png", "--report", "r"),
        lambda: (mine("r/kernel.npy"), mine("r/index.html")),
        "not a folder of ours",
    ),
    "a report of an earlier version": (
        (*DENOISE, "o.png", "--report", "r"),
        lambda: mine("r/report.json", "{}"),
        "empty it",
    ),
    "a report in a missing folder": ((*DENOISE, "o.png", "--report", "no/r"), None, "no"),
    "a report in a link that bites itself": (
        (*DENOISE, "o.png", "--report", "l"),
        lambda: Path("l").symlink_to("l"),
        "symbolic links",
    ),
    "a report with a long name": ((*DENOISE, "o.png", "--report", "x" * 300), None, "too long"),
    "a report in a FIFO": (
        (*DENOISE, "o.png", "--report", "f"),
        lambda: os.mkfifo("f"),
        "is a file",
    ),
    "a FIFO": ((*DENOISE, "f.png"), lambda: os.mkfifo("f.png"), "FIFO"),
    "a link to a device": (
        (*DENOISE, "n.png"),
        lambda: Path("n.png").symlink_to("/dev/null"),
        "device",
    ),
    "a socket": ((*DENOISE, "s.png"), lambda: a_socket("s.png"), "socket"),
    "a link that bites itself": (
        (*DENOISE, "l.png"),
        lambda: (Path("l.png").symlink_to("m.png"), Path("m.png").symlink_to("l.png")),
        "symbolic links",
    ),
    "a link to a missing folder": (
        (*DENOISE, "l.png"),
        lambda: Path("l.png").symlink_to("no/o.png"),
        "no does not exist",
    ),
    "too long a name": ((*DENOISE, "x" * 300 + ".png"), None, "too long"),
    "a name too long for the kept fit": ((*DENOISE, "x" * 246 + ".png"), None, "too long"),
    "too long a path": ((*DENOISE, "/".join(["d" * 200] * 30) + "/o.png"), None, "too long"),
    "a folder": ((*DENOISE, "d.png"), lambda: Path("d.png").mkdir(), "folder"),
    "a file as a folder": ((*DENOISE, "in.png/o.png"), None, "file"),
    "a missing folder": ((*DENOISE, "no/o.png"), None, "does not exist"),
    "an empty name": ((*DENOISE, ""), None, "name"),
    "this folder": ((*DENOISE, "."), None, "file name"),
    "the folder above": ((*DENOISE, ".."), None, "file name"),
    "a NUL": ((*DENOISE, "a\0.png"), None, "name"),
    "a NUL in the report": ((*DENOISE, "o.png", "--report", "a\0"), None, "name"),
    "a read-only file system": ((*DENOISE, "/proc/o.png"), None, "cannot be written"),
    "a report on a read-only file system": (
        (*DENOISE, "o.png", "--report", "/proc/r"),
        None,
        "/proc",
    ),
    "a folder as the kept fit": (
        (*DENOISE, "o.png"),
        lambda: Path("o.png.resume").mkdir(),
        "o.png.resume",
    ),
    "a FIFO as the kept fit": (
        (*DENOISE, "o.png", "--resume"),
        lambda: os.mkfifo("o.png.resume"),
        "FIFO",
    ),
    "the user's file as the kept fit": (
        (*DENOISE, "o.png"),
        lambda: mine("o.png.resume"),
        "not a saved fit",
    ),
    "the user's file as the lock": (
        (*DENOISE, "o.png"),
        lambda: mine(".o.png.untrained-lock"),
        "no lock of ours",
    ),
    "a sheet in a device": (
        ("dream", "n.png", "--target", "3", "--sheet"),
        lambda: Path("n.png").symlink_to("/dev/null"),
        "device",
    ),
    "a sheet over the input": (("invert", "in.png", "in.png", "--sheet"), None, "is an input"),
    "a comparison here": (
        ("compare", "in.png", "--task", "denoise", "--out", "."),
        None,
        "contains an input",
    ),
    "a comparison over the reference": (
        ("compare", "in.png", "--task", "denoise", "--reference", "compare-in/a.png"),
        lambda: (Path("compare-in").mkdir(), shutil.copy("in.png", "compare-in/a.png")),
        "contains an input",
    ),
    "a comparison over the user's": (
        ("compare", "in.png", "--task", "denoise", "--out", "r"),
        lambda: mine("r/sheet.png"),
        "not a folder of ours",
    ),
    "a study over the user's": (
        ("study", "overfit", "--out", "r"),
        lambda: mine("r/overfit.csv"),
        "not a folder of ours",
    ),
    "a bench over the user's": (
        ("bench", "denoise", "--data", "in.png", "--out", "r"),
        lambda: mine("r/bench.json"),
        "not a folder of ours",
    ),
    "a bench in its data": (("bench", "denoise", "--data", ".", "--out", "."), None, "input"),
    "a speed bench over the user's": (
        ("bench", "speed", "--out", "r", "--quick"),
        lambda: mine("r/curve.png"),
        "not a folder of ours",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_but_our_own_is_replaced_even_with_overwrite(folder, capsys, monkeypatch, name):
    words, prepare, named = REFUSED[name]
    if prepare is not None:
        prepare()
    monkeypatch.setattr(restore_file, "_work", lambda *_: pytest.fail("the fit has begun"))
    before = tree(folder)
    plain = words[0] in ("study", "bench") or "--sheet" in words
    overwrite = () if "--resume" in words else ("--overwrite",)
    assert run(*words, *overwrite, *(("--quiet",) if plain else TINY)) == 2
    assert named in told(capsys)
    assert tree(folder) == before


def test_names_stay_one_line(folder, capsys):
    strange = os.fsdecode(b"a\xff\n\x1b[31m.png")
    assert run(*DENOISE, strange, *TINY[:-1]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "a\\udcff\\n\\x1b[31m.png: denoise" in out
    assert run(*DENOISE, strange, *TINY) == 2
    assert "a\\udcff\\n\\x1b[31m.png exists" in told(capsys)


def test_a_dangling_link_is_followed(folder):
    Path("link.png").symlink_to("target.png")
    assert run(*DENOISE, "link.png", *TINY) == 0
    assert Path("link.png").is_symlink()
    assert Path("target.png").is_file()


def test_a_report_replaces_only_what_it_wrote(folder, capsys):
    words = (*DENOISE, "o.png", "--report", "r", *TINY)
    assert run(*words) == 0
    first = tree(folder)
    assert run(*DENOISE, "p.png", "--report", "r", *TINY) == 2
    assert "--overwrite" in told(capsys)
    assert tree(folder) == first
    mine("r/notes.txt")
    mine("r/snapshots/mine.png")
    assert run(*words, "--overwrite") == 0
    assert Path("r/notes.txt").read_text() == Path("r/snapshots/mine.png").read_text() == "mine"
    Path("r/restored.png").unlink()
    assert run(*words, "--overwrite") == 0
    capsys.readouterr()
    for name in ("curve.png", "kernel.npy", "snapshots/step-00009.png"):
        kept = Path("r", name).read_bytes() if Path("r", name).exists() else None
        mine(f"r/{name}")
        before = tree(folder)
        assert run(*words, "--overwrite") == 2
        assert name in told(capsys)
        assert tree(folder) == before
        Path("r", name).unlink() if kept is None else Path("r", name).write_bytes(kept)
    outside = folder / "outside"
    shutil.move("r/snapshots", outside)
    Path("r/snapshots").symlink_to(outside)
    assert run(*words, "--overwrite") == 2
    assert "snapshots" in told(capsys)


def test_a_report_drops_what_it_no_longer_has(folder):
    words = ("--report", "r", *TINY)
    assert run(*DENOISE, "o.png", "--steps", "9", *words) == 0
    assert Path("r/snapshots/step-00008.png").exists()
    assert run(*DENOISE, "o.npy", "--steps", "2", *words, "--overwrite") == 0
    assert not Path("r/snapshots/step-00008.png").exists()
    assert not Path("r/restored.png").exists()
    assert Path("r/restored.npy").exists()


@pytest.mark.parametrize("at", range(8))
def test_a_report_killed_while_it_is_written_can_be_written_again(folder, monkeypatch, at):
    words = (*DENOISE, "o.png", "--report", "r", *TINY, "--overwrite")
    assert run(*words, "--steps", "2") == 0
    whole, written = owned_folder.replace_file, 0

    def killed(path, content):
        nonlocal written
        if path.parent.name != "work":
            written += 1
        if written > at:
            raise KeyboardInterrupt
        whole(path, content)

    monkeypatch.setattr(owned_folder, "replace_file", killed)
    assert run(*words, "--steps", "9") == 130
    monkeypatch.setattr(owned_folder, "replace_file", whole)
    assert run(*words, "--steps", "9") == 0
    facts = json.loads(Path("r/report.json").read_text())
    assert facts["steps"] == 9


def test_stray_temporary_files_of_killed_saves_are_removed(folder):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    alive = os.getppid()
    strays = [f".o.png.{dead.pid}.0123abcd.tmp", f".o.png.resume.{dead.pid}.tmp"]
    others = [
        f".o.png.{alive}.0123abcd.tmp",
        f".p.png.{dead.pid}.0123abcd.tmp",
        f".o.png.{dead.pid}.0123abcd.tmp.txt",
        ".o.png.mine.tmp",
        "o.png.1.0123abcd.tmp",
    ]
    for name in (*strays, *others):
        mine(name)
    assert run(*DENOISE, "o.png", *TINY) == 0
    left = {path.name for path in folder.iterdir()}
    assert not left & set(strays)
    assert left >= set(others)


def whole_file(*words):
    assert run(*DENOISE, "whole.png", *words, *TINY) == 0
    return Path("whole.png").read_bytes()


def steps_of(monkeypatch):
    """Count the steps that are run from here on."""
    counted = []
    work = restore_file._work

    def counting(job, fit, *rest):
        before = len(fit.history)
        work(job, fit, *rest)
        counted.append(len(fit.history) - before)

    monkeypatch.setattr(restore_file, "_work", counting)
    return counted


def failing(code):
    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("what", ["result", "report"])
def test_a_fit_whose_result_cannot_be_written_is_kept_beside(folder, capsys, monkeypatch, what):
    whole = whole_file()
    words = (*DENOISE, "o.png", "--report", "r", *TINY)
    with monkeypatch.context() as patch:
        place = (writing, "write") if what == "result" else (restore_file, "report_files")
        patch.setattr(*place, failing(errno.ENOSPC))
        assert run(*words) == 1
    line = told(capsys)
    assert f"the {what} could not be written" in line
    assert "No space left on device" in line
    assert "o.png.resume" in line
    assert "--resume" in line
    assert Path("o.png").exists() == (what == "report")
    counted = steps_of(monkeypatch)
    assert run(*words, "--resume") == 0
    assert counted == [0]
    assert Path("o.png").read_bytes() == whole
    assert json.loads(Path("r/report.json").read_text())["steps"] == 3
    assert not Path("o.png.resume").exists()


def test_a_fit_whose_folder_has_gone_is_kept_in_the_temporary_folder(folder, capsys, monkeypatch):
    whole = whole_file()
    Path("sub").mkdir()
    words = (*DENOISE, "sub/o.png", *TINY)
    work = restore_file._work
    with monkeypatch.context() as patch:

        def gone(*given):
            work(*given)
            shutil.rmtree("sub")

        patch.setattr(restore_file, "_work", gone)
        assert run(*words) == 1
    line = told(capsys)
    kept = next(Path(tempfile.gettempdir()).rglob("*.resume"))
    assert str(kept) in line
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    Path("sub").mkdir()
    assert run(*words) == 2
    assert "--resume" in told(capsys)
    counted = steps_of(monkeypatch)
    Path("also").symlink_to("sub")
    assert run(*DENOISE, "also/o.png", *TINY, "--resume") == 0
    assert counted == [0]
    assert Path("sub/o.png").read_bytes() == whole
    assert not kept.exists()


def test_a_temporary_folder_that_others_can_write_to_is_not_trusted(folder, capsys, monkeypatch):
    place = rescue.place_for(Path("o.png"))
    place.parent.mkdir()
    place.parent.chmod(0o777)
    place.with_name(place.name + ".resume").write_bytes(b"theirs")
    monkeypatch.setattr(writing, "write", failing(errno.ENOSPC))
    monkeypatch.setattr("untrained.app.keeping.save_fit", failing(errno.ENOSPC))
    assert run(*DENOISE, "o.png", *TINY) == 1
    line = told(capsys)
    assert "could not be kept" in line
    assert "not a folder of this user alone" in line


def test_any_fault_of_an_encoder_keeps_the_fit(folder, capsys, monkeypatch):
    monkeypatch.setattr(writing, "write", lambda *_a, **_k: 1 / 0)
    assert run(*DENOISE, "o.png", *TINY) == 1
    assert "division by zero" in told(capsys)
    monkeypatch.undo()


def test_a_file_that_appears_meanwhile_is_not_replaced(folder, capsys, monkeypatch):
    whole = whole_file()
    work = restore_file._work

    def appears(*given):
        work(*given)
        mine("o.png")
        mine("o-2.png")

    monkeypatch.setattr(restore_file, "_work", appears)
    assert run(*DENOISE, "o.png", *TINY) == 1
    assert "the result is in o-3.png" in told(capsys)
    assert Path("o.png").read_text() == Path("o-2.png").read_text() == "mine"
    assert Path("o-3.png").read_bytes() == whole
    assert not Path("o.png.resume").exists()
    assert run(*DENOISE, "o.png", *TINY, "--overwrite") == 0
    assert Path("o.png").read_bytes() == whole


def begin(*words, **more):
    """Start the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "untrained.app.cli", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        **more,
    )


def wait_for(path):
    limit = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_second_process_on_one_output_is_refused_and_a_kill_frees_it(folder, capsys):
    endless = tiny_recipe(steps=10**6).model_dump_json()
    Path("endless.json").write_text(endless)
    Path("link.png").symlink_to(folder / "o.png")
    long = ("--recipe", "endless.json", "--device", "cpu", "--quiet")
    first = begin(*DENOISE, "o.png", "--report", "r", *long)
    try:
        wait_for(folder / ".o.png.untrained-lock")
        wait_for(folder / "r" / ".untrained-lock")
        time.sleep(0.2)
        for words in (("o.png",), ("link.png",), (str(folder / "o.png"),)):
            assert run(*DENOISE, *words, *TINY, "--overwrite") == 2
            assert f"process {first.pid}" in told(capsys)
        assert run(*DENOISE, "p.png", "--report", "r", *TINY) == 2
        assert f"process {first.pid}" in told(capsys)
        first.send_signal(signal.SIGKILL)
        first.wait(60)
        assert run(*DENOISE, "o.png", "--report", "r", *TINY) == 0
    finally:
        first.kill()
        first.communicate()
    assert not list(folder.rglob("*lock"))


FINISHED = {
    "several networks": (*DENOISE, "o.png", "--recipe", "two.json"),
    "tiles": ("denoise", "wide.png", "o.png", "--tile", "64", "--recipe", "tiny.json"),
    "a kernel that is found": (
        *("reconstruct", "deblur", "in.png", "o.png", "--blind", "5"),
        *("--recipe", "tiny.json"),
    ),
    "an enlarged picture": ("upscale", "in.png", "o.png", "--factor", "2", "--recipe", "tiny.json"),
    "total variation": (*DENOISE, "o.png", "--prior", "tv"),
    "the default preset": (*DENOISE, "o.png", "--steps", "3"),
}


@pytest.mark.parametrize("name", FINISHED)
def test_every_finished_fit_can_be_kept_and_ended(folder, capsys, monkeypatch, name):
    Image.fromarray(photo(40, 80)).save("wide.png")
    Path("two.json").write_text(tiny_recipe(steps=3, ensemble_size=2).model_dump_json())
    words = (*FINISHED[name], "--device", "cpu", "--quiet", "--report", "r")
    assert run(*words) == 0
    files = [path for path in Path("r").rglob("*.*") if path.suffix in (".npy", ".png")]
    whole = {
        path: path.read_bytes()
        for path in (Path("o.png"), *files)
        if path.parent.name != "snapshots"
    }
    with monkeypatch.context() as patch:
        patch.setattr(writing, "write", failing(errno.ENOSPC))
        assert run(*words, "--overwrite") == 1
    counted = steps_of(monkeypatch)
    for path in whole:
        path.unlink()
    assert run(*words, "--resume") == 0
    assert counted == [0]
    assert {path: path.read_bytes() for path in whole} == whole


def test_a_resumed_fit_goes_on_in_its_own_report_and_keeps_its_snapshots(
    folder, capsys, monkeypatch
):
    whole = ("--report", "whole", "--steps", "12", *TINY)
    assert run(*DENOISE, "whole.png", *whole) == 0
    words = (*DENOISE, "o.png", "--report", "r", "--steps", "12", *TINY)

    def interrupted(job, fit, *rest):
        for step in fit:
            next(each for each in rest if isinstance(each, Snapshots)).update(step)
            if step.index == 4:
                next(each for each in rest if isinstance(each, Interruption)).asked = True
                return

    with monkeypatch.context() as patch:
        patch.setattr(restore_file, "_work", interrupted)
        assert run(*words) == 130
    capsys.readouterr()
    assert run(*DENOISE, "p.png", "--report", "r", *TINY) == 2
    assert "--overwrite" in told(capsys)
    assert run(*words, "--resume") == 0
    names = [path.name for path in sorted(Path("whole/snapshots").iterdir())]
    assert names == [path.name for path in sorted(Path("r/snapshots").iterdir())]
    for name in names:
        assert Path("r/snapshots", name).read_bytes() == Path("whole/snapshots", name).read_bytes()
    assert run(*words, "--resume") == 2
    assert "--overwrite" in told(capsys)


STRANGE = os.fsdecode(b"in\xff\n.png")


def test_a_comparison_that_cannot_be_written_is_kept_elsewhere(folder, capsys, monkeypatch):
    Path("in.png").rename(STRANGE)
    monkeypatch.setattr(owned_folder.OwnedFolder, "write", failing(errno.ENOSPC))
    words = ("compare", STRANGE, "--task", "deblock", "--out", "r", *TINY)
    assert run(*words) == 1
    line = told(capsys)
    place = rescue.place_for(Path("r"))
    assert "No space left on device" in line
    assert str(place) in line
    assert {path.name for path in place.iterdir()} >= {"sheet.png", "compare.json", "untrained.png"}
    assert not Path("r").exists()


@pytest.mark.parametrize("late", [False, True])
def test_a_sheet_replaces_no_file_that_appears(folder, capsys, monkeypatch, late):
    from untrained import tasks
    from untrained.app import prior_sheet

    request = prior_sheet.SheetRequest(Path("o.png"), STRANGE, quiet=True)
    problems = {"a": tasks.denoise(photo(16, 16), sigma=0.1)}
    drawn = prior_sheet.make_sheet

    def appears(*given, **more):
        if late:
            mine("o.png")
        return drawn(*given, **more)

    monkeypatch.setattr(prior_sheet, "make_sheet", appears)
    monkeypatch.setattr(prior_sheet, "PRIORS", {"total variation": "tv"})
    if not late:
        assert prior_sheet.run_sheet(request, problems) == 0
        with Image.open("o.png") as image:
            assert image.format == "PNG"
        return
    with pytest.raises(WorkError, match="what was to be written is in"):
        prior_sheet.run_sheet(request, problems)
    assert Path("o.png").read_text() == "mine"
    assert (rescue.place_for(Path("o.png")) / "o.png").is_file()


def test_an_empty_file_of_the_users_where_a_fit_would_be_kept_stays(folder, capsys):
    Path("out.png.resume").touch()
    for more in ([], ["--overwrite"], ["--resume"]):
        assert run("denoise", "in.png", "out.png", *more) == 2
        assert "is not a saved fit" in capsys.readouterr().err
        assert Path("out.png.resume").read_bytes() == b""
