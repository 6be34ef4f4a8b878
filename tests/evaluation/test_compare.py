"""Comparisons: rows with reasons, a sheet at 100 %, and the contract of the command."""

import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.app import cli, compare_file
from untrained.baselines import registry, upscale
from untrained.errors import RequestError
from untrained.evaluation import compare, sheet
from untrained.noise import Gaussian
from untrained.picture import reading
from untrained.picture.taking import as_picture

CHEAP = {"recipe": tiny_recipe(steps=3), "device": "cpu"}


@pytest.fixture(autouse=True)
def _without_optional_packages(monkeypatch):
    """Behave alike whatever is installed."""
    for package in ("bm3d", "deepinv", "spandrel"):
        monkeypatch.setitem(sys.modules, package, None)


def noisy(height=24, width=20):
    noise = np.random.default_rng(0).normal(0, 25, (height, width, 3))
    return np.clip(photo(height, width) + noise, 0, 255).astype(np.uint8)


# Rows ---------------------------------------------------------------------------------------------


def instead(monkeypatch, name, solve):
    """Have a method do something else."""
    monkeypatch.setitem(registry._KNOWN, name, replace(registry._KNOWN[name], solve=solve))


def test_every_method_is_timed_and_measured_or_says_why_not():
    problem = tasks.denoise(noisy(), sigma=25 / 255)
    rows = compare.compare(problem, **CHEAP, reference=photo())
    names = [row.method for row in rows]
    others = ["tv", "nlm", "nl-ridge", "bm3d", "median", "deepinv-dip"]
    assert names == ["input", "untrained", *others]
    for row in rows[1:5]:
        assert row.seconds > 0
        assert row.picture.to_numpy().dtype == np.uint8
        error = np.mean((row.picture.to_numpy() / 255 - photo() / 255) ** 2)
        assert row.psnr == pytest.approx(-10 * np.log10(error), abs=1e-3)
        assert 0 < row.ssim < 1
    missing = "the package {} is not installed"
    reasons = (missing.format("bm3d"), "the noise is not impulsive", missing.format("deepinv"))
    for row, reason in zip(rows[5:], reasons, strict=True):
        assert (row.picture, row.seconds, row.psnr) == (None, None, None)
        assert row.notes == (f"not run: {reason}",)
    assert rows[0].psnr < rows[2].psnr


def test_without_a_reference_nothing_is_measured():
    rows = compare.compare(tasks.deblock(noisy()), **CHEAP)
    assert {(row.psnr, row.ssim) for row in rows} == {(None, None)}


def test_a_method_that_fails_is_listed_and_the_others_go_on(monkeypatch):
    def broken(_problem):
        raise ValueError("no\nluck")

    instead(monkeypatch, "nlm", broken)
    rows = compare.compare(tasks.denoise(noisy(), sigma=0.1), **CHEAP)
    by_name = {row.method: row for row in rows}
    assert by_name["nlm"].notes == ("failed: ValueError: no luck",)
    assert by_name["nlm"].picture is None
    assert by_name["tv"].picture is not None


def test_a_fault_in_our_own_methods_comes_through(monkeypatch):
    instead(monkeypatch, "nlm", lambda _problem: undefined_name)  # noqa: F821
    with pytest.raises(NameError, match="undefined_name"):
        compare.compare(tasks.denoise(noisy(), sigma=0.1), **CHEAP)


def test_known_pixels_are_put_back_whatever_the_method(monkeypatch):
    instead(monkeypatch, "nearest", lambda problem: problem.measurement.y + 0.4)
    gaps = np.zeros((24, 20), bool)
    gaps[5:9, 5:9] = True
    rows = compare.compare(tasks.inpaint(photo(), gaps), **CHEAP)
    shown = [row.picture.to_numpy() for row in rows if row.picture]
    assert len(shown) == 5
    assert all(np.array_equal(array[~gaps], photo()[~gaps]) for array in shown)
    assert np.unique(shown[3][gaps]).tolist() == [102]


def test_an_input_with_gaps_gets_no_figure():
    gaps = np.random.default_rng(0).random((24, 20)) < 0.5
    spoiled = np.where(gaps[..., None], 0, photo())
    rows = compare.compare(tasks.inpaint(spoiled, gaps), **CHEAP, reference=photo())
    assert rows[0].psnr is None
    assert rows[2].psnr > 15


def test_an_enlargement_is_not_back_projected():
    problem = tasks.upscale(photo(), 2)
    rows = compare.compare(problem, **CHEAP)
    plain = (255 * upscale.bicubic(problem).clamp(0, 1)).round()[0].permute(1, 2, 0).numpy()
    assert np.abs(rows[3].picture.to_numpy() - plain).max() <= 1
    assert np.mean(rows[3].picture.to_numpy() != plain) < 0.01


def test_progress_names_every_method():
    progress = {}
    rows = compare.compare(
        tasks.denoise(noisy(), sigma=0.1), **CHEAP, report_progress=progress.setdefault
    )
    assert list(progress) == [row.title for row in rows[1:]]
    assert 0 < progress["untrained"] < 1


def test_a_reference_of_another_size_is_refused_before_the_fit():
    with pytest.raises(RequestError, match="the reference is 20x24"):
        compare.compare(tasks.upscale(photo(), 2), **CHEAP, reference=photo())


# The sheet ----------------------------------------------------------------------------------------


def random_panels(sizes, channels=3):
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.rand((1, channels, *size), generator=generator) for size in sizes]
    return [
        sheet.Panel(picture, f"panel {index}", ("a caption",), picture.flip(-1))
        for index, picture in enumerate(pictures)
    ]


def crop(drawn, box):
    return np.asarray(drawn.image.crop(box))


def eight_bits(picture):
    array = (255 * picture[0]).round().byte().permute(1, 2, 0).numpy()
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("width", [300, 700, 2400])
def test_pictures_lie_on_the_sheet_at_100_percent_and_apart(channels, width):
    panels = random_panels([(30, 40), (60, 300), (64, 50), (1, 1), (60, 300)], channels)
    drawn = sheet.make_sheet(panels, heading="h", below="differences", width=width)
    assert drawn.image.width <= max(width, 340)
    boxes = [*drawn.pictures, *drawn.differences]
    expected = [*(p.picture for p in panels), *(p.difference for p in panels)]
    for box, picture in zip(boxes, expected, strict=True):
        assert np.array_equal(crop(drawn, box), eight_bits(picture))
    covered = np.zeros((drawn.image.height, drawn.image.width), int)
    for left, top, right, bottom in boxes:
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1


def test_a_wide_row_goes_on_below():
    panels = random_panels([(20, 300)] * 5)
    one_band, two_bands = (sheet.make_sheet(panels, width=w) for w in (1700, 1000))
    assert len({box[1] for box in one_band.pictures}) == 1
    assert [box[1] for box in two_bands.pictures[:3]] == [two_bands.pictures[0][1]] * 3
    assert two_bands.pictures[3][1] > two_bands.differences[0][3]
    assert two_bands.pictures[3][0] == two_bands.pictures[0][0]


def test_captions_and_footnotes_are_written_inside_the_sheet():
    bare = sheet.make_sheet(random_panels([(20, 30)] * 2))
    long = "why a method of this name has not been run on this picture here: " * 5
    told = sheet.make_sheet(random_panels([(20, 30)] * 2), heading="heading", footnotes=(long,))
    assert told.image.height > bare.image.height + 60
    ink = np.asarray(told.image.convert("L")) < 150
    assert ink[-150:-20].any()
    assert not ink[:, -15:].any()
    assert not ink[-15:].any()


def test_differences_are_amplified_around_mid_grey():
    base = torch.full((1, 1, 1, 3), 0.4)
    image = base + torch.tensor([0.0, 0.05, -0.2])
    assert torch.allclose(sheet.amplified(image, base), torch.tensor([[[[0.5, 0.7, 0.0]]]]))


def test_the_drawn_comparison_shows_input_methods_and_reference_in_order():
    problem = tasks.denoise(noisy(), sigma=25 / 255)
    rows = compare.compare(problem, **CHEAP)
    clean = as_picture(photo())
    drawn = compare.draw(problem, rows, reference=clean)
    shown = [noisy(), *(row.picture.to_numpy() for row in rows[1:5]), photo()]
    assert len(drawn.pictures) == 6
    for box, array in zip(drawn.pictures, shown, strict=True):
        assert np.array_equal(crop(drawn, box), array)
    assert drawn.differences[0] is None
    change = 0.5 + 4 * (photo() / 255 - noisy() / 255)
    expected = 255 * change.clip(0, 1)
    assert np.abs(crop(drawn, drawn.differences[5]) - expected).max() <= 0.5 + 1e-3


# The command --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with pictures, a mask and a tiny recipe."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noisy()).save("in.png")
    Image.fromarray(photo()).save("clean.png")
    Image.fromarray(photo()).save("in.jpg", quality=5)
    mask = np.zeros((24, 20), np.uint8)
    mask[4:9, 4:9] = 255
    Image.fromarray(mask).save("mask.png")
    Path("tiny.json").write_text(tiny_recipe(steps=3).model_dump_json())
    Path("text.pth").write_text("hello")
    Path("full").mkdir()
    Path("full/note.txt").write_text("mine")
    return tmp_path


TINY = ("--recipe", "tiny.json", "--device", "cpu")


def run(*words):
    with pytest.raises(SystemExit) as end:
        cli.main(["compare", *(str(word) for word in words)])
    return end.value.code


@pytest.mark.parametrize(
    ("words", "methods"),
    [
        (("denoise", "--sigma", "25"), {"nlm", "nl-ridge", "tv"}),
        (("deblock",), {"nlm", "tv"}),
        (("upscale", "--factor", "2"), {"tv", "bicubic", "lanczos"}),
        (("inpaint", "--mask", "mask.png"), {"tv", "nearest", "biharmonic"}),
        (("flash", "--flash", "in.png"), {"tv", "joint-bilateral"}),
        (("inpaint", "--known", "mask.png"), {"tv", "nearest", "biharmonic"}),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_every_task_writes_the_folder_and_one_json_line(folder, capsys, words, methods):
    name = "in.jpg" if words[0] == "deblock" else "in.png"
    assert run(name, "--task", *words, *TINY, "--json", "--quiet") == 0
    out, err = capsys.readouterr()
    assert err == ""
    line = json.loads(out.splitlines()[-1])
    assert set(line) == {"task", "input", "out", "rows"}
    assert (line["task"], line["input"], line["out"]) == (words[0], name, "compare-in")
    made = {row["file"] for row in line["rows"] if row["file"]}
    assert made == {"untrained.png", *(f"{method}.png" for method in methods)}
    listed = {row["method"] for row in line["rows"]}
    assert methods < listed
    results = Path("compare-in")
    assert {path.name for path in results.iterdir()} == {
        *(".untrained.json", "sheet.png", "compare.json"),
        *made,
    }
    size = (40, 48) if words[0] == "upscale" else (20, 24)
    for name in made:
        with Image.open(results / name) as image:
            assert (image.size, image.mode) == (size, "RGB")
    told = json.loads((results / "compare.json").read_text())
    assert told["rows"] == line["rows"]
    assert told["settings"]["recipe"] == json.loads(Path("tiny.json").read_text())
    assert {"untrained", "torch", "scikit-image"} <= set(told["versions"])
    for row in line["rows"]:
        assert set(row) == {"method", "title", "file", "seconds", "psnr", "ssim", "notes"}
        assert row["file"] or row["notes"] or row["method"] == "input"


def test_the_kind_of_noise_is_obeyed_by_every_method(folder, monkeypatch):
    described = []

    def spy(problem, *args, **kwargs):
        described.append(problem)
        return compare.compare(problem, *args, **kwargs)

    monkeypatch.setattr(compare_file, "compare", spy)
    for noise in ("gaussian", "poisson-gaussian"):
        words = ("--noise", noise, "--out", noise, *TINY, "--quiet")
        assert run("in.png", "--task", "denoise", *words) == 0
        told = json.loads(Path(noise, "compare.json").read_text())
        assert told["settings"]["noise"] == noise
    equal, growing = described
    assert isinstance(equal.measurement.noise, Gaussian)
    assert equal.variant != growing.variant == "counted"


def test_a_chatty_peer_does_not_mix_with_the_json_line(folder, capsys, monkeypatch):
    def chatty(problem):
        sys.stdout.write("hello")
        warnings.warn("mind", stacklevel=1)
        return problem.measurement.y

    instead(monkeypatch, "nlm", chatty)
    assert run("in.png", "--task", "denoise", "--sigma", "25", *TINY, "--json", "--quiet") == 0
    out, err = capsys.readouterr()
    assert err == ""
    rows = json.loads(out)["rows"]
    assert rows[3]["file"] == "nlm.png"


@pytest.fixture
def darkest(monkeypatch):
    """A method of ours, registered in this one place."""
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))

    @registry.baseline("darkest", "darkest pixel", ("deblock",))
    def solve(problem):
        return problem.measurement.y.amin().expand_as(problem.measurement.y)


def test_a_method_registered_in_one_place_is_compared(darkest, folder):
    rows = compare.compare(tasks.deblock(noisy()), **CHEAP)
    assert [row.method for row in rows][-2:] == ["nlm", "darkest"]
    assert rows[-1].picture.stored.max() == noisy().min()
    assert run("in.png", "--task", "deblock", "--out", "r", *TINY, "--quiet") == 0
    assert Path("r/darkest.png").exists()
    assert json.loads(Path("r/compare.json").read_text())["rows"][-1]["title"] == "darkest pixel"
    with pytest.raises(ValueError, match="registered already"):
        registry.baseline("darkest", "", ("denoise",))(None)


def test_missing_packages_are_told_to_people_too(folder, capsys):
    words = ("in.png", "--task", "denoise", "--reference", "clean.png", "--out", "r", *TINY)
    assert run(*words) == 0
    out, err = capsys.readouterr()
    assert "not run: the package bm3d is not installed" in out
    assert "not run: the package deepinv is not installed" in out
    assert " dB, SSIM " in out
    assert "non-local means" in err
    assert "r/sheet.png" in out


def test_the_model_that_cannot_be_used_is_listed(folder, capsys):
    torch.save({"a": torch.ones(1)}, "model.pth")
    assert run("in.png", "--task", "denoise", "--model", "model.pth", *TINY, "--json") == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert rows[-1]["method"] == "trained"
    assert rows[-1]["notes"] == ["not run: the package spandrel is not installed"]


def test_sixteen_bits_stay_and_floats_become_tiff(folder):
    deep = (noisy().astype(np.uint16)[..., 0]) * 257 + 3
    tifffile.imwrite("deep.tif", deep)
    tifffile.imwrite("float.tif", deep.astype(np.float32) / 65535)
    for name in ("deep", "float"):
        words = (f"{name}.tif", "--task", "denoise", "--sigma", "25", *TINY, "--quiet")
        assert run(*words) == 0
    assert reading.read("compare-deep/nlm.png").stored.dtype == np.uint16
    assert reading.read("compare-float/nlm.tif").stored.dtype == np.float32


def test_overwriting_leaves_no_picture_of_the_task_before(folder):
    words = ("--out", "r", *TINY, "--quiet")
    assert run("in.png", "--task", "denoise", "--sigma", "25", *words) == 0
    Path("r/mine.png").write_bytes(b"mine")
    assert run("in.png", "--task", "upscale", "--factor", "2", *words, "--overwrite") == 0
    assert {path.name for path in Path("r").iterdir()} == {
        *(".untrained.json", "sheet.png", "compare.json", "mine.png"),
        *("untrained.png", "tv.png", "bicubic.png", "lanczos.png"),
    }


def test_the_same_seed_gives_the_same_picture(folder):
    for out, seed in (("a", 0), ("b", 0), ("c", 1)):
        words = ("--out", out, "--seed", seed, *TINY, "--quiet")
        assert run("in.png", "--task", "deblock", *words) == 0
    a, b, c = (Path(name, "untrained.png").read_bytes() for name in "abc")
    assert a == b
    assert a != c


BAD = [
    (("in.png",), "--task"),
    (("--task", "denoise"), "INPUT"),
    (("in.png", "--task", "sharpen"), "denoise"),
    (("none.png", "--task", "denoise"), "none.png"),
    (("text.pth", "--task", "denoise"), "text.pth"),
    (("in.png", "--task", "denoise", "--sigma", "-3"), "sigma"),
    (("in.png", "--task", "deblock", "--sigma", "3"), "--sigma is for demosaic, denoise,"),
    (("in.png", "--task", "denoise", "--noise", "pink"), "poisson-gaussian"),
    (("in.png", "--task", "deblock", "--noise", "poisson"), "--noise is for denoise"),
    (("in.png", "--task", "denoise", "--factor", "2"), "--factor is for upscale"),
    (("in.png", "--task", "upscale", "--factor", "1"), "factor"),
    (("in.png", "--task", "upscale", "--mask", "mask.png"), "--mask is for inpaint"),
    (("in.png", "--task", "inpaint"), "mask"),
    (("in.png", "--task", "inpaint", "--mask", "mask.png", "--known", "mask.png"), "not both"),
    (("in.png", "--task", "inpaint", "--mask", "mask.png", "--model", "text.pth"), "--model is"),
    (("in.png", "--task", "denoise", "--model", "text.pth"), "weights alone"),
    (("in.png", "--task", "denoise", "--model", "none.pth"), "none.pth"),
    (("in.png", "--task", "denoise", "--preset", "fats"), "did you mean 'fast'"),
    (("in.png", "--task", "denoise", "--steps", "0"), "1 or more"),
    (("in.png", "--task", "denoise", "--seconds", "-1"), "above 0"),
    (("in.png", "--task", "denoise", "--seed", "-1"), "seed"),
    (("in.png", "--task", "denoise", "--device", "tpu"), "cpu"),
    (("in.png", "--task", "denoise", "--reference", "mask.png"), "reference"),
    (("in.png", "--task", "upscale", "--reference", "clean.png"), "80x96"),
    (("in.png", "--task", "denoise", "--out", "full"), "not empty and not a folder of ours"),
    (("in.png", "--task", "denoise", "--out", "in.png"), "is a file"),
    (("in.png", "--task", "denoise", "--out", "no/r"), "no"),
    (
        ("in.png", "--task", "denoise", "--out", ".", "--overwrite"),
        "contains an input, in.png",
    ),
    (("in.png", "--task", "denoise", "--report", "r"), "--report"),
]


@pytest.mark.parametrize(
    ("words", "named"), BAD, ids=lambda v: " ".join(v) if isinstance(v, tuple) else None
)
def test_bad_requests_get_one_line_and_status_2_and_write_nothing(folder, capsys, words, named):
    before = sorted(folder.rglob("*"))
    tiny = () if "--preset" in words or "--device" in words else TINY
    assert run(*words, *tiny) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("untrained: ")
    assert err.count("\n") == 1
    assert named in err
    assert sorted(folder.rglob("*")) == before
    assert Path("full/note.txt").read_text() == "mine"


def test_a_comparison_is_not_repeated_over_an_old_one_unasked(folder, capsys):
    words = ("in.png", "--task", "deblock", *TINY, "--quiet")
    assert run(*words) == 0
    before = Path("compare-in/untrained.png").stat().st_mtime_ns
    assert run(*words) == 2
    assert "compare-in is not empty" in capsys.readouterr().err
    assert Path("compare-in/untrained.png").stat().st_mtime_ns == before
    assert run(*words, "--overwrite") == 0


def test_importing_the_methods_loads_no_other_package():
    code = "import sys, untrained.evaluation.compare; sys.exit(bool({'skimage', 'bm3d', 'deepinv', "
    code += "'spandrel', 'torchvision', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
