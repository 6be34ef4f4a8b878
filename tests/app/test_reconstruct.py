"""`untrained reconstruct`: files in, files out, and what bad input gets."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from tests.app.test_cli import run
from tests.helpers.tiny import photo, tiny_recipe
from untrained.operators import FanBeam, FourierSubsampling, Radon, gaussian_kernel
from untrained.picture import measurements

SIZE = 20
FAN = ("--geometry", "fan", "--source-distance", "60", "--detector-distance", "30")
TINY = ("--recipe", "tiny.json", "--device", "cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A sinogram, k-space with mask and coils, a picture with kernels, a tiny recipe."""
    monkeypatch.chdir(tmp_path)
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    image = (40 * np.exp(-(rows**2 + columns**2) / 12)).astype(np.float32)
    whole = torch.from_numpy(image)[None, None]
    angles = np.arange(0, 180, 15.0)
    np.save("angles.npy", angles)
    Path("angles.txt").write_text(" ".join(map(str, angles)))
    Path("far.txt").write_text("1e200 " * len(angles))
    sinogram = Radon(angles, SIZE)(whole)[0, 0].numpy()
    np.save("sino.npy", sinogram)
    np.savez("sino.npz", sinogram)
    fan = FanBeam(angles * 2, SIZE, source_distance=60, detector_distance=30)
    np.save("fan.npy", fan(whole)[0, 0].numpy())
    np.save("sino_t.npy", sinogram.T)
    tifffile.imwrite("sino.tif", sinogram)
    mask = np.random.default_rng(0).random(SIZE) < 0.5
    mask[SIZE // 2] = True
    np.save("mask.npy", mask)
    np.save("unmask.npy", ~mask)
    maps = np.ones((2, SIZE, SIZE), np.complex64) * np.array([1, 1j])[:, None, None]
    np.save("coils.npy", maps)
    np.save("k.npy", FourierSubsampling(mask, height=SIZE)(whole)[0, 0].numpy())
    np.save("kc.npy", FourierSubsampling(mask, maps)(whole)[0].numpy())
    turned = torch.cat([whole * np.cos(1.2), whole * np.sin(1.2)], dim=1)
    np.save("turned.npy", FourierSubsampling(mask, height=SIZE)(turned)[0, 0].numpy())
    np.save("whole.npy", FourierSubsampling(np.ones((SIZE, SIZE)), maps)(whole)[0].numpy())
    Image.fromarray(photo()).save("in.png")
    np.save("kernel.npy", gaussian_kernel(0.8).numpy())
    np.save("zero.npy", np.zeros((3, 3)))
    np.save("wide.npy", np.ones((3, 21)))
    np.save("empty.npy", np.zeros((0, 4)))
    Path("bad.npy").write_bytes(b"\x93NUMPY nonsense")
    Path("tiny.json").write_text(tiny_recipe(steps=3).model_dump_json())
    return tmp_path


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        (("k.npy",), False),
        (("kc.npy", "--coils", "coils.npy"), False),
        (("whole.npy",), False),
        (("turned.npy",), True),
        (("turned.npy", "--complex"), False),
    ],
    ids=str,
)
def test_phase_is_spoken_of_where_a_real_picture_is_sought(folder, capsys, given, warned):
    assert run("reconstruct", "mri", given[0], "out.npy", *given[1:], *TINY) == 0
    assert ("--complex seeks one with phase" in capsys.readouterr().err) == warned


@pytest.mark.parametrize(
    "words",
    [
        ("ct", "sino.npy", "out.npy", "--angles", "angles.npy"),
        ("ct", "sino.npz", "out.tif", "--angles", "angles.txt"),
        ("ct", "sino.tif", "out.npy", "--angles", "0:180", "--sigma", "0.5"),
        ("ct", "sino.npy", "out.png", "--angles", "0:180", "--signed", "--largest", "50"),
        ("ct", "fan.npy", "out.npy", "--angles", "0:360", *FAN, "--bin-width", "1.5"),
        ("mri", "k.npy", "out.npy", "--mask", "mask.npy"),
        ("mri", "k.npy", "out.tif", "--sigma", "0.1"),
        ("mri", "kc.npy", "out.npy", "--mask", "mask.npy", "--coils", "coils.npy"),
        ("mri", "k.npy", "out.npy", "--complex"),
        ("mri", "whole.npy", "out.h5"),
    ],
    ids=" ".join,
)
def test_measurements_become_pictures(folder, capsys, words):
    before = set(folder.iterdir())
    assert run("reconstruct", *words, *TINY, "--json", "--quiet") == 0
    out, err = capsys.readouterr()
    line = json.loads(out.splitlines()[-1])
    assert (line["task"], line["input"], line["preset"]) == ("reconstruct", words[1], "custom")
    assert err == ""
    written = measurements.read_array(words[2])
    assert written.shape == ((SIZE, SIZE, 2) if "--complex" in words else (SIZE, SIZE))
    assert written.dtype == (np.uint16 if words[2].endswith("png") else np.float32)
    assert {path.name for path in set(folder.iterdir()) - before} == {words[2]}


def test_a_fan_is_wider_than_its_slice(folder):
    words = ("ct", "fan.npy", "out.npy", "--angles", "0:360", *FAN, "--size", "16")
    assert run("reconstruct", *words, *TINY, "--quiet") == 0
    assert np.load("out.npy").shape == (16, 16)


def test_low_doses(folder):
    np.save("log.npy", np.load("sino.npy") / 200)
    words = ("ct", "log.npy", "out.npy", "--angles", "0:180", "--photons", "1e4")
    assert run("reconstruct", *words, *TINY, "--quiet") == 0


def test_deblur_keeps_the_picture_what_it_is(folder, capsys):
    words = ("deblur", "in.png", "out.png", "--kernel", "kernel.npy")
    assert run("reconstruct", *words, *TINY, "--json", "--quiet", "--reference", "in.png") == 0
    with Image.open("out.png") as image:
        assert (image.size, image.mode) == ((20, 24), "RGB")
    assert json.loads(capsys.readouterr().out)["psnr"] > 5


def test_demosaic_is_a_reconstruction_too(folder):
    Image.fromarray(photo()[..., 0]).save("raw.png")
    for words in (("demosaic",), ("reconstruct", "demosaic")):
        out = f"{words[0]}.png"
        assert run(*words, "raw.png", out, "--pattern", "BGGR", *TINY, "--quiet") == 0
    assert Path("demosaic.png").read_bytes() == Path("reconstruct.png").read_bytes()


def test_blind_deblurring_keeps_the_picture_what_it_is(folder):
    words = ("deblur", "in.png", "out.png", "--blind", "5", "--report", "report")
    assert run("reconstruct", *words, *TINY, "--json", "--quiet") == 0
    with Image.open("out.png") as image:
        assert (image.size, image.mode) == ((20, 24), "RGB")
    assert np.load("report/kernel.npy").sum() == pytest.approx(1)


def test_scores_and_report_are_in_the_reference_s_units(folder, capsys):
    tifffile.imwrite("truth.tif", np.load("sino.npy")[:1].repeat(SIZE, 0) + 100)
    words = ("ct", "sino.npy", "out.npy", "--angles", "0:180", "--reference", "truth.tif")
    assert run("reconstruct", *words, *TINY, "--json", "--quiet", "--report", "report") == 0
    line = json.loads(capsys.readouterr().out)
    truth, out = tifffile.imread("truth.tif"), np.load("out.npy")
    peak = truth.max() - truth.min()
    expected = 10 * np.log10(peak**2 / ((truth - out) ** 2).mean())
    assert line["psnr"] == pytest.approx(expected, abs=0.01)
    assert Path("report/restored.npy").exists()
    assert Path("report/index.html").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ct", "sino.npy", "out.npy", "--angles", "kernel.npy"), "81 angles do not match"),
        (("ct", "sino_t.npy", "out.npy", "--angles", "angles.npy"), "transpose it"),
        (("ct", "sino.npy", "out.npy", "--angles", "0:x"), "START:STOP"),
        (("ct", "sino.npy", "out.npy", "--angles", "none.txt"), "cannot read angles"),
        (("ct", "k.npy", "out.npy", "--angles", "0:180"), "complex"),
        (("ct", "kc.npy", "out.npy", "--angles", "0:180"), "two axes"),
        (("ct", "empty.npy", "out.npy", "--angles", "0:180"), "give numbers"),
        (("ct", "bad.npy", "out.npy", "--angles", "0:180"), "damaged"),
        (("ct", "sino.npy", "out.jpg", "--angles", "0:180"), "8-bit"),
        (("ct", "sino.npy", "out.npy", "--angles", "0:180", "--photons", "0"), "above 0"),
        (
            ("ct", "sino.npy", "out.npy", "--angles", "0:1", "--photons", "9", "--sigma", "1"),
            "not both",
        ),
        (("ct", "sino.npy", "out.npy", "--angles", "0:180", "--sigma", "-1"), "not a noise level"),
        (
            ("ct", "sino.npy", "out.npy", "--angles", "0:180", "--preset", "x"),
            "fast, balanced, best, tv",
        ),
        (("ct", "fan.npy", "out.npy", "--angles", "0:360", "--bin-width", "2"), "--bin-width is"),
        (("ct", "fan.npy", "out.npy", "--angles", "0:360", *FAN[:4]), "--detector-distance"),
        (
            ("ct", "fan.npy", "out.npy", "--angles", "0:360", *FAN[:3], "9", *FAN[4:]),
            "more than 10",
        ),
        (("ct", "fan.npy", "out.npy", "--angles", "0:360", "--geometry", "cone"), "parallel"),
        (("ct", "sino.npy", "out.npy", "--angles", "30:30"), "one angle for all rows"),
        (("ct", "sino.npy", "out.npy", "--angles", "far.txt"), "angles up to 1e+200"),
        (("mri", "sino.npy", "out.npy"), "give complex"),
        (("mri", "kc.npy", "out.npy"), "(10x10 are needed): give those of the coils: --coils FILE"),
        (("mri", "kc.npy", "out.npy", "--mask", "wide.npy"), "is 20x20, the mask 21x3"),
        (("mri", "k.npy", "out.npy", "--mask", "unmask.npy"), "inverted"),
        (("mri", "k.npy", "out.npy", "--mask", "kernel.npy"), "besides 0 and 1"),
        (("mri", "kc.npy", "out.npy", "--coils", "k.npy"), "(coils, height"),
        (("deblur", "in.png", "out.png", "--kernel", "zero.npy"), "all zero"),
        (("deblur", "in.png", "out.png", "--kernel", "wide.npy"), "21x3, larger than the picture"),
        (("deblur", "in.png", "out.png", "--kernel", "in.png"), "two axes"),
        (("deblur", "in.png", "out.png", "--kernel", "k.npy"), "complex numbers: give a kernel"),
        (("deblur", "in.png", "out.png"), "--blind SIZE"),
        (("deblur", "in.png", "out.png", "--blind", "5", "--kernel", "zero.npy"), "in its place"),
        (
            ("deblur", "in.png", "out.png", "--blind", "21"),
            "21x21, larger than the picture of 20x24",
        ),
        (("deblur", "in.png", "out.png", "--blind", "0"), "2 to 255"),
        (("deblur", "in.png", "out.png", "--blind", "5", "--preset", "tv"), "needs a guide"),
        (("deblur", "in.png", "out.png", "--kernel", "none.npy"), "cannot read"),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_written(folder, capsys, words, says):
    before = sorted(folder.iterdir())
    assert run("reconstruct", *words, *TINY[2:], *(() if "--preset" in words else TINY[:2])) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("untrained: ")
    assert says in line
    assert sorted(folder.iterdir()) == before


def test_npy_pictures_are_read_and_written_by_every_verb(folder):
    np.save("grey.npy", photo()[..., 0])
    assert run("denoise", "grey.npy", "out.npy", *TINY, "--quiet") == 0
    assert np.load("out.npy").dtype == np.uint8
    assert np.load("out.npy").shape == (24, 20)
