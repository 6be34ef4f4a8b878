"""The bench of speed: its numbers agree with one another, and each with an independent count."""

import contextlib
import io
import json
import statistics
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from benches import table
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from tests.helpers.fits import network_of
from untrained.app import cli
from untrained.baselines.registry import Baseline
from untrained.errors import RequestError, WorkError
from untrained.evaluation.metrics import psnr
from untrained.evaluation.speed import command, measure, psnr_over_time, scene
from untrained.evaluation.speed.configurations import (
    CONFIGURATIONS,
    FAST,
    ORIGINAL,
    Configuration,
    configuration,
)
from untrained.evaluation.speed.operations import operations
from untrained.evaluation.speed.probe import probe
from untrained.fitting.step import Step
from untrained.picture.taking import as_picture

CPU = torch.device("cpu")
PAPER = configuration("denoise-paper")
NAMES = [way.name for way in CONFIGURATIONS]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """The files that fits are given, at 32x32."""
    folder = tmp_path_factory.mktemp("inputs")
    scene.write_inputs(scene.clean_picture(32), folder, seed=0)
    return folder


def run(*words):
    """Run the command line in this process; return the exit status."""
    with pytest.raises(SystemExit) as end:
        cli.main(["bench", "speed", *map(str, words)])
    return end.value.code


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What one run over everything says; its folder and its standard output too."""
    folder = tmp_path_factory.mktemp("bench") / "speed"
    words = ("--device", "cpu", "--size", 32, "--rounds", 2, "--json")
    out = io.StringIO()
    probes = []

    def probed(*words, **options):
        """The first in a process of its own, as always; the others as if a second later each."""
        first = probes[0] if probes else probe(*words, **options)
        probes.append(first._replace(first_step_seconds=first.first_step_seconds + len(probes)))
        return probes[-1]

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(Configuration, "recipe", shortened(40))
        patch.setattr(command, "probe", probed)
        assert run(*words, "--reach", "--original-steps", 3, "--out", folder) == 0
    return json.loads((folder / "speed.json").read_text()), folder, out.getvalue()


def shortened(steps):
    """The look-up of settings, with a smaller budget."""
    whole = Configuration.recipe
    return lambda way, problem: whole(way, problem).model_copy(update={"steps": steps})


def test_the_file_the_folder_and_the_json_line_agree(told):
    facts, folder, out = told
    assert sorted(path.name for path in folder.iterdir()) == [
        *(".untrained.json", "curve.png", "speed.json"),
    ]
    with Image.open(folder / "curve.png") as image:
        assert image.size == (800, 500)
    line = json.loads(out.splitlines()[-1])
    assert line.pop("out") == str(folder)
    assert line == facts
    assert [row["name"] for row in facts["rows"]] == NAMES
    for name in NAMES:
        assert name in out
    assert facts["command"].startswith("untrained bench speed --size 32 --rounds 2 --reach")
    assert facts["machine"]["torch"] == torch.__version__


def test_medians_ratios_and_shares_follow_from_the_rounds(told):
    facts, _, _ = told
    original = facts["rows"][0]["ms_each_round"]
    assert facts["rows"][0]["speed_up"] == 1
    for row in facts["rows"]:
        times = row["ms_each_round"]
        assert len(times) == 2
        assert row["ms"] == pytest.approx(statistics.median(times))
        ratios = [old / new for old, new in zip(original, times, strict=True)]
        assert row["speed_up"] == pytest.approx(statistics.median(ratios))
        rate = statistics.median(facts["matrix_rates_each_round"][row["precision"]])
        assert facts["matrix_rates"][row["precision"]] == pytest.approx(rate)
        assert row["share_of_matrix_rate"] * rate * row["ms"] / 1000 == pytest.approx(
            row["operations"]
        )
        assert row["projected_full_seconds"] == pytest.approx(row["steps"] * row["ms"] / 1000)
        assert row["first_step_seconds"] > row["ms"] / 1000
        assert row["first_step_seconds"] >= facts["rows"][0]["first_step_seconds"]
        assert row["peak_bytes"] > 50e6


def test_reach_tells_curves_points_and_whom_it_skipped(told):
    reach = told[0]["reach"]
    methods = {method["name"]: method for method in reach["methods"]}
    assert {"original", "denoise-fast", "tv", "nlm"} <= set(methods)
    assert reach["target"] == methods["original"]["psnr"]
    assert methods["original"]["points"][-1]["step"] == 3
    *_, before, last = methods["denoise-fast"]["points"]
    assert before["step"] < last["step"] <= 44
    assert last["psnr"] > before["psnr"]
    assert methods["denoise-fast"]["psnr"] > methods["original"]["psnr"] + 5
    for each in reach["skipped"]:
        assert f"{each['title']}: {each['why']}" in told[2]
    listed = set(methods) | {each["name"] for each in reach["skipped"]}
    peers = {"tv", "nlm", "nl-ridge", "bm3d", "median", "deepinv-dip"}
    assert listed == {"original", "denoise-fast", *peers}
    for method in methods.values():
        seconds = [point["seconds"] for point in method["points"]]
        assert seconds == sorted(seconds)
        first = [p["seconds"] for p in method["points"] if p["psnr"] >= reach["target"]]
        assert method["seconds_to_target"] == (first[0] if first else None)


def test_the_page_of_benchmarks_shows_every_way_and_method(told):
    facts, _, _ = told
    page = table.section(facts)
    assert page.startswith("## speed\n\n`untrained bench speed --size 32")
    for row in facts["rows"]:
        assert f"| {row['title']} | {row['precision']} | {row['ms']:.1f} |" in page
    for each in (*facts["reach"]["methods"], *facts["reach"]["skipped"]):
        assert each["title"] in page
    assert "speed.png" not in table.section(facts | {"reach": None})


@pytest.mark.parametrize("way", CONFIGURATIONS[1:], ids=NAMES[1:])
def test_nothing_ends_a_fit_while_its_steps_are_timed(inputs, way):
    problem = way.problem(inputs)
    fit = way.begin(problem, command._endless(way.recipe(problem)), seed=0, device="cpu")
    (only,) = network_of(fit)._rules
    assert only.name == "budget"
    assert only.steps > 10**6


@pytest.mark.parametrize("way", CONFIGURATIONS, ids=NAMES)
def test_operations_are_those_of_a_real_step(inputs, way):
    problem = way.problem(inputs)
    recipe = way.recipe(problem)
    fit = way.begin(problem, recipe, seed=0, device="cpu")
    while getattr(fit, "last", None) is None or fit.last.stage != "network":
        with FlopCounterMode(display=False) as counter:
            step = next(fit)
        if step.stage == "network":
            break
    assert operations(problem, recipe) == pytest.approx(counter.get_total_flops(), rel=1e-3)


def test_the_same_network_costs_the_same_and_a_narrow_one_less(inputs):
    def count(way):
        return operations(way.problem(inputs), way.recipe(way.problem(inputs)))

    assert count(ORIGINAL) == count(PAPER) > 5 * count(FAST)


def test_the_original_way_is_float32_nchw_and_not_ours(inputs):
    problem = ORIGINAL.problem(inputs)
    fit = ORIGINAL.begin(problem, ORIGINAL.recipe(problem), seed=0, device="cpu")
    group = fit._optimiser.param_groups[0]
    assert (group["fused"], group["foreach"], group["lr"]) == (False, False, 0.01)
    weights = list(fit._network.parameters())
    assert all(weight.is_contiguous() and weight.dtype == torch.float32 for weight in weights)
    padded = [m for m in fit._network.modules() if getattr(m, "padding", (0,)) == (1, 1)]
    assert padded
    assert {layer.padding_mode for layer in padded} == {"reflect"}


def test_the_original_way_and_our_engine_compute_the_same(inputs):
    """One seed draws one network and input. Later steps blow up rounding, unless laid out alike."""
    problem = ORIGINAL.problem(inputs)
    recipe = ORIGINAL.recipe(problem)
    old, alike = (ORIGINAL.begin(problem, recipe, seed=0, device="cpu") for _ in range(2))
    alike._network.to(memory_format=torch.channels_last)
    new = PAPER.begin(problem, recipe, seed=0, device="cpu")
    first, ours = next(old), next(new)
    assert first.loss == pytest.approx(ours.loss, rel=1e-4)
    torch.testing.assert_close(first.image, ours.image, atol=1e-4, rtol=0)
    next(alike)
    for _ in range(2):
        assert next(alike).loss == pytest.approx(next(new).loss, rel=1e-2)


def test_the_original_way_ends_with_its_budget_and_hands_over_the_average(inputs):
    problem = ORIGINAL.problem(inputs)
    recipe = ORIGINAL.recipe(problem).model_copy(update={"steps": 2})
    one, two = ORIGINAL.begin(problem, recipe, seed=0, device="cpu")
    assert (one.index, two.index, two.progress) == (1, 2, 1)
    torch.testing.assert_close(two.picture, (0.99 * one.image + two.image) / 1.99)


def test_the_picture_is_the_whole_astronaut_reduced():
    whole, half = scene.clean_picture(512), scene.clean_picture(256)
    assert np.array_equal(whole, skimage.data.astronaut())
    boxes = whole.reshape(256, 2, 256, 2, 3).mean(axis=(1, 3))
    assert np.abs(half - boxes).mean() < 2


def test_the_written_inputs_are_spoilt_as_said(tmp_path):
    clean = scene.clean_picture(128)
    scene.write_inputs(clean, tmp_path, seed=3)
    noisy, damaged, mask, small = (
        np.asarray(Image.open(tmp_path / f"{name}.png")).astype(int)
        for name in ("noisy", "damaged", "mask", "small")
    )
    middle = (clean > 100) & (clean < 155)
    assert (noisy - clean)[middle].std() == pytest.approx(25, rel=0.03)
    assert (mask == 255).mean() == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(damaged, np.where(mask[..., None] == 255, 0, clean))
    assert small.shape == (32, 32, 3)


class Ticking:
    """A clock that fits of known cost move on."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        for module in (measure, psnr_over_time):
            monkeypatch.setattr(module.time, "perf_counter", lambda: self.now)

    def fit(self, costs, pictures=None):
        for index, cost in enumerate(costs, start=1):
            self.now += cost
            image = torch.full((1, 1, 1, 1), float(index))
            yield Step(index, 0.0, image, image, image, self.now, 0.0)


def test_turns_alternate_and_each_round_has_its_own_time(monkeypatch):
    clock, order = Ticking(monkeypatch), []
    monkeypatch.setattr(measure, "matrix_rate", lambda _device, _precision: 7.0)

    def noted(name, costs):
        for step in clock.fit(costs):
            order.append(name)
            yield step

    fits = {"a": noted("a", [9, 1, 2, 4]), "b": noted("b", [9, 0.25, *[0.5] * 2, *[0.75] * 2])}
    shares = []
    measured = measure.measure(
        fits, ("float32",), rounds=2, device=CPU, report_progress=shares.append
    )
    assert "".join(order) == "aabb" + "abb" * 2
    assert measured.milliseconds == {"a": [2000, 4000], "b": [500, 750]}
    assert measured.steps_a_turn == {"a": 1, "b": 2}
    assert measured.rates == {"float32": [7.0, 7.0]}
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_curve_leaves_out_the_time_of_judging(monkeypatch):
    clock = Ticking(monkeypatch)

    def judged(image):
        clock.now += 100
        return float(image)

    points = psnr_over_time.trace(clock.fit([1, 1, 1, 1, 1, 1]), judged, 2.0, CPU)
    assert points == ((1, 1, 1), (2, 2, 2), (3, 3, 3), (5, 5, 5), (6, 6, 6))
    reached = psnr_over_time.Reached("a", "a", points)
    assert [reached.seconds_to(target) for target in (0, 2, 4, 6, 6.1)] == [1, 2, 5, 6, None]


def test_a_peer_that_is_missing_or_fails_is_skipped_with_its_reason(inputs, monkeypatch):
    def broken(_problem):
        raise ValueError("out of luck")

    peers = (
        Baseline("absent", "an absent one", "no_such_package", broken),
        Baseline("broken", "a broken one", "json", broken),
    )
    monkeypatch.setattr(psnr_over_time, "baselines", lambda *_a, **_k: peers)
    monkeypatch.setattr(Configuration, "recipe", shortened(2))
    clean = as_picture(scene.clean_picture(32)).pixels
    problem, plan = ORIGINAL.problem(inputs), psnr_over_time.Plan(0, "cpu", 2)
    found = psnr_over_time.reach(problem, clean, plan, lambda _title, _share: None)
    assert [each.name for each in found[2:]] == ["tv", "absent", "broken"]
    assert found[3].skipped == "not run: the package no_such_package is not installed"
    assert found[4].skipped == "failed: ValueError: out of luck"
    assert not found[3].points
    assert found[2].points[0].psnr > psnr(problem.picture.pixels, clean)


BAD = [
    (("--size", 30), "multiple of 4"),
    (("--size", 1024), "512"),
    (("--rounds", 0), "--rounds"),
    (("--target", 30), "--reach"),
    (("--original-steps", 5), "--reach"),
    (("--reach", "--original-steps", 0), "--original-steps"),
    (("--reach", "--target", "nan"), "target"),
    (("--seed", -1), "seed"),
    (("--device", "tpu"), "tpu"),
    (("--out", "full"), "not empty"),
    (("--out", "full/mine"), "is a file"),
    (("--out", "none/such"), "does not exist"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda v: " ".join(map(str, v))[:30])
def test_a_wrong_request_gets_one_line_and_writes_nothing(
    tmp_path, monkeypatch, capsys, words, named
):
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full/mine").write_text("mine")
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert named in err
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine"]
    assert Path("full/mine").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_way_runs_in_a_process_of_its_own(inputs, name):
    found = probe(name, inputs, device="cpu", seed=0)
    assert 0.1 < found.first_step_seconds < 600
    assert found.peak_bytes > 50e6


def test_a_process_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(WorkError, match=r"original failed .*noisy\.png"):
        probe("original", tmp_path, device="cpu", seed=0)


def test_an_unknown_configuration_lists_the_known_ones():
    with pytest.raises(RequestError, match="denoise-paper"):
        configuration("fastest")
