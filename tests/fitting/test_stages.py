"""What follows from a fit being a list of stages."""

import numpy as np
import pytest
import torch

from tests.fitting.test_fit_like import RECIPES, Heavy, noisy
from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.recipes import Fusion, GuidePairing, SelfSimilarPasses

ENGINE = choose_engine("cpu", "float32")
FUSED = RECIPES["fused"][1]


def fit(recipe=FUSED, problem=None):
    return Fit(problem or noisy(), recipe, seed=0, engine=ENGINE)


def stages(done):
    return list(dict.fromkeys(step.stage for step in done))


def test_the_stages_run_in_their_order():
    assert stages(fit()) == ["classical estimate", "network", "fusion"]
    describe, guided = RECIPES["guided"]
    assert stages(fit(guided, describe())) == ["guide", "network"]
    describe, refined = RECIPES["refined"]
    assert stages(fit(refined, describe())) == ["network", "plug-and-play"]


def test_what_is_handed_over_with_fusion_is_its_picture():
    whole = fit()
    *_, last = whole
    assert last.stage == "fusion"
    assert torch.equal(whole.stop.picture, last.picture)
    network = whole.network_stop.picture
    assert not torch.equal(network, last.picture)
    (note,) = whole.notes
    assert "NL-Bayes" in note
    assert "95%" in note


def test_before_the_fusion_the_estimate_is_blended_with_the_network():
    seen = {step.stage: step for step in fit()}
    estimate, network = seen["classical estimate"].picture, seen["network"]
    apart = network.average - estimate
    blended = network.picture - estimate
    weight = float((blended * apart).sum() / apart.square().sum())
    assert 0 < weight <= 0.3 + 1e-4
    torch.testing.assert_close(blended, weight * apart, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_resuming_repeats_nothing(cut):
    first = fit()
    for _ in range(cut):
        next(first)
    done = first.last.stage
    with Heavy() as heavy:
        second = Fit.resume(noisy(), FUSED, first.state_dict(), seed=0, engine=ENGINE)
    assert "topk" not in heavy.seen
    with Heavy() as heavy:
        step = next(second)
    assert step.index == cut + 1
    if done != "classical estimate" and step.stage == "network":
        assert "topk" not in heavy.seen


def test_a_stage_that_cannot_run_is_left_out_and_a_note_says_why():
    image = photo(24, 30).astype(np.float32) / 255
    image[3, 4] = np.nan
    gaps = fit(problem=tasks.denoise(image, sigma=0.1))
    assert stages(gaps) == ["network"]
    assert gaps.notes == (
        "without the stage classical estimate: pixels are missing (NaN or transparent)",
        "without the stage fusion: pixels are missing (NaN or transparent)",
    )
    small = fit(problem=tasks.denoise(photo(8, 30), sigma=0.1))
    assert "a side of 8 pixels" in small.notes[0]
    unknown = fit(
        tiny_recipe(steps=1, passes=(SelfSimilarPasses(count=2),)), tasks.deblock(photo())
    )
    assert stages(unknown) == ["network"]
    assert "known noise level" in unknown.notes[0]


def test_without_noise_the_picture_is_left_as_it_was():
    clean = fit(problem=tasks.denoise(np.full((24, 20, 3), 120, np.uint8)))
    steps = list(clean)
    assert len(steps) == 1
    assert torch.equal(steps[0].picture, clean.problem.measurement.y)
    assert clean.stop.reason == "there is no noise to remove"
    assert clean.notes == ("no noise is removed: the picture is left as it was",)


def test_seconds_count_every_stage():
    recipe = tiny_recipe(
        steps=10**6,
        seconds=0.5,
        pairing=GuidePairing(channels=0),
        fusion=Fusion(patience=None),
    )
    *_, last = whole = list(fit(recipe))
    assert stages(whole) == ["classical estimate", "network", "fusion"]
    assert last.seconds < 5
    spent = {step.stage: step.seconds for step in whole}
    assert spent["classical estimate"] > 0
    assert spent["network"] > spent["classical estimate"]


def test_without_time_the_fusion_hands_over_the_blend():
    recipe = FUSED.model_copy(update={"seconds": 1e-6})
    hurried = fit(recipe)
    steps = list(hurried)
    assert stages(steps) == ["classical estimate", "network", "fusion"]
    assert len(steps) == 3
    assert "no time was left" in hurried.notes[-1]
    torch.testing.assert_close(steps[-1].picture, steps[-2].picture, atol=1e-6, rtol=0)


def test_the_progress_of_several_networks_is_that_of_the_whole():
    whole = [step.progress for step in fit(RECIPES["ensemble"][1])]
    assert whole == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])


def test_the_passes_get_their_share_of_the_seconds():
    describe, refined = RECIPES["refined"]
    passes = (SelfSimilarPasses(count=10**4),)
    recipe = refined.model_copy(update={"seconds": 2.0, "steps": 10**6, "passes": passes})
    done = [step.stage for step in fit(recipe, describe())]
    assert done.count("network") > 2
    assert done.count("plug-and-play") > 2
