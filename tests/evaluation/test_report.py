import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.errors import RequestError
from untrained.evaluation import report
from untrained.evaluation.scores import scores
from untrained.evaluation.sheet import side_by_side
from untrained.evaluation.snapshots import Snapshots
from untrained.fitting.restore import watch
from untrained.picture import preview
from untrained.picture.taking import as_picture
from untrained.recipes import WindowedVariance


def fitted(task, **changes):
    fit = watch(task, tiny_recipe(**changes), device="cpu")
    snapshots = Snapshots()
    for step in fit:
        snapshots.update(step)
    return fit.restoration(), snapshots


def test_snapshots_are_log_spaced():
    _, snapshots = fitted(tasks.deblock(photo()), steps=40)
    assert list(snapshots.pictures) == [1, 2, 3, 5, 8, 12, 18, 27]


def test_report_of_an_enlarged_picture_with_a_stop_statistic(tmp_path):
    rules = (WindowedVariance(window=3, patience=100),)
    picture = as_picture(photo())
    result, snapshots = fitted(tasks.upscale(picture, 2), stopping=rules)
    page = report.write_report(tmp_path / "r", result, before=picture, snapshots=snapshots)
    facts = json.loads((tmp_path / "r" / "report.json").read_text())
    assert facts["psnr"] is None
    assert [row["statistic"] for row in facts["history"]][:2] == [None, None]
    assert facts["history"][5]["statistic"] > 0
    assert "windowed-variance" in facts["recipe"]["stopping"][0]["kind"]
    with Image.open(tmp_path / "r" / "restored.png") as image:
        assert image.size == (40, 48)
    assert "<script" not in page.read_text()


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_pictures_of_any_channels_can_be_reported(tmp_path, channels):
    array = np.random.default_rng(0).random((12, 9, channels)).astype(np.float32)
    result, snapshots = fitted(tasks.denoise(array, sigma=0.1), steps=2)
    report.write_report(
        tmp_path, result, before=as_picture(array), snapshots=snapshots, picture_name="r.tif"
    )
    assert (tmp_path / "index.html").stat().st_size > 5000


def test_scores_agree_with_their_definitions():
    clean = as_picture(photo(40, 40))
    noisy = clean.with_pixels(clean.pixels + 0.05)
    found = scores(noisy, clean)
    error = (noisy.pixels - clean.pixels).double().square().mean()
    assert found["psnr"] == pytest.approx(float(-10 * torch.log10(error)))
    assert 0.5 < found["ssim"] < 1
    assert scores(clean, clean) == {"psnr": None, "ssim": pytest.approx(1)}
    assert scores(clean, None) == {"psnr": None, "ssim": None}


def test_floats_of_any_range_are_scored_in_one_scale():
    clean = 1000 * photo().astype(np.float32)
    noisy = as_picture(clean + np.random.default_rng(0).normal(0, 3e4, clean.shape))
    truth = as_picture(clean.astype(np.float64))
    exact = noisy.with_pixels(
        (truth.pixels * truth.scale + truth.offset - noisy.offset) / noisy.scale
    )
    assert scores(exact, truth)["psnr"] > 100


def test_references_that_do_not_match_are_refused():
    clean, other = as_picture(photo(24, 20)), as_picture(photo(20, 24))
    with pytest.raises(RequestError, match=r"24x20.*20x24"):
        scores(clean, other)


def test_side_by_side_enlarges_the_smaller():
    row = side_by_side([torch.zeros(1, 3, 4, 5), torch.ones(1, 3, 8, 10)], gap=2)
    assert row.shape == (1, 3, 8, 22)
    assert row[..., :10].max() == 0
    assert row[..., 10:].min() == 1


def test_the_report_of_several_networks_shows_where_they_disagree(tmp_path):
    filled = np.zeros(photo().shape[:2], bool)
    filled[5:12, 4:9] = True
    problem = tasks.inpaint(photo(), filled)
    result, _ = fitted(problem, ensemble_size=2)
    page = report.write_report(tmp_path / "r", result, before=problem.picture)
    kept = np.load(tmp_path / "r" / "uncertainty.npy")
    assert np.array_equal(kept, result.uncertainty[0, 0].numpy())
    assert (kept[filled] > 0).all()
    assert (kept[~filled] == 0).all()
    with Image.open(tmp_path / "r" / "uncertainty.png") as drawn:
        assert drawn.size == (770, 550)
    assert "networks disagree" in page.read_text()
    alone, _ = fitted(problem)
    report.write_report(tmp_path / "r", alone, before=problem.picture, overwrite=True)
    assert not list((tmp_path / "r").glob("uncertainty*"))
    assert "networks disagree" not in page.read_text()


def page_of(tmp_path, **kinds):
    clean = as_picture(photo())
    noisy = clean.with_pixels(clean.pixels + 0.1)
    result, snapshots = fitted(tasks.denoise(noisy, sigma=0.1), steps=2)
    page = report.write_report(tmp_path / "r", result, before=noisy, snapshots=snapshots, **kinds)
    return page.read_text(), json.loads((tmp_path / "r" / "report.json").read_text()), clean, noisy


def test_the_page_says_file_size_command_and_the_scores_of_both(tmp_path):
    clean = as_picture(photo())
    origin = report.Origin("holiday <1>.png", "untrained denoise 'holiday <1>.png' out.png")
    page, facts, _, noisy = page_of(tmp_path, origin=origin, reference=clean)
    assert facts["input"] == {
        "file": "holiday <1>.png",
        "size": "20x24",
        "channels": 3,
        "samples": "uint8",
    }
    assert facts["command"] == origin.command
    before = scores(noisy, clean)
    assert facts["input_psnr"] == before["psnr"]
    assert facts["input_ssim"] == before["ssim"]
    assert "holiday &lt;1&gt;.png" in page
    assert "<1>" not in page
    assert "20x24, 3 channels of uint8" in page
    assert f"input {before['psnr']:.2f} dB, restored {facts['psnr']:.2f} dB" in page
    assert preview.data_url(preview.png_bytes(clean.pixels)) in page


def test_without_a_reference_the_page_shows_none(tmp_path):
    page, facts, *_ = page_of(tmp_path)
    assert facts["input_psnr"] is None
    assert facts["command"] is None
    assert "reference" not in page
    assert "PSNR" not in page


def test_the_slider_at_its_right_end_shows_the_restored_picture(tmp_path):
    page, *_ = page_of(tmp_path)
    restored = Image.open(tmp_path / "r" / "restored.png")
    covering = re.search(r'class="top" src="([^"]+)" alt="restored"', page)
    with Image.open(io.BytesIO(base64.b64decode(covering[1].partition(",")[2]))) as top:
        assert np.array_equal(np.asarray(top), np.asarray(restored))
    # The covering picture is cut at --at from the left: it is whole at 100 %.
    assert "clip-path: inset(0 calc(100% - var(--at)) 0 0)" in page
    ends = re.search(r'<label for="at" id="end">(.*?)</label>.*?<span>(.*?)</span>', page, re.S)
    assert ends.groups() == ("input", "restored")


@pytest.mark.parametrize("spoilt", ["enlarged", "filled", "missing"])
def test_an_input_that_cannot_be_judged_has_no_score(tmp_path, spoilt):
    clean = as_picture(photo())
    holes = np.zeros(photo().shape[:2], bool)
    holes[5:12, 4:9] = True
    gaps = np.where(holes[..., None], np.nan, photo() / 255).astype(np.float32)
    before = as_picture(gaps) if spoilt == "missing" else clean
    problem = {
        "enlarged": lambda: tasks.upscale(clean, 2),
        "filled": lambda: tasks.inpaint(clean, holes),
        "missing": lambda: tasks.denoise(before, sigma=0.1),
    }[spoilt]()
    result, _ = fitted(problem, steps=2)
    reference = result.restored
    report.write_report(tmp_path, result, before=before, reference=reference, picture_name="r.npy")
    facts = json.loads((tmp_path / "report.json").read_text())
    assert facts["ssim"] is not None
    assert facts["input_psnr"] is facts["input_ssim"] is None


def test_an_initial_guess_is_called_so(tmp_path):
    origin = report.Origin("scan.npy", before_is="initial guess")
    page, facts, *_ = page_of(tmp_path, origin=origin)
    assert facts["input"] == {"file": "scan.npy"}
    assert '<label for="at" id="end">initial guess</label>' in page


def test_a_result_of_floats_is_reported_in_a_format_that_holds_it(tmp_path):
    array = np.random.default_rng(0).random((12, 9)).astype(np.float32)
    result, _ = fitted(tasks.denoise(array, sigma=0.1), steps=2)
    report.write_report(tmp_path / "r", result, before=as_picture(array))
    assert (tmp_path / "r" / "restored.tif").is_file()
