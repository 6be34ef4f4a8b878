"""`untrained reconstruct phase`: files in, files out, and what bad input gets."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from tests.app.test_cli import run
from tests.helpers.tiny import tiny_recipe
from tests.problem.test_phase_retrieval import SIZE, coded, error, scanned, truth
from untrained.operators import PaddedFourier, disc, pupil_grid

TINY = ("--recipe", "tiny.json", "--device", "cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Measurements of each kind, and what they were made with."""
    monkeypatch.chdir(tmp_path)
    far = PaddedFourier(SIZE, 2.0)(truth()).abs()[0, 0].numpy()
    np.save("far.npy", far)
    tifffile.imwrite("far.tif", far)
    np.save("support.npy", np.ones(SIZE, bool))
    np.save("coded.npy", coded(1)(truth()).abs()[0].numpy())
    np.savez("counts.npz", torch.poisson(900 * coded(1)(truth()).abs().square())[0].numpy())
    np.save("masks.npy", coded(1).masks.numpy())
    np.save("scan.npy", scanned(1)(truth()).abs()[0].numpy())
    grid = pupil_grid(3, 4, 0.7).numpy()
    np.save("grid.npy", grid)
    Path("grid.txt").write_text("\n".join(f"{row} {column}" for row, column in grid))
    np.save("pupil.npy", disc(4, 12).numpy())
    np.save("negative.npy", -np.load("coded.npy"))
    np.save("broken.npy", np.load("coded.npy") * np.nan)
    np.save("truth.npy", truth()[0, 0].numpy())
    Path("tiny.json").write_text(tiny_recipe().model_dump_json())
    return tmp_path


SCAN = ("--kind", "ptychography", "--size", "20x24", "--positions")

RIGHT = [
    ("far.npy", "out.npy", "--kind", "magnitude"),
    ("far.tif", "out.tif", "--kind", "magnitude", "--support", "support.npy"),
    ("coded.npy", "out.png", "--kind", "coded", "--masks", "masks.npy", "--sigma", "0.01"),
    ("coded.npy", "out.npy", "--kind", "coded", "--masks", "masks.npy", "--complex"),
    (
        *("counts.npz", "out.npy", "--kind", "coded", "--masks", "masks.npy"),
        *("--intensities", "--poisson"),
    ),
    ("scan.npy", "out.npy", *SCAN, "grid.npy", "--pupil", "4", "--largest", "1.2"),
    ("scan.npy", "out.npy", *SCAN, "grid.txt", "--pupil", "pupil.npy"),
]


@pytest.mark.parametrize("words", RIGHT, ids=lambda words: "-".join(words[:4]))
def test_a_picture_and_one_json_line_are_written(folder, capsys, words):
    assert run("reconstruct", "phase", *words, *TINY, "--json", "--quiet") == 0
    out = capsys.readouterr().out
    line = json.loads(out.splitlines()[-1])
    assert (line["task"], line["output"], line["steps"]) == ("reconstruct", words[1], 12)
    if words[1].endswith(".npy"):
        shape = (*SIZE, 2) if "--complex" in words else SIZE
        assert np.load(words[1]).shape == shape
    assert Path(words[1]).exists()


def test_scores_are_of_the_aligned_picture(folder, capsys):
    turned = truth().flip(-2, -1)[0, 0].numpy()
    np.save("turned.npy", turned)
    words = ("reconstruct", "phase", "far.npy", "out.npy", "--kind", "magnitude", *TINY, "--quiet")
    scores = []
    for reference in ("truth.npy", "turned.npy"):
        assert run(*words, "--reference", reference, "--json", "--overwrite") == 0
        scores.append(json.loads(capsys.readouterr().out.splitlines()[-1])["psnr"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)
    assert error(torch.from_numpy(np.load("out.npy"))[None, None], truth()) < 1


WRONG = [
    (("coded.npy", "--kind", "coded"), "--kind coded needs --masks"),
    (("coded.npy", "--kind", "coded", "--masks", "pupil.npy"), "(12, 12) do not match"),
    (("far.npy", "--kind", "coded", "--masks", "masks.npy"), "wants real (patterns, h, w)"),
    (("masks.npy", "--kind", "coded", "--masks", "masks.npy"), "complex64"),
    (("negative.npy", "--kind", "coded", "--masks", "masks.npy"), "are below 0, down to -"),
    (("broken.npy", "--kind", "coded", "--masks", "masks.npy"), "not finite"),
    (("coded.npy", "--kind", "magnitude"), "shape (6, 24, 20)"),
    (("far.npy", "--kind", "magnitude", "--oversampling", "0.5"), "--oversampling 0.5"),
    (("far.npy", "--kind", "magnitude", "--oversampling", "47"), "measured on 40x48"),
    (("far.npy", "--kind", "magnitude", "--support", "pupil.npy"), "does not fit"),
    (("far.npy", "--kind", "magnitude", "--masks", "masks.npy"), "--masks is for --kind coded"),
    (("scan.npy", *SCAN, "grid.npy"), "needs --pupil"),
    (("scan.npy", *SCAN, "grid.npy", "--pupil", "9"), "radius 9"),
    (("scan.npy", *SCAN, "grid.npy", "--pupil", "far.npy"), "(48, 40) does not match"),
    (("scan.npy", *SCAN, "nowhere.txt", "--pupil", "4"), "cannot read positions"),
    (("scan.npy", *SCAN, "pupil.npy", "--pupil", "4"), "12 positions do not match 9"),
    (
        (
            *("scan.npy", "--kind", "ptychography", "--size", "20", "--positions", "grid.npy"),
            *("--pupil", "4"),
        ),
        "give WIDTHxHEIGHT",
    ),
    (
        (
            *("scan.npy", "--kind", "ptychography", "--size", "12x12", "--positions", "grid.npy"),
            *("--pupil", "4"),
        ),
        "reaches out of a spectrum of 12x12",
    ),
    (
        (
            *("coded.npy", "--kind", "coded", "--masks", "masks.npy", "--sigma", "1"),
            "--poisson",
        ),
        "not both",
    ),
    (
        (
            *("coded.npy", "--kind", "coded", "--masks", "masks.npy", "--largest", "1"),
            "--complex",
        ),
        "--largest is for a real object",
    ),
    (("coded.npy", "--kind", "bragg"), "bragg"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[case[1] for case in WRONG])
def test_bad_input_gets_one_sentence_and_writes_nothing(folder, capsys, words, said):
    before = sorted(folder.iterdir())
    assert run("reconstruct", "phase", words[0], "out.npy", *words[1:], *TINY) == 2
    err = capsys.readouterr().err.strip()
    assert said in err
    assert "\n" not in err
    assert sorted(folder.iterdir()) == before
