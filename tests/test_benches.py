"""The benches of reconstruction: what they simulate, and the peers they run."""

import json
import re
import subprocess
from argparse import Namespace
from functools import partial

import pytest
import skimage.data
import torch
from benches import deepinv_rows, noise, reconstruct, run, table
from benches.total_variation import tuned
from PIL import Image

from tests.helpers.tiny import photo

SIZE = 32


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder laid out as the benches expect, with small pictures."""
    monkeypatch.setattr(reconstruct, "SIZE", SIZE)
    grey = Image.fromarray(skimage.data.camera()[100:140, 200:232])
    places = [("ctmri", name, grey) for name in (*reconstruct.SLICES, *reconstruct.SCANS)]
    colour = Image.fromarray(photo(40, 36))
    places += [("sr/set5", name, colour) for name in reconstruct.PICTURES]
    places += [("inpainting/set11", name, grey) for name in deepinv_rows.PICTURES]
    for folder, name, picture in places:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / folder / f"{name}.png")
    return tmp_path


@pytest.mark.parametrize("kind", reconstruct.KINDS)
def test_the_truth_explains_the_measurement_and_the_peer_comes_near_it(data, kind):
    cases = list(reconstruct.KINDS[kind](data))
    assert len(cases) == 3
    case = cases[1]
    assert case.kind == kind
    residual = case.physics.A(case.truth) - case.y
    assert float(residual.abs().square().mean()) < 0.01 * float(case.y.abs().square().mean())
    assert case.psnr(case.truth + 1e-6) > 90
    guess = case.psnr(case.guess)
    whole = case.guess if case.guess.shape == case.truth.shape else case.physics.frame(case.guess)
    found, _, _ = tuned(case.physics, case.y, whole, case.psnr, rounds=4)
    assert found > guess
    if (
        case.problem.measurement.noise is not None
        and case.problem.rendering.to_output is not None
        and kind != "deblur"
    ):
        low, high = case.problem.picture.display_range
        seen = case.problem.measurement.operator((case.truth - low) / (high - low))
        assert case.problem.measurement.noise.excess(
            seen, case.problem.measurement.y
        ) == pytest.approx(1, rel=0.2)


def test_deepinv_sees_the_samples_that_ours_sees(data):
    kinds = {row.kind: row for row in deepinv_rows.rows(data)}
    assert list(kinds) == ["ct", "mri", "inpaint"]
    row = kinds["mri"]
    real = deepinv_rows.Pair(row.problem.measurement.operator)(torch.rand(1, 1, SIZE, SIZE))
    assert real.shape == (*row.problem.measurement.y.shape, 2)
    assert not real.is_complex()
    hidden = kinds["inpaint"].problem
    assert 0.4 < float(hidden.rendering.filled.float().mean()) < 0.6


def test_the_table_of_both(monkeypatch, data):
    answers = {deepinv_rows.ours: (30.0, 2.0), deepinv_rows.theirs: (28.5, 8.0)}
    order = []
    for way, answer in answers.items():
        name = way.__name__
        monkeypatch.setattr(deepinv_rows, name, lambda *_, n=name, a=answer: order.append(n) or a)
    row = next(deepinv_rows.rows(data))
    told = [deepinv_rows.measure(row, number, 5, "fast") for number in (0, 1)]
    assert order == ["ours", "theirs", "theirs", "ours"]
    assert (told[0]["gain"], told[0]["share of time"]) == (1.5, 0.25)
    given = Namespace(size=32, steps=5, preset="fast", first=None)
    text = table.section(deepinv_rows.account(told, given))
    assert "| ct | **mean** | 30.00 | 28.50 | 1.50 | 2 | 8 | 25 % |" in text
    assert "--size 32 --steps 5 --preset fast`" in text


def test_one_kind_is_measured_and_what_was_known_of_others_stays(monkeypatch, data, tmp_path):
    monkeypatch.setattr(deepinv_rows, "RESULTS", tmp_path)
    monkeypatch.setattr("benches.run.RESULTS", tmp_path)
    monkeypatch.setattr(deepinv_rows, "reason_not_to_run", lambda: None)
    monkeypatch.setattr(deepinv_rows, "ours", lambda *_: (30.0, 2.0))
    monkeypatch.setattr(deepinv_rows, "theirs", lambda *_: (28.0, 8.0))
    for kind in ("mri", "ct", "mri"):
        words = ["--data", str(data), "--size", "32", "--first", "1", "--kind", kind]
        monkeypatch.setattr("sys.argv", ["deepinv_rows", *words])
        assert deepinv_rows.main() == 0
    kept = json.loads((tmp_path / "deepinv-32.json").read_text())
    assert [row["kind"] for row in kept["rows"]] == ["ct", "mri"]
    assert kept["mean"]["ct"]["gain"] == 2.0


@pytest.mark.parametrize("bench", [partial(run.quality, "denoise"), run.speed])
def test_asking_for_help_measures_nothing(monkeypatch, tmp_path, capfd, bench):
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    assert bench(["--help"]) == 0
    assert "--seed" in capfd.readouterr().out
    assert not list(tmp_path.iterdir())


def test_why_it_is_not_run_is_said(monkeypatch, capsys):
    monkeypatch.setattr(deepinv_rows, "reason_not_to_run", lambda: "the package is not installed")
    monkeypatch.setattr("sys.argv", ["deepinv_rows", "--data", "."])
    assert deepinv_rows.main() == 1
    assert "not run: the package is not installed" in capsys.readouterr().err


def test_kinds_of_noise_are_measured_and_laid_in_a_table(monkeypatch):
    monkeypatch.setattr(noise, "LEVELS", (15,))
    monkeypatch.setattr(noise, "_block_matching", lambda _: iter(()))
    monkeypatch.setattr(
        noise.ut, "restore", lambda problem, _: Namespace(image=problem.picture.pixels)
    )
    kinds = ("counted light", "salt and pepper", "none")
    cases = [each for each in noise.made(64) if each.name == "coffee" and each.kind in kinds]
    rows = [noise.measure(case, "fast") for case in cases]
    assert tuple(row["kind"] for row in rows) == kinds
    # What was handed over above is the input.
    assert all(row["psnr"] == row["input"] for row in rows)
    by_kind = {row["kind"]: row for row in rows}
    assert by_kind["salt and pepper"]["median 3x3"] > by_kind["salt and pepper"]["input"] + 8
    assert by_kind["counted light"]["NLM told"] > by_kind["counted light"]["input"] + 1
    machine = dict.fromkeys(("processor", "threads", "torch"), "x")
    text = table.noise_table({"size": 64, "command": "c", "rows": rows, "machine": machine})
    assert text.count("| coffee |") == len(rows)
    assert "identical" in text


def test_the_table_of_volumes_tells_means_and_memory():
    rows = [
        {"task": "denoise", "volume": name, "method": "untrained", "psnr": psnr, "seconds": 3.0}
        for name, psnr in (("foam", 30.0), ("head", 34.0))
    ]
    memory = {"task": "denoise volume", "side": 128, "precision": "bfloat16"}
    told = table.section(
        {
            "bench": "volumes",
            "command": "python -m benches.volumes",
            "machine": {"processor": "one", "threads": 1, "torch": "2"},
            "shape": [24, 48, 40],
            "rows": rows,
            "memory": [memory | {"predicted": 11e8, "measured": 12e8}],
        }
    )
    assert "Volumes of 40x48x24" in told
    assert "| untrained | 30.00 | 34.00 | 32.00 | 3 |" in told
    assert "| denoise volume | 128 | bfloat16 | 1.10 GB | 1.20 GB |" in told


RESULTS = table.results_by_name()
WITHOUT_A_CLEAN_COMMIT = {
    "deepinv-128",
    "demosaic-fast",
    "denoise-50-fast",
    "features",
    "flash-fast",
    "gallery",
    "inpaint-fast",
    "memory",
    "noise",
    "volumes",
}
"""Old results whose code cannot be found again; the note of each says why. Add none."""


def history():
    """The commits of this repository; None in a copy that does not hold them all."""
    asked = ["git", "-C", str(table.ROOT), "rev-parse", "--is-shallow-repository"]
    answer = subprocess.run(asked, check=False, capture_output=True, text=True)
    if answer.stdout.strip() != "false":
        return None
    words = ["git", "-C", str(table.ROOT), "rev-list", "HEAD"]
    return set(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())


def test_every_result_names_the_commit_and_the_command_that_made_it():
    known = history()
    without = set()
    for name, result in RESULTS.items():
        assert re.match(r"(untrained bench|python -m benches\.)", result["command"]), name
        commit = result["machine"].get("commit") or ""
        clean = re.fullmatch(r"[0-9a-f]{40}", commit)
        if not clean or (known is not None and commit not in known):
            without.add(name)
    assert without <= WITHOUT_A_CLEAN_COMMIT
    assert known is None or without == WITHOUT_A_CLEAN_COMMIT
    for name in WITHOUT_A_CLEAN_COMMIT:
        assert " commit " in RESULTS[name]["note"], name


def test_peers_that_the_command_did_not_run_are_noted():
    for name, result in RESULTS.items():
        peers = set(result["mean"]["peers"]) if result.get("bench") == "quality" else set()
        if result["command"].startswith("untrained bench") and len(peers) > 1:
            assert "--peers" in result["command"] or "peers" in result["note"], name


def test_the_best_peer_of_a_set_is_the_best_of_all_its_files():
    def result(preset, task="inpaint", **peers):
        mean = {"psnr": 30.0, "peers": {name: {"psnr": psnr} for name, psnr in peers.items()}}
        facts = {"bench": "quality", "task": task, "pictures": "set11", "preset": preset}
        return facts | {"rows": [{}] * 4, "mean": mean}

    told = table.overview(
        [
            result("balanced", nearest=26.68),
            result("fast", nearest=26.68, biharmonic=30.74, failed=None),
            result("fast", "deblock", input=26.86),
        ]
    )
    assert "| inpaint, set11 | 4 | biharmonic 30.74 | 30.00 | 30.00 |" in told
    assert "| deblock, set11 | 4 |  | 30.00 |  |" in told
