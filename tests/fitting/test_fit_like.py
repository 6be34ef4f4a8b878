"""One contract for every fit: whole, in tiles, shrinking."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.helpers.tiny import photo, tiny_recipe
from untrained import tasks
from untrained.fitting.checkpoint import load_fit, save_fit
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.out_of_memory import ShrinkingFit
from untrained.fitting.tiled import TiledFit
from untrained.recipes import Fusion, GuidePairing, SelfSimilarPasses
from untrained.system.heartbeat import listening

SIDE = 64


def noisy(size=(24, 70)):
    return tasks.denoise(photo(*size), sigma=25 / 255)


def holed(size=(24, 70)):
    mask = np.random.default_rng(0).random(size) < 0.3
    return tasks.inpaint(photo(*size), mask)


RECIPES = {
    "plain": (noisy, tiny_recipe(steps=4)),
    "ensemble": (noisy, tiny_recipe(steps=3, ensemble_size=2)),
    "fused": (noisy, tiny_recipe(steps=3, pairing=GuidePairing(channels=0), fusion=Fusion())),
    "guided": (
        noisy,
        tiny_recipe(steps=3, pairing=GuidePairing(channels=0), guided_by=tiny_recipe(steps=2)),
    ),
    "refined": (holed, tiny_recipe(steps=3, passes=(SelfSimilarPasses(count=3),))),
}
KINDS = ("whole", "tiled", "shrinking")
EVERY = [(kind, name) for kind in KINDS for name in RECIPES]


def make(kind, name, seed=0):
    describe, recipe = RECIPES[name]
    given = {"seed": seed, "engine": choose_engine("cpu", "float32")}
    if kind == "whole":
        return Fit(describe(), recipe, **given)
    if kind == "tiled":
        return TiledFit(describe(), recipe, side=SIDE, **given)
    return ShrinkingFit(describe(), recipe, tile=SIDE, **given)


class Heavy(TorchDispatchMode):
    """Notes the operations that make networks and filters slow."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in {"convolution", "mm", "bmm", "topk", "linalg_cholesky_ex", "uniform_"}:
            self.seen.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_making_one_is_cheap(kind, name):
    describe, _ = RECIPES[name]
    describe()
    with Heavy() as heavy:
        fit = make(kind, name)
    assert heavy.seen == []
    with Heavy() as heavy:
        next(fit)
    assert heavy.seen


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_what_is_handed_over_was_yielded(kind, name):
    fit = make(kind, name)
    with pytest.raises(RuntimeError, match="no step"):
        fit.found()
    with pytest.raises(RuntimeError, match="no step"):
        fit.restoration()
    pictures = []
    for step in fit:
        pictures.append(step.picture)
        if fit.stop is None:
            assert torch.equal(fit.found(), step.picture)
    assert torch.equal(fit.stop.picture, pictures[fit.stop.step - 1])
    assert torch.equal(fit.found(), fit.stop.picture)
    restored = fit.problem.render(fit.found()).pixels
    assert torch.equal(fit.restoration().image, restored)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_steps_are_counted_and_progress_grows_to_one(kind, name):
    fit = make(kind, name)
    assert fit.stop is None
    assert fit.last is None
    steps = list(fit)
    assert [step.index for step in steps] == list(range(1, len(steps) + 1))
    assert [row.step for row in fit.history] == [step.index for step in steps]
    assert [row.stage for row in fit.history] == [step.stage for step in steps]
    progress = [step.progress for step in steps]
    assert progress == sorted(progress)
    assert progress[-1] == pytest.approx(1)
    seconds = [step.seconds for step in steps]
    assert seconds == sorted(seconds)
    assert fit.last is steps[-1]
    assert list(fit) == []
    result = fit.restoration()
    assert result.steps == len(steps)
    assert result.chosen_step == fit.stop.step
    assert result.stopped == fit.stop.reason
    for sentence in (*fit.events, *fit.notes):
        assert sentence in result.notes


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_saved_fit_goes_on_bit_for_bit(kind, name, tmp_path):
    fit, expected = make(kind, name), list(make(kind, name))
    tile = {"whole": "off", "tiled": None, "shrinking": SIDE}[kind]
    for number, want in enumerate(expected):
        describe, recipe = RECIPES[name]
        given = {"seed": 0, "engine": fit.engine}
        if tile is None:
            fit = TiledFit.resume(describe(), recipe, fit.state_dict(), **given)
        else:
            save_fit(tmp_path / "fit", fit)
            fit = load_fit(tmp_path / "fit", describe(), recipe, device="cpu", tile=tile)
        got = next(fit)
        assert got.index == number + 1
        assert got.loss == want.loss
        assert torch.equal(got.picture, want.picture)
        assert got.stage == want.stage
    assert fit.stop is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["fused", "refined"])
def test_a_step_that_its_heartbeat_ends_can_be_run_again(kind, name):
    expected = [step.picture for step in make(kind, name)]
    fit, beats, broken = make(kind, name), [], []

    class Ended(Exception):
        pass

    def heard(share):
        beats.append(share)
        if len(beats) in (1, 4, 6):
            raise Ended

    pictures = []
    while fit.stop is None:
        try:
            with listening(heard):
                pictures.append(next(fit).picture)
        except Ended:
            broken.append(len(pictures))
    assert len(broken) > 1
    assert all(0 <= share <= 1 for share in beats)
    assert all(torch.equal(a, b) for a, b in zip(pictures, expected, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_several_networks_know_how_far_they_are_apart(kind):
    one, two = make(kind, "plain"), make(kind, "ensemble")
    list(one)
    list(two)
    assert one.deviation is None
    assert one.restoration().uncertainty is None
    assert two.deviation.shape == (1, 1, 24, 70)
    assert two.restoration().uncertainty.shape == (1, 1, 24, 70)
    assert float(two.deviation.min()) > 0
