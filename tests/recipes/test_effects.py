"""Every setting changes the result of a tiny fit, or is refused or noted where it cannot."""

import functools

import numpy as np
import pytest
import torch

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.plug_and_play import PlugAndPlay
from untrained.fitting.restore import restore
from untrained.operators import gaussian_kernel
from untrained.recipes import (
    Fusion,
    Guard,
    GuidePairing,
    NLBayes,
    NLRidge,
    Optimiser,
    Recipe,
    RecipeError,
    Restart,
    SecondPass,
    SelfSimilarPasses,
    Settings,
    Sparsity,
    TotalVariation,
)
from untrained.tasks.reconstruct.deblur import deblur


def leaves(settings, before=()):
    """Paths of all values of settings, through settings within them."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Settings):
            yield from leaves(value, (*before, name))
        elif name != "kind":
            yield (*before, name)


def changed(settings, path, value):
    name, *rest = path
    if rest:
        value = changed(getattr(settings, name), rest, value)
    return settings.model_copy(update={name: value})


def of_patches(*before):
    values = {"patch": 6, "group": 8, "stride": 3, "reach": 4}
    return {(*before, name): value for name, value in values.items()}


def listed(settings, values):
    """All leaves, each with another value: one that is added needs one here."""
    assert set(values) == set(leaves(settings))
    return [pytest.param(*item, id=".".join(item[0])) for item in values.items()]


PASSES = SelfSimilarPasses(count=2)
OF_PASSES = {
    **of_patches("method"),
    ("method", "ridge"): 1.5,
    ("scale",): 2,
    ("count",): 3,
    ("first_level",): 0.2,
    ("last_level",): 0.05,
    ("relaxation",): 1.2,
    ("trust",): 1.0,
    ("iterations",): 2,
    ("shift_grid",): True,
}
BAYES = SelfSimilarPasses(count=1, method=NLBayes())
OF_BAYES = of_patches("method") | {("method", "channel_exponent"): 0.0}
FUSION = Fusion()
OF_FUSION = {
    **of_patches("without_pilot"),
    ("without_pilot", "ridge"): 1.5,
    **of_patches("with_pilot"),
    ("with_pilot", "ridge"): 1.5,
    **of_patches("second_pass", "nl_ridge"),
    ("second_pass", "nl_ridge", "ridge"): 1.5,
    **of_patches("second_pass", "nl_bayes"),
    ("second_pass", "nl_bayes", "channel_exponent"): 0.0,
    ("second_pass", "residual_feedback"): 0.8,
    ("second_pass", "bayes_weight"): 0.2,
    ("second_pass", "coarse_feedback"): 0.2,
    **of_patches("method"),
    ("method", "channel_exponent"): 0.0,
    ("cell",): 4,
    ("pilot_weight",): 0.01,
    ("residual_feedback",): 0.9,
    ("network_weight",): 0.01,
    ("error_prior",): 0.2,
    ("patience",): 1,
}
OPTIMISER = Optimiser(decay="none")
OF_OPTIMISER = {
    ("step_size",): 0.02,
    ("warm_up",): 3,
    ("decay",): "cosine",
    ("betas",): (0.8, 0.9),
    ("operator_share",): 0.1,
}


@functools.cache
def blurred():
    return deblur(photo(24, 22), gaussian_kernel(1.0), sigma=0.05)


def passed(entry):
    *_, last = PlugAndPlay(blurred(), [entry], torch.full((1, 3, *blurred().size), 0.5))
    return last.picture


@pytest.mark.parametrize(("path", "value"), listed(PASSES, OF_PASSES))
def test_every_setting_of_passes_counts(path, value):
    assert not torch.equal(passed(changed(PASSES, path, value)), _passed())


@functools.cache
def _passed():
    return passed(PASSES)


@pytest.mark.parametrize(("path", "value"), OF_BAYES.items(), ids=str)
def test_every_setting_of_nl_bayes_counts(path, value):
    assert not torch.equal(passed(changed(BAYES, path, value)), passed(BAYES))


def fused(fusion):
    noise = np.random.default_rng(0).normal(0, 0.05, (24, 22, 3))
    problem = tasks.denoise(np.clip(photo(24, 22) / 255 + noise, 0, 1), sigma=0.05)
    recipe = tiny_recipe(
        pairing=GuidePairing(channels=0),
        fusion=fusion,
        optimiser=Optimiser(step_size=0.5),
        steps=24,
    )
    return restore(problem, recipe, device="cpu").image


@functools.cache
def _fused():
    return fused(FUSION)


@pytest.mark.parametrize(("path", "value"), listed(FUSION, OF_FUSION | {("scales",): 1}))
def test_every_setting_of_fusion_counts(path, value):
    assert not torch.equal(fused(changed(FUSION, path, value)), _fused())


@functools.cache
def fitted(optimiser):
    blind = deblur(photo(24, 22), blind=5)
    return restore(blind, tiny_recipe(optimiser=optimiser, steps=5), device="cpu").image


@pytest.mark.parametrize(("path", "value"), listed(OPTIMISER, OF_OPTIMISER))
def test_every_setting_of_the_optimiser_counts(path, value):
    assert not torch.equal(fitted(changed(OPTIMISER, path, value)), fitted(OPTIMISER))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Fusion(scales=1, cell=4), "cell has no effect here, because scales is 1"),
        (
            lambda: Fusion(scales=1, second_pass=SecondPass(coarse_feedback=0.2)),
            "coarse_feedback has no effect here, because scales is 1",
        ),
        (
            lambda: SelfSimilarPasses(count=1, shift_grid=True),
            "shift_grid has no effect here, because there is one pass",
        ),
        (lambda: TotalVariation(weight=1, after=3), "after has no effect.*the weight is fixed"),
        (lambda: TotalVariation(weight=1, least=0.1), "least has no effect"),
        (lambda: Sparsity(weight=1, basis="pixels", levels=2), "levels has no effect"),
        (lambda: Restart(times=0, after=7), "after has no effect here, because times is 0"),
        (lambda: Guard(returns=0, reduction=0.1), "reduction has no effect"),
        (
            lambda: Recipe(pairing=GuidePairing(), fusion=Fusion(), guided_by=Recipe()),
            "guided_by has no effect here, because the estimate of fusion is the guide",
        ),
        (
            lambda: Recipe(guided_by=Recipe()),
            "guided_by has no effect here, because the latent pairing takes no guide",
        ),
        (lambda: Recipe(calibration=2), "calibration has no effect.*ensemble_size is 1"),
    ],
)
def test_what_can_have_no_effect_is_refused(make, words):
    with pytest.raises(RecipeError, match=words):
        make()


def test_changes_of_a_recipe_are_checked_as_the_recipe_is():
    guided = Recipe(pairing=GuidePairing(), guided_by=Recipe())
    with pytest.raises(RecipeError, match="guided_by has no effect"):
        guided.model_copy(update={"fusion": Fusion()})
    with pytest.raises(RecipeError, match="stepz: Extra inputs"):
        guided.model_copy(update={"stepz": 3})
    assert guided.model_copy() == guided
    assert guided.model_copy(update={"steps": 3}).guided_by == Recipe()


def test_what_has_no_effect_on_a_problem_is_noted():
    volume = tasks.inpaint(
        torch.rand(1, 1, 8, 8, 8), np.eye(8, dtype=bool) & np.ones((8, 8, 8), bool)
    )
    blocks = NLRidge(patch=4, stride=3, reach=5)
    entries = (
        SelfSimilarPasses(scale=2, count=1, method=blocks),
        SelfSimilarPasses(count=2, method=blocks, shift_grid=True, trust=1.0),
    )
    assert PlugAndPlay.reason_against(volume, entries) is None
    assert PlugAndPlay.notes(volume, entries) == (
        "passes 1 of 2 were left out: volumes have no passes at half the size",
        "shift_grid had no effect: the grid of a volume is fixed",
        "trust had no effect: the measurement is met without noise",
    )
    (note,) = PlugAndPlay.notes(volume, entries[:1])
    assert note.startswith("no plug-and-play passes were run: volumes have no passes at half")
    assert PlugAndPlay.notes(volume, entries[1:2]) != ()
    assert PlugAndPlay.notes(blurred(), [PASSES]) == ()
    assert PlugAndPlay.notes(blurred(), []) == ()
