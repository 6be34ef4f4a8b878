"""The benches of quality: protocols, tables, what is refused."""

import io
import json
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch
from benches import table
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.app.cli import main
from untrained.evaluation.quality import cases
from untrained.evaluation.quality.measure import Plan, _covered, account, measure
from untrained.evaluation.quality.outcome import markdown
from untrained.evaluation.quality.published import published
from untrained.fitting.restore import watch
from untrained.recipes import Discrepancy
from untrained.tasks.presets import preset


def save(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(samples).save(path)


def noisy(samples, sigma, seed=0):
    drawn = np.random.default_rng(seed).normal(0, sigma, samples.shape)
    return np.clip(np.rint(samples + drawn), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder laid out as the benches expect, two tiny pictures in each set."""
    folder = tmp_path_factory.mktemp("data")
    for name, clean in (("a", photo()), ("b", photo()[::-1].copy())):
        save(folder / "denoising/cset9" / f"{name}.png", clean)
        save(folder / "denoising/cset9_sigma25" / f"{name}.png", noisy(clean, 25))
        save(folder / "sr/set5" / f"{name}.png", clean)
        save(folder / "real/maker" / f"{name}_clean.png", clean)
        save(folder / "real/maker" / f"{name}_noisy.png", noisy(clean, 8))
        grey = clean[..., 0].clip(1)
        grey[0] = 0
        save(folder / "inpainting/set11" / f"{name}.png", grey)
        lost = np.random.default_rng(1).random(grey.shape) < 0.5
        save(folder / "inpainting/set11_masked50" / f"{name}.png", np.where(lost, 0, grey))
    return folder


def run(*words):
    out, status = io.StringIO(), 0
    with redirect_stdout(out):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    return status, out.getvalue()


@pytest.mark.parametrize(
    ("task", "peer"),
    [
        ("denoise", "input"),
        ("deblock", "input"),
        ("upscale", "bicubic"),
        ("inpaint", "nearest pixel"),
    ],
)
def test_every_picture_is_measured_beside_a_peer(task, peer, data, tmp_path):
    out = tmp_path / "out"
    words = ("bench", task, "--data", data, "--preset", "tv", "--out", out, "--json", "--quiet")
    status, printed = run(*words)
    assert status == 0
    told = json.loads((out / "bench.json").read_text())
    assert json.loads(printed) == told | {"out": str(out)}
    assert [row["picture"] for row in told["rows"]] == ["a", "b"]
    for key, of in (("psnr", told["rows"]), ("seconds", told["rows"])):
        assert told["mean"][key] == pytest.approx(np.mean([row[key] for row in of]), abs=1e-3)
    figures = [row["peers"][peer]["psnr"] for row in told["rows"]]
    assert told["mean"]["peers"][peer]["psnr"] == pytest.approx(np.mean(figures), abs=1e-3)
    assert told["command"] == f"untrained bench {task} --data DIR --preset tv --seed 0"
    assert told["recipe"]["name"] == "tv"
    assert {row["kept"] for row in told["rows"]} == {True if task == "inpaint" else None}
    assert f"over {peer}" in (out / "bench.md").read_text()
    assert (out / "bench.md").read_text() == markdown(told) + "\n"


def test_the_noise_level_is_not_told(data):
    (case, _) = cases.denoise(data, "cset9", 25)
    assert any("estimated" in note for note in case.problem.notes)
    assert 20 < case.judge(case.problem.measurement.y) < 23


def test_real_noise_is_found_in_pairs(data):
    found = list(cases.denoise(data, "real", 25))
    assert [case.name for case in found] == ["a", "b"]
    assert 28 < found[0].judge(found[0].problem.measurement.y) < 33


def test_upscaling_reduces_as_the_authors_do_and_judges_the_luma(data):
    (case, _) = cases.upscale(data, "set5", 2)
    height, width = photo().shape[:2]
    assert case.problem.size == (height // 2 * 2, width // 2 * 2)
    clean = tasks.denoise(photo()).measurement.y[
        ..., : case.problem.size[0], : case.problem.size[1]
    ]
    assert case.judge(clean) == float("inf")
    shifted = clean.clone()
    shifted[..., :4, :] += 0.1
    assert case.judge(shifted) == float("inf"), "the border is left off"


def test_black_pixels_that_may_be_missing_are_not_judged(data):
    (case, _) = cases.inpaint(data, "set11", 50)
    clean = tasks.denoise(np.asarray(Image.open(data / "inpainting/set11/a.png"))).measurement.y
    wrong = clean.clone()
    wrong[..., 0, :] = 1
    assert case.judge(wrong) == float("inf")
    wrong[..., 1, :] = 1
    assert case.judge(wrong) < 25
    assert case.problem.rendering.filled[..., 0, :].all()


def test_jpeg_of_the_quality_asked_for(data):
    first, _ = (next(cases.deblock(data, "cset9", quality)) for quality in (10, 90))
    better = next(cases.deblock(data, "cset9", 90))
    assert first.judge(first.problem.measurement.y) + 5 < better.judge(better.problem.measurement.y)


def test_peers_take_part_when_asked_for(data):
    case = next(cases.inpaint(data, "set11", 50))
    row = measure(case, Plan("tv", peers=True), lambda _title, _share: None)
    assert {"nearest pixel", "biharmonic", "total variation"} <= set(row["peers"])
    assert row["peers"]["total variation"]["psnr"] == pytest.approx(row["psnr"], abs=0.2)
    assert row["peers"]["biharmonic"]["psnr"] > row["peers"]["nearest pixel"]["psnr"]
    assert set(row["skipped"]) <= {"DIP of deepinv"}


def test_the_stop_gap_looks_beyond_a_stop_that_came_too_soon(data, monkeypatch):
    case = next(cases.denoise(data, "cset9", 25))
    recipe = tiny_recipe(steps=30, averaging=0, stopping=(Discrepancy(factor=10),))

    def watching(problem, chosen, **given):
        return watch(problem, recipe if chosen == "fast" else chosen, **given)

    monkeypatch.setattr("untrained.evaluation.quality.measure.watch", watching)
    row = measure(case, Plan("fast", gap=True), lambda *_: None)
    assert row["steps"] < 10
    assert row["stopping"]["best_step"] in (10, 20, 30)
    assert row["stopping"]["gap"] > 0


def test_the_stop_gap_is_what_the_best_step_would_have_gained(data):
    given = next(cases.denoise(data, "cset9", 25))
    best = []

    def metric(_image, _truth):
        best.append(float(len(best) % 40 == 11))
        return best[-1]

    case = cases.Case("a", given.problem, given.truth, metric)
    row = measure(case, Plan("tv", gap=True), lambda *_: None)
    assert row["stopping"] == {"best_step": 120, "chosen_step": 400, "gap": 1.0}
    row = measure(given, Plan("tv", gap=True), lambda *_: None)
    assert 0 <= row["stopping"]["gap"] < 1


def test_the_truth_within_two_deviations_is_counted_where_there_is_doubt():
    image, truth = torch.zeros(1, 1, 2, 2), torch.tensor([[[[0.1, 0.3], [0.9, 0.0]]]])
    deviation = torch.tensor([[[[0.06, 0.1], [0.0, 0.1]]]])
    assert _covered(image, truth, deviation) == pytest.approx(2 / 3, abs=1e-4)


def test_published_figures_stand_below_their_set_only():
    assert any(each.psnr == 33.48 for each in published("inpaint", "set11", 50))
    assert published("inpaint", "set11", 51) == ()
    assert published("inpaint", "mine", 50) == ()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("denoise", "--data", "nowhere"), "does not exist"),
        (("denoise", "--data", "DATA", "--sigma", "0"), "give 1 to 255"),
        (("denoise", "--data", "DATA", "--sigma", "50"), "cset9_sigma50"),
        (("upscale", "--data", "DATA", "--factor", "1"), "give 2 to 16"),
        (("deblock", "--data", "DATA", "--preset", "wow"), "unknown preset"),
        (("inpaint", "--data", "DATA", "--out", "FULL"), "is not empty"),
        (("upscale", "--data", "EMPTY"), "contains no pictures"),
        (("denoise", "--data", "DATA", "--seed", "-1"), "seed -1"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    words, reason, data, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "empty/sr/set5").mkdir(parents=True)
    places = {"DATA": data, "FULL": "full", "EMPTY": "empty"}
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main(["bench", *(str(places.get(word, word)) for word in words)])
    assert ended.value.code == 2
    assert reason in "".join(capsys.readouterr().err.split("\n"))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_picture_that_is_returned_untouched_is_called_identical(data):
    case = next(cases.denoise(data, "cset9", 25))
    given = cases.Case("same", case.problem, case.truth, lambda *_: float("inf"))
    row = measure(given, Plan("tv"), lambda _title, _share: None)
    assert row["psnr"] is None
    told = {
        "preset": "tv",
        "task": "denoise",
        "pictures": "mine",
        "command": "",
        "machine": {"processor": "", "threads": "", "torch": ""},
        "rows": [row],
        "mean": {"psnr": None, "seconds": 1.0, "peers": {}},
    }
    assert "identical" in markdown(told)


def test_the_docs_say_what_the_results_say():
    results = table.read_results()
    assert (table.ROOT / "docs/benchmarks.md").read_text() == table.page(results)
    readme = (table.ROOT / "README.md").read_text()
    assert table.overview(results) in readme
    assert table.readme(readme, results) == readme


def test_the_recipe_told_is_the_one_that_was_run(tmp_path):
    save(tmp_path / "denoising/cset9/a.png", photo(40, 48))
    (case,) = cases.deblock(tmp_path, "cset9", 10)
    assert case.problem.variant == "tables"
    assert "JPEG quality 10, 4:2:0" in case.problem.notes[0]
    row = measure(case, Plan("tv"), lambda *_: None)
    told = account("deblock", Plan("fast"), [row], command="", pictures="mine")
    assert told["recipe"] == preset("deblock", "fast", variant="tables").model_dump(mode="json")
    assert told["recipe"]["passes"]
