"""The command line's contract: files, JSON line, exit statuses, interruption, resumption."""

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained.app import cli, restore_file
from untrained.picture import writing


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a picture, a tiny recipe and a mask."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo()).save("in.png")
    mask = np.zeros((24, 20), np.uint8)
    mask[4:9, 4:9] = 255
    Image.fromarray(mask).save("mask.png")
    Path("tiny.json").write_text(tiny_recipe().model_dump_json())
    return tmp_path


def run(*words):
    """Run the command line in this process; return the exit status."""
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return end.value.code


TINY = ("--recipe", "tiny.json", "--device", "cpu")

VERBS = [
    ("denoise", "in.png", "out.png"),
    ("denoise", "in.png", "out.png", "--sigma", "25"),
    ("deblock", "in.png", "out.png"),
    ("upscale", "in.png", "out.png", "--factor", "2"),
    ("inpaint", "in.png", "out.png", "--mask", "mask.png"),
    ("inpaint", "in.png", "out.png", "--known", "mask.png"),
    ("flash", "in.png", "out.png", "--flash", "in.png"),
    ("demosaic", "mask.png", "out.png", "--pattern", "GBRG"),
]


def test_a_factor_need_not_be_whole(folder):
    words = ("upscale", "in.png", "out.png", "--factor", "2.5", "--kernel", "gaussian")
    assert run(*words, "--width", "0.4", *TINY, "--quiet") == 0
    with Image.open("out.png") as image:
        assert image.size == (50, 60)


@pytest.mark.parametrize("words", VERBS, ids=lambda words: "-".join(words[::2]))
def test_every_verb_writes_a_picture_and_one_json_line(folder, capsys, words):
    assert run(*words, *TINY, "--json", "--quiet") == 0
    with Image.open("out.png") as image:
        assert image.size == ((40, 48) if words[0] == "upscale" else (20, 24))
        assert image.mode == "RGB"
    out, err = capsys.readouterr()
    line = json.loads(out.splitlines()[-1])
    assert set(line) == {
        *("task", "input", "output", "steps", "chosen_step", "stopped", "seconds", "device"),
        *("precision", "preset", "seed", "psnr", "ssim"),
    }
    assert (line["task"], line["steps"], line["psnr"], line["preset"]) == (
        words[0],
        12,
        None,
        "custom",
    )
    assert err == ""
    assert sorted(p.name for p in folder.iterdir()) == [
        "in.png",
        "mask.png",
        "out.png",
        "tiny.json",
    ]


def test_known_pixels_are_kept_and_the_rest_filled(folder):
    assert run("inpaint", "in.png", "out.png", "--mask", "mask.png", *TINY) == 0
    before, after = np.asarray(Image.open("in.png")), np.asarray(Image.open("out.png"))
    filled = np.asarray(Image.open("mask.png")) > 0
    assert np.array_equal(before[~filled], after[~filled])
    assert not np.array_equal(before[filled], after[filled])


def test_progress_goes_to_standard_error(folder, capsys):
    assert run("denoise", "in.png", "out.png", *TINY) == 0
    out, err = capsys.readouterr()
    assert "out.png: denoise in" in out
    assert "noise level" in err


def test_the_noise_found_and_what_is_done_are_told_and_saved(folder, capsys):
    words = ("--noise", "poisson", "--report", "told")
    assert run("denoise", "in.png", "out.png", *TINY, *words) == 0
    err = " ".join(capsys.readouterr().err.split())
    notes = json.loads(Path("told/report.json").read_text())["notes"]
    for word in ("noise level", "does not look like poisson noise", "quanta at white"):
        assert word in err
        assert any(word in note for note in notes)


def test_reference_gives_metrics(folder, capsys):
    assert run("denoise", "in.png", "out.png", *TINY, "--json", "--reference", "in.png") == 0
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert 5 < line["psnr"] < 60
    assert 0 < line["ssim"] <= 1


def test_the_picture_is_the_same_whatever_the_reference(folder):
    Image.fromarray(255 - photo()).save("other.png")
    words = ("--report", "rep", "--overwrite")
    made = []
    for reference in ((), ("--reference", "in.png"), ("--reference", "other.png")):
        assert run("denoise", "in.png", "out.png", *TINY, *words, *reference, "--quiet") == 0
        made.append(Path("out.png").read_bytes())
    assert made[0] == made[1] == made[2]


def test_report_folder_is_whole(folder):
    assert (
        run("denoise", "in.png", "out.png", *TINY, "--report", "rep", "--reference", "in.png") == 0
    )
    report = json.loads(Path("rep/report.json").read_text())
    assert report["recipe"] == json.loads(tiny_recipe().model_dump_json())
    assert (report["seed"], report["steps"], len(report["history"])) == (0, 12, 12)
    assert report["stopped"] == "the budget of 12 steps was used"
    assert {"untrained", "torch", "numpy"} <= set(report["versions"])
    assert report["psnr"] > 5
    assert Path("rep/restored.png").read_bytes() == Path("out.png").read_bytes()
    names = sorted(p.name for p in Path("rep/snapshots").iterdir())
    assert names[:4] == ["step-00001.png", "step-00002.png", "step-00003.png", "step-00005.png"]
    for picture in ("rep/curve.png", "rep/snapshots/step-00001.png"):
        with Image.open(picture) as image:
            image.load()
    page = Path("rep/index.html").read_text()
    assert page.count("data:image/png;base64,") >= 7
    assert 'type="range"' in page
    assert 'src="http' not in page


def test_a_second_report_replaces_the_first(folder):
    for steps in ("9", "2"):
        words = ("--report", "rep", "--overwrite", "--steps", steps)
        assert run("denoise", "in.png", "out.png", *TINY, *words) == 0
    assert len(list(Path("rep/snapshots").iterdir())) == 2


def test_same_seed_same_file_other_seed_another(folder):
    for name, seed in (("a.png", 0), ("b.png", 0), ("c.png", 1)):
        assert run("denoise", "in.png", name, *TINY, "--seed", seed) == 0
    a, b, c = (Path(name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert a == b
    assert a != c


def bad_inputs(folder):
    Path("empty.png").write_bytes(b"")
    Path("text.png").write_text("hello")
    whole = Path("in.png").read_bytes()
    Path("cut.png").write_bytes(whole[: len(whole) // 2])
    header = b"IHDR" + 2 * (10**6).to_bytes(4, "big") + whole[24:29]
    Path("huge.png").write_bytes(
        whole[:12] + header + zlib.crc32(header).to_bytes(4, "big") + whole[33:]
    )
    Path("dir.png").mkdir()
    Path("exists.png").write_bytes(b"mine")
    Image.new("L", (7, 7), 255).save("small_mask.png")
    Image.new("L", (20, 24), 0).save("none.png")
    Image.new("L", (20, 24), 255).save("all.png")
    Image.fromarray(np.zeros((24, 20), np.uint16)).save("deep.png")
    Path("bad.json").write_text('{"stepz": 3}')
    tifffile.imwrite("nan.tif", np.full((24, 20), np.nan, np.float32))


BAD = [
    (("denoise", "none-such.png", "o.png"), "none-such.png"),
    (("denoise", "empty.png", "o.png"), "empty"),
    (("denoise", "text.png", "o.png"), "text.png"),
    (("denoise", "cut.png", "o.png"), "cut.png"),
    (("denoise", "huge.png", "o.png"), "over the limit"),
    (("denoise", "dir.png", "o.png"), "dir.png"),
    (("denoise", "nan.tif", "o.tif"), "NaN"),
    (("denoise", "in.png", "exists.png"), "--overwrite"),
    (("denoise", "in.png", "no/o.png"), "no"),
    (("denoise", "in.png", "in.png/o.png"), "in.png"),
    (("denoise", "in.png", "o.xyz"), ".png"),
    (("denoise", "in.png", "o"), ".png"),
    (("denoise", "deep.png", "o.jpg"), "16"),
    (("denoise", "in.png", "o.png", "--sigma", "-3"), "sigma"),
    (("denoise", "in.png", "o.png", "--sigma", "0"), "sigma"),
    (("denoise", "in.png", "o.png", "--noise", "salt"), "choose from auto, gaussian, poisson"),
    (("denoise", "in.png", "o.png", "--noise", "poisson", "--sigma", "3"), "poisson-gaussian"),
    (("denoise", "in.png", "o.png", "--sigma", "nan"), "sigma"),
    (("denoise", "in.png", "o.png", "--sigma", "many"), "--sigma"),
    (("denoise", "in.png", "o.png", "--preset", "fats"), "did you mean 'fast'"),
    (("denoise", "in.png", "o.png", "--device", "tpu"), "cpu"),
    (("denoise", "in.png", "o.png", "--recipe", "none.json"), "none.json"),
    (("denoise", "in.png", "o.png", "--recipe", "bad.json"), "stepz"),
    (("denoise", "in.png", "o.png", "--steps", "0"), "1 or more"),
    (("denoise", "in.png", "o.png", "--seconds", "-1"), "above 0"),
    (("denoise", "in.png", "o.png", "--tile", "63"), "64 pixels or more"),
    (("denoise", "in.png", "o.png", "--tile", "big"), "auto, off"),
    (("denoise", "in.png", "o.png", "--seed", "x"), "--seed"),
    (("denoise", "in.png", "o.png", "--seed", "-1"), "seed"),
    (("denoise", "in.png", "o.png", "--reference", "mask.png"), "reference"),
    (("denoise", "in.png", "o.png", "--report", "in.png"), "report"),
    (("denoise", "in.png", "o.png", "--report", "no/rep"), "no"),
    (("denoise", "in.png"), "OUTPUT"),
    (("denois", "in.png", "o.png"), "denoise"),
    (("denoise", "in.png", "o.png", "--sigmo", "3"), "--sigma"),
    (("upscale", "in.png", "o.png", "--factor", "1"), "factor"),
    (("upscale", "in.png", "o.png", "--factor", "17"), "at most 16"),
    (("upscale", "in.png", "o.png", "--kernel", "gaussian", "--width", "0"), "width 0"),
    (("upscale", "in.png", "o.png", "--factor", "nan"), "factor"),
    (("upscale", "in.png", "o.png", "--kernel", "magic"), "lanczos2"),
    (("demosaic", "in.png", "o.png"), "3 channels"),
    (("demosaic", "mask.png", "o.png", "--pattern", "RGBG"), "RGGB, BGGR"),
    (("inpaint", "in.png", "o.png"), "mask"),
    (("inpaint", "in.png", "o.png", "--mask", "small_mask.png"), "7x7"),
    (("inpaint", "in.png", "o.png", "--mask", "none.png"), "no pixel is missing"),
    (("inpaint", "in.png", "o.png", "--mask", "all.png"), "no pixel is known"),
    (("inpaint", "in.png", "o.png", "--mask", "mask.png", "--known", "mask.png"), "not both"),
    (("inpaint", "in.png", "o.png", "--mask", "text.png"), "text.png"),
]


@pytest.mark.parametrize(
    ("words", "named"), BAD, ids=lambda v: " ".join(v[1:]) if isinstance(v, tuple) else None
)
def test_bad_requests_get_one_line_and_status_2_and_write_nothing(folder, capsys, words, named):
    bad_inputs(folder)
    before = sorted(folder.rglob("*"))
    tiny = () if "--recipe" in words or "--preset" in words else ("--recipe", "tiny.json")
    assert run(*words, *tiny) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("untrained: ")
    assert err.count("\n") == 1
    assert named in err
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before
    assert Path("exists.png").read_bytes() == b"mine"


def test_a_full_disk_leaves_the_old_file_and_status_1(folder, capsys, monkeypatch):
    Path("out.png").write_bytes(b"old")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run("denoise", "in.png", "out.png", *TINY, "--overwrite", "--quiet") == 1
    assert "No space left" in capsys.readouterr().err
    assert Path("out.png").read_bytes() == b"old"
    assert not [p for p in folder.iterdir() if "tmp" in p.name]


def begin(*words):
    """Start the command line in a process of its own, its standard error in the file `err`."""
    with Path("err").open("w") as err:
        return subprocess.Popen(
            [sys.executable, "-m", "untrained.app.cli", *words],
            stderr=err,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def finish(process):
    """Wait for the end; return exit status, standard output and standard error on one line."""
    out, _ = process.communicate(timeout=120)
    return process.returncode, out, " ".join(Path("err").read_text().split())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_then_resumed_is_the_uninterrupted_file(folder, number):
    recipe = tiny_recipe(steps=600)
    Path("long.json").write_text(recipe.model_dump_json())
    words = ("--recipe", "long.json", "--device", "cpu")
    assert finish(begin("denoise", "in.png", "whole.png", *words))[0] == 0

    process = begin("denoise", "in.png", "out.png", *words, "--report", "rep")
    deadline = time.monotonic() + 60
    while "noise level" not in Path("err").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.4)
    process.send_signal(number)
    status, _, err = finish(process)
    assert status == 130, err
    assert "wrote the best picture so far" in err
    with Image.open("out.png") as image:
        image.load()
    assert Path("out.png").read_bytes() != Path("whole.png").read_bytes()
    assert Path("out.png.resume").exists()

    assert finish(begin("denoise", "in.png", "out.png", *words))[0] == 2
    status, out, err = finish(begin("denoise", "in.png", "out.png", *words, "--resume", "--json"))
    assert status == 0, err
    assert "going on from step" in err
    assert json.loads(out.splitlines()[-1])["steps"] == 600
    assert Path("out.png").read_bytes() == Path("whole.png").read_bytes()
    assert not Path("out.png.resume").exists()


def test_a_fit_is_saved_now_and_then_and_a_kill_loses_little(folder, monkeypatch):

    monkeypatch.setattr(restore_file, "SECONDS_BETWEEN_SAVINGS", 0.0)
    monkeypatch.setattr(
        writing, "write", lambda *_a, **_k: (_ for _ in ()).throw(OSError("killed"))
    )
    assert run("denoise", "in.png", "out.png", *TINY, "--quiet") == 1
    assert Path("out.png.resume").exists()
    assert not Path("out.png").exists()
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert run("denoise", "in.png", "whole.png", *TINY, "--quiet") == 0
    assert run("denoise", "in.png", "out.png", *TINY, "--quiet", "--resume") == 0
    assert Path("out.png").read_bytes() == Path("whole.png").read_bytes()


def test_tiles_are_told_and_a_kill_loses_little(folder, capsys, monkeypatch):

    Image.fromarray(photo(64, 130)).save("in.png")
    words = ("denoise", "in.png", "out.png", *TINY, "--tile", "64")
    assert run(*words, "--json", "--report", "rep") == 0
    out, err = capsys.readouterr()
    assert "3 tiles of 54x64 with 16 pixels of overlap" in err
    line = json.loads(out.splitlines()[-1])
    assert (line["steps"], line["chosen_step"]) == (36, 36)
    assert line["stopped"] == "in each of 3 tiles the budget of 12 steps was used"
    with Image.open("rep/snapshots/step-00018.png") as image:
        assert image.size == (130, 64)
    whole = Path("out.png").read_bytes()

    monkeypatch.setattr(restore_file, "SECONDS_BETWEEN_SAVINGS", 0.0)
    monkeypatch.setattr(
        writing, "write", lambda *_a, **_k: (_ for _ in ()).throw(OSError("killed"))
    )
    assert run(*words, "--quiet", "--overwrite") == 1
    assert Path("out.png.resume").exists()
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    Path("out.png").unlink()
    assert run(*words, "--quiet", "--resume") == 0
    assert Path("out.png").read_bytes() == whole


def raising(error):
    def work(*_args, **_kwargs):
        raise error

    return work


@pytest.mark.parametrize("words", ["CUDA out of memory. Tried 2 GiB", "not enough memory: 7 bytes"])
def test_running_out_of_memory_is_said_in_one_line(folder, capsys, monkeypatch, words):
    monkeypatch.setattr(restore_file, "run_job", raising(RuntimeError(words)))
    assert run("denoise", "in.png", "out.png", *TINY, "--quiet") == 1
    assert capsys.readouterr().err == f"untrained: {words}\n"


def test_a_fault_that_merely_speaks_of_memory_keeps_its_traceback(folder, monkeypatch):
    fault = RuntimeError("unsupported memory format option Preserve")
    monkeypatch.setattr(restore_file, "run_job", raising(fault))
    with pytest.raises(RuntimeError, match="unsupported memory format"):
        cli.main(["denoise", "in.png", "out.png", *TINY])


def test_nothing_to_resume_starts_and_says_so(folder, capsys):
    assert run("denoise", "in.png", "out.png", *TINY, "--resume") == 0
    assert "nothing to resume" in " ".join(capsys.readouterr().err.split())


def test_resuming_with_other_settings_is_refused(folder, capsys, monkeypatch):

    monkeypatch.setattr(restore_file, "SECONDS_BETWEEN_SAVINGS", 0.0)
    monkeypatch.setattr(
        writing, "write", lambda *_a, **_k: (_ for _ in ()).throw(OSError("killed"))
    )
    assert run("denoise", "in.png", "out.png", *TINY, "--quiet") == 1
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert run("denoise", "in.png", "out.png", *TINY, "--resume", "--seed", "3") == 2
    assert "another seed" in capsys.readouterr().err


def test_help_and_info(capsys):
    assert run("--help") == 0
    assert "inpaint" in capsys.readouterr().out
    assert run("info") == 0
    assert "precision" in capsys.readouterr().out


@pytest.mark.parametrize("code", ["import untrained", "import untrained.app.application"])
def test_importing_loads_no_torch(code):
    check = f"{code}; import sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
