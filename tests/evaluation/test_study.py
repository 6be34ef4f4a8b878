"""The studies: their files, their verdicts both ways, their measures, their refusals."""

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.helpers.fits import network_of
from tests.helpers.tiny import NETWORK, photo
from untrained.app import cli
from untrained.errors import RequestError
from untrained.evaluation.study import (
    architectures,
    degrees_of_freedom,
    fitting,
    impedance,
    overfit,
    pictures,
    samples,
    spectral_tools,
    spectrum,
)
from untrained.evaluation.study import settings as study_settings
from untrained.evaluation.study.registry import STUDIES
from untrained.fitting.restore import watch
from untrained.recipes import LatentPairing, ResNetNetwork, UNetNetwork

LATENT = LatentPairing(channels=4, jitter=0)
ONE = {"side": 24, "network": NETWORK, "pairing": LATENT, "steps": 8}
RIVALS = ("depth 1", "depth 3", "depth 5", "U-Net")
TINY = {
    "samples": study_settings.SamplesSettings(
        side=24,
        draws=2,
        pairing=LATENT,
        networks={
            **{f"depth {d}": study_settings.hourglass(d, width=4) for d in (1, 3, 5)},
            "depth 5, skips": study_settings.hourglass(5, skip=2, width=4),
            "U-Net": UNetNetwork(channels=(4, 8)),
            "ResNet": ResNetNetwork(blocks=1, channels=4),
        },
    ),
    "impedance": study_settings.ImpedanceSettings(**ONE, levels=(0.2, 0.001)),
    "architectures": study_settings.ArchitecturesSettings(
        side=24,
        steps=4,
        pairing=LATENT,
        networks=dict.fromkeys(RIVALS, NETWORK),
        step_sizes=dict.fromkeys(RIVALS, 0.01),
    ),
    "overfit": study_settings.OverfitSettings(**ONE),
    "freedom": study_settings.FreedomSettings(**ONE),
    "spectrum": study_settings.SpectrumSettings(**ONE, bands=3),
}
COLUMNS = {
    "samples": {"source", "seed", "slope", "roughness"},
    "impedance": {"target", "step", "loss"},
    "architectures": {"problem", "network", "step", "loss", "psnr", "psnr_missing"},
    "overfit": {"step", "loss", "psnr", "psnr_to_noisy"},
    "freedom": {"step", "df", "samples", "pixels", "loss", "psnr"},
    "spectrum": {"target", "step", "band", "relative_error"},
}
ROWS = {
    "samples": 7 * 2 + 1,
    "impedance": 4 * 8,
    "architectures": 2 * 4 * 4,
    "overfit": 8,
    "freedom": 8,
    "spectrum": 2 * 8 * 3,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a picture, and quick studies that take a moment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study_settings, "QUICK", TINY)
    Image.fromarray(photo()).save("in.png")
    return tmp_path


def run(*words):
    """Run the command line in this process; return the exit status."""
    with pytest.raises(SystemExit) as end:
        cli.main(["study", *map(str, words)])
    return end.value.code


def quick(name, *words):
    return run(name, "--quick", "--image", "in.png", "--device", "cpu", *words)


def told(name, folder=None):
    return json.loads((Path(folder or f"study-{name}") / f"{name}.json").read_text())


def table(name):
    with (Path(f"study-{name}") / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def judged_again(name, rows, facts):
    """The verdict of the rows as read back from the table."""
    settings, numbers = facts["settings"], facts["numbers"]
    if name == "impedance":
        return impedance.judge(rows, settings["levels"], settings["sigma"] ** 2)
    if name == "spectrum":
        return spectrum.judge(rows, settings["fitted"])
    if name == "overfit":
        return overfit.judge(rows, numbers["psnr_of_noisy"])
    return {"samples": samples, "architectures": architectures, "freedom": degrees_of_freedom}[
        name
    ].judge(rows)


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_writes_three_files_that_agree(folder, capsys, name):
    assert quick(name) == 0
    out, err = capsys.readouterr()
    assert sorted(p.name for p in Path(f"study-{name}").iterdir()) == [
        ".untrained.json",
        f"{name}.csv",
        f"{name}.json",
        f"{name}.png",
    ]
    facts, rows = told(name), table(name)
    assert facts["study"] == name
    assert (facts["seed"], facts["quick"], facts["device"]) == (0, True, "cpu")
    assert facts["settings"] == TINY[name].model_dump(mode="json")
    assert {"untrained", "torch", "numpy"} <= set(facts["versions"])
    assert facts["picture"] == "in.png, 20x24"
    assert len(facts["claim"]) > 40
    assert len(rows) == facts["rows"] == ROWS[name]
    assert set(rows[0]) == COLUMNS[name]
    again = judged_again(name, rows, facts)
    assert (again.shown, again.sentence) == (facts["shown"], facts["verdict"])
    assert json.loads(json.dumps(again.numbers)) == facts["numbers"]
    with Image.open(f"study-{name}/{name}.png") as image:
        image.load()
        assert min(image.size) > 200
    assert facts["verdict"] in out
    assert f"study-{name}" in out
    assert ("NOT shown" in out) is not facts["shown"]
    assert "done" in err


def test_the_same_seed_gives_the_same_rows_and_another_others(folder):
    tables = []
    for seed in (0, 0, 1):
        assert quick("overfit", "--seed", seed, "--overwrite", "--quiet") == 0
        tables.append(Path("study-overfit/overfit.csv").read_bytes())
    assert tables[0] == tables[1]
    assert tables[0] != tables[2]


def test_without_an_image_a_sample_is_taken(folder, capsys):
    assert run("overfit", "--quick", "--out", "here", "--quiet", "--device", "cpu") == 0
    assert told("overfit", "here")["picture"] == "scikit-image's astronaut, 24x24"
    assert capsys.readouterr() == ("", "")


def test_steps_replace_the_settings(folder):
    assert quick("freedom", "--steps", "3") == 0
    assert told("freedom")["settings"]["steps"] == 3
    assert [row["step"] for row in table("freedom")] == ["1", "2", "3"]


def test_existing_files_are_replaced_only_when_asked(folder, capsys):
    Path("study-overfit").mkdir()
    Path("study-overfit/overfit.json").write_text("mine")
    Path("study-overfit/notes.txt").write_text("mine too")
    assert quick("overfit") == 2
    assert quick("overfit", "--overwrite") == 2
    assert capsys.readouterr().err.count("not a folder of ours") == 2
    assert Path("study-overfit/overfit.json").read_text() == "mine"
    Path("study-overfit/overfit.json").unlink()
    Path("study-overfit/notes.txt").unlink()
    assert quick("overfit") == 0
    Path("study-overfit/notes.txt").write_text("mine too")
    assert quick("overfit") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert quick("overfit", "--overwrite") == 0
    assert told("overfit")["study"] == "overfit"
    assert Path("study-overfit/notes.txt").read_text() == "mine too"


BAD = [
    (("sample",), "did you mean 'samples'"),
    (("everything",), "samples, impedance, architectures, overfit, freedom, spectrum"),
    (("overfit", "--image", "none-such.png"), "none-such.png"),
    (("overfit", "--image", "text.png"), "text.png"),
    (("overfit", "--image", "small.png"), "16 pixels"),
    (("overfit", "--image", "cmyk.jpg"), "grey nor RGB"),
    (("overfit", "--out", "in.png"), "is a file"),
    (("overfit", "--out", "no/where"), "does not exist"),
    (("overfit", "--seed", "-1"), "seed"),
    (("overfit", "--steps", "0"), "1 or more"),
    (("samples", "--steps", "5"), "--steps"),
    (("overfit", "--device", "tpu"), "cpu"),
    ((), "NAME"),
]


@pytest.mark.parametrize(("words", "named"), BAD, ids=lambda v: " ".join(v) if v != () else "none")
def test_bad_requests_get_one_line_and_status_2_and_write_nothing(folder, capsys, words, named):
    Path("text.png").write_text("hello")
    Image.new("L", (30, 7)).save("small.png")
    Image.new("CMYK", (30, 30)).save("cmyk.jpg")
    before = sorted(folder.rglob("*"))
    assert run(*words, *(("--quick",) if words else ())) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("untrained: ")
    assert err.count("\n") == 1
    assert named in err
    assert sorted(folder.rglob("*")) == before


def test_an_interrupted_study_writes_nothing(folder, capsys, monkeypatch):
    def interrupted(*_args, **_settings):
        raise KeyboardInterrupt
        yield

    monkeypatch.setitem(STUDIES, "overfit", interrupted)
    assert quick("overfit") == 130
    assert not Path("study-overfit").exists()


def test_help_names_every_study(capsys):
    assert run("--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert all(name in out for name in STUDIES)


@pytest.mark.parametrize("which", ["QUICK", "FULL"])
def test_every_study_has_settings_that_fit_it(which):
    settings = getattr(study_settings, which)
    assert list(settings) == list(STUDIES)
    chosen = settings["architectures"]
    assert set(chosen.networks) == set(chosen.step_sizes)
    assert all(s.pairing.jitter == 0 for s in settings.values())


def ended(study):
    """Run a study to its end; return its outcome."""
    while True:
        try:
            next(study)
        except StopIteration as end:
            return end.value


# Verdicts, from numbers made by hand.


def courses(**losses):
    return [
        {"target": name.replace("_", " "), "step": step, "loss": loss}
        for name, course in losses.items()
        for step, loss in enumerate(course, 1)
    ]


def test_impedance_is_shown_when_the_order_holds_above_the_variance_of_the_noise():
    rows = courses(
        natural=[0.1, 0.01, 0.001, 0.001, 0.001],
        with_noise=[0.1, 0.1, 0.01, 0.009, 0.001],
        pixels_shuffled=[0.1, 0.1, 0.1, 0.001, 0.001],
        uniform_noise=[0.1, 0.1, 0.1, 0.1, 0.01],
    )
    verdict = impedance.judge(rows, [0.001, 0.05], 0.01)
    assert verdict.shown
    assert verdict.numbers["steps_to_level"] == {
        "natural": [2, 3],
        "with noise": [3, 5],
        "pixels shuffled": [4, 4],
        "uniform noise": [5, None],
    }
    assert verdict.numbers["in_order"] == [True, False]
    assert "lost at 0.001" in verdict.sentence
    assert not impedance.judge(rows, [0.001, 0.05], 0.0001).shown
    assert not impedance.judge(rows, [0.001], 0.01).shown


@pytest.mark.parametrize("spoilt", ["natural", "with noise"])
def test_impedance_is_not_shown_when_one_is_as_slow_as_the_next(spoilt):
    rows = courses(
        natural=[0.01, 0.01, 0.01],
        with_noise=[0.1, 0.01, 0.01],
        pixels_shuffled=[0.1, 0.1, 0.01],
        uniform_noise=[0.1, 0.1, 0.1],
    )
    assert impedance.judge(rows, [0.02], 0.01).shown
    for row in rows:
        if row["target"] == spoilt and row["step"] < 3:
            row["loss"] = 0.1
    verdict = impedance.judge(rows, [0.02], 0.01)
    assert not verdict.shown
    assert "NOT in the order" in verdict.sentence


def curve(psnr):
    return [{"step": step, "psnr": value} for step, value in enumerate(psnr, 1)]


@pytest.mark.parametrize(
    ("psnr", "noisy", "shown"),
    [
        ([10, 25, 21], 20, True),
        ([10, 21, 25], 20, False),
        ([10, 25, 24.8], 20, False),
        ([10, 25, 21], 24.9, False),
    ],
    ids=["peak and fall", "still rising", "hardly a fall", "no better than the noisy picture"],
)
def test_overfitting_is_a_peak_above_the_input_and_the_end(psnr, noisy, shown):
    verdict = overfit.judge(curve(psnr), noisy)
    assert verdict.shown is shown
    assert ("NO clear peak" in verdict.sentence) is not shown
    assert verdict.numbers["peak_psnr"] == max(psnr)
    assert verdict.numbers["peak_step"] == psnr.index(max(psnr)) + 1


def degrees(df, psnr):
    return [
        {"step": step, "df": value, "samples": 100, "pixels": 50, "psnr": quality}
        for step, (value, quality) in enumerate(zip(df, psnr, strict=True), 1)
    ]


@pytest.mark.parametrize(
    ("df", "psnr", "shown"),
    [
        ([1, 20, 40, 90], [10, 20, 30, 25], True),
        ([30, 40, 50, 90], [30, 20, 10, 5], False),
        ([1, 20, 40, 45], [10, 20, 30, 25], False),
        ([1, 20, 60, 90], [10, 20, 30, 25], False),
        ([1, 80, 40, 90], [10, 20, 30, 25], False),
    ],
    ids=["as claimed", "many at first", "few at the end", "many at the best", "no steady rise"],
)
def test_degrees_of_freedom_must_begin_few_rise_and_end_many(df, psnr, shown):
    verdict = degrees_of_freedom.judge(degrees(df, psnr))
    assert verdict.shown is shown
    assert verdict.numbers["last_df"] == df[-1]
    assert "100 samples (50 pixels)" in verdict.sentence


def bands(name, *courses):
    return [
        {"target": name, "step": step, "band": band, "relative_error": error}
        for band, course in enumerate(courses)
        for step, error in enumerate(course, 1)
    ]


def test_spectral_bias_is_judged_by_the_picture_and_told_of_the_noise():
    right = ([0.4, 0.1, 0.1], [0.9, 0.4, 0.1], [0.9, 0.9, 0.8])
    wrong = (right[1], right[0], right[2])
    for natural, noise in ((right, right), (right, wrong), (wrong, right)):
        rows = bands("natural", *natural) + bands("uniform noise", *noise)
        verdict = spectrum.judge(rows, 0.5)
        assert verdict.shown is (natural is right)
        assert verdict.numbers["in_order"] == {
            "natural": natural is right,
            "uniform noise": noise is right,
        }
        assert verdict.sentence.count("NOT in order") == (natural is wrong) + (noise is wrong)
    assert verdict.numbers["steps_to_fitted"]["natural"] == [2, 1, None]
    none = ([0.9],) * 3
    assert not spectrum.judge(bands("natural", *none) + bands("uniform noise", *none), 0.5).shown


def filled(**holes):
    return [
        {"problem": problem, "network": network, "step": step, "psnr": 1.0, "psnr_missing": psnr}
        for problem in ("scattered", "holes")
        for network, value in holes.items()
        for step, psnr in ((2, value), (1, 99 - value))
    ]


@pytest.mark.parametrize(
    ("psnr", "shown"), [((15, 20, 18), True), ((20, 15, 14), False), ((15, 20, 21), False)]
)
def test_architectures_compares_the_holes_at_the_end(psnr, shown):
    names = ("depth 1", "depth 5", "U-Net")
    verdict = architectures.judge(filled(**dict(zip(names, psnr, strict=True))))
    assert verdict.shown is shown
    assert verdict.numbers["psnr_missing"]["holes"] == dict(zip(names, psnr, strict=True))


def test_holes_lie_inside_and_cover_what_is_asked():
    settings = TINY["architectures"].model_copy(update={"holes": 2, "hole": 0.25})
    known = architectures._problems(torch.zeros(1, 1, 32, 16), settings, pictures.generator(0))
    missing = ~known["holes"][0, 0]
    assert int(missing.sum()) == 4 * 8 * 4
    assert not missing[[0, -1]].any()
    assert not missing[:, [0, -1]].any()
    share = known["scattered"].float().mean()
    assert 0.35 < share < 0.65


def drawn(**changes):
    values = {
        "white noise": (0.0, 1.1),
        "the picture": (3.0, 0.1),
        "depth 1": (1.5, 0.6),
        "depth 3": (4.0, 0.2),
        "depth 5": (5.0, 0.1),
        "depth 5, skips": (2.0, 0.4),
        "U-Net": (0.1, 1.0),
    } | changes
    return [
        {"source": name, "seed": 0, "slope": slope, "roughness": rough}
        for name, (slope, rough) in values.items()
    ]


def test_samples_need_structure_coarser_with_depth_and_finer_with_skips():
    verdict = samples.judge(drawn())
    assert verdict.shown
    assert verdict.numbers["hardly_smoother_than_noise"] == ["U-Net"]
    assert not samples.judge(drawn(**{"depth 1": (0.2, 0.6)})).shown
    assert not samples.judge(drawn(**{"depth 3": (4.0, 0.7)})).shown
    assert not samples.judge(drawn(**{"depth 5, skips": (2.0, 0.05)})).shown


# Measures and pictures.


def power_law(side, slope, seed=0):
    """A picture whose power falls as frequency^-slope."""
    noise = torch.randn((side, side), generator=torch.Generator().manual_seed(seed))
    frequency = spectral_tools.radial_frequency((side, side)).clamp_min(1 / side)
    return torch.fft.ifft2(torch.fft.fft2(noise) * frequency ** (-slope / 2)).real[None, None]


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_slope_of_a_power_law_is_found(slope):
    assert spectral_tools.spectral_slope(power_law(128, slope)) == pytest.approx(slope, abs=0.2)


def test_a_wave_lies_in_its_band():
    columns = torch.arange(64.0)
    for frequency, band in ((0.06, 0), (0.25, 2), (0.44, 4)):
        wave = torch.sin(2 * torch.pi * frequency * columns).expand(1, 1, 64, 64)
        power = spectral_tools.band_power(wave, 5)
        assert power[band] > 0.99 * power.sum()


def test_bands_hold_all_the_power():
    image = pictures.uniform(torch.zeros(1, 3, 20, 31), pictures.generator(0))
    total = spectral_tools.power(image).sum()
    assert spectral_tools.band_power(image, 4).sum() == pytest.approx(float(total))


def test_roughness_of_noise_of_a_ramp_and_whatever_the_contrast():
    noise = torch.randn((1, 1, 200, 200), generator=torch.Generator().manual_seed(0))
    assert spectral_tools.roughness(noise) == pytest.approx(2 / np.sqrt(np.pi), rel=0.02)
    assert spectral_tools.roughness(0.1 * noise + 5) == pytest.approx(
        spectral_tools.roughness(noise), rel=1e-4
    )
    ramp = torch.linspace(0, 1, 200).expand(1, 1, 200, 200)
    assert spectral_tools.roughness(ramp) == pytest.approx(np.sqrt(12) / 200 / 2, rel=0.02)


def test_shuffled_pixels_are_the_same_pixels():
    image = torch.arange(2 * 12.0).reshape(1, 2, 3, 4)
    mixed = pictures.shuffled(image, pictures.generator(0))
    assert not torch.equal(mixed, image)
    assert torch.equal(mixed.flatten(2).sort(dim=2).values, image.flatten(2))
    assert torch.equal(mixed[:, 1] - mixed[:, 0], torch.full((1, 3, 4), 12.0))


def test_a_study_draws_nothing_that_the_fit_draws():
    image = torch.zeros(1, 4, 24, 20)
    recipe = fitting.plain_recipe(NETWORK, LATENT, steps=1, step_size=0.01)
    fit = watch(fitting.seen_whole(image), recipe, seed=7, device="cpu")
    latent = network_of(fit)._pairing.draw(network_of(fit)._generator).input / LATENT.scale
    drawn = pictures.uniform(image, pictures.generator(7))
    assert not torch.allclose(latent, drawn, atol=0.1)
    assert abs(float(torch.corrcoef(torch.stack([latent.flatten(), drawn.flatten()]))[0, 1])) < 0.1


def test_a_large_picture_is_reduced_and_a_small_one_kept(tmp_path):
    Image.fromarray(photo(80, 60)).save(tmp_path / "in.png")
    image, origin = pictures.natural(tmp_path / "in.png", 40)
    assert image.shape == (1, 3, 40, 30)
    assert origin.endswith("in.png, 30x40")
    assert pictures.natural(tmp_path / "in.png", 100)[0].shape == (1, 3, 80, 60)
    assert pictures.natural(None, 512)[0].shape == (1, 3, 512, 512)


def test_a_picture_with_missing_pixels_is_refused(tmp_path):
    import tifffile

    samples = np.zeros((30, 30), np.float32)
    samples[3, 3] = np.nan
    tifffile.imwrite(tmp_path / "in.tif", samples)
    with pytest.raises(RequestError, match="missing"):
        pictures.natural(tmp_path / "in.tif", 40)


def test_missing_pixels_do_not_reach_the_fit():
    image = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    known = torch.rand((1, 1, 8, 8), generator=torch.Generator().manual_seed(1)) > 0.5
    problem = fitting.seen_through(image, known)
    assert not problem.measurement.y[~known.expand_as(image)].any()
    assert torch.equal(problem.measurement.operator(image), problem.measurement.y)


def test_log_spaced_steps_begin_at_1_end_at_the_last_and_rise():
    for last in (1, 2, 100, 5000):
        steps = fitting.log_spaced(last)
        assert (steps[0], steps[-1]) == (1, last)
        assert all(a < b for a, b in pairwise(steps))
    assert len(fitting.log_spaced(5000)) < 60


def test_degrees_of_freedom_of_fits_that_do_not_answer_are_none(monkeypatch):
    """Fits whose pictures move by a tenth of what the measurement moves have N / 10 of them."""
    image = torch.full((1, 1, 16, 16), 0.5)
    settings = TINY["freedom"].model_copy(update={"steps": 4})

    def obedient(problem, recipe, **_options):
        from untrained.fitting.step import Step

        for index in range(1, recipe.steps + 1):
            answer = index / 10 * problem.measurement.y
            yield Step(index, 0.0, answer, answer, answer, 0.0, index / recipe.steps)

    monkeypatch.setattr(degrees_of_freedom, "watch", obedient)
    outcome = ended(degrees_of_freedom.freedom(image, settings, seed=0, device="cpu"))
    found = [row["df"] for row in outcome.rows]
    assert found == pytest.approx([25.6, 51.2, 76.8, 102.4], rel=1e-3)
