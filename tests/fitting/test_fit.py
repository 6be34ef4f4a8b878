import numpy as np
import pytest
import torch

import untrained as ut
from tests.helpers.fits import network_of
from tests.helpers.tiny import NETWORK, photo, tiny_recipe
from untrained import tasks
from untrained.fitting.averaging import standard_deviation
from untrained.fitting.device import choose_engine
from untrained.fitting.divergence_guard import DivergenceError
from untrained.fitting.fit import Fit
from untrained.fitting.restore import restore, watch
from untrained.numerics.random_streams import stream
from untrained.problem.problem import ProblemError
from untrained.recipes import (
    DecoderNetwork,
    Discrepancy,
    Fusion,
    Guard,
    GuidePairing,
    LatentPairing,
    Optimiser,
    RecorruptPairing,
    ResNetNetwork,
    TotalVariation,
    UNetNetwork,
    WindowedVariance,
)


def problem(**options):
    return tasks.denoise(photo(), sigma=25 / 255, **options)


def make(recipe=None, the_problem=None, seed=0):
    return watch(the_problem or problem(), recipe or tiny_recipe(), seed=seed, device="cpu")


def pictures(fit):
    return [step.image for step in fit]


def test_one_step_each_until_the_budget():
    fit = make()
    indices = [step.index for step in fit]
    assert indices == list(range(1, 13))
    assert fit.stop.rule == "budget"
    assert list(fit) == []


def test_loss_and_image_come_from_the_same_pass():
    fit = make()
    for step in fit:
        residual = (step.image - fit.problem.measurement.y).square().mean().item()
        assert step.loss == pytest.approx(residual, rel=1e-6)


def test_it_learns():
    losses = [step.loss for step in make(tiny_recipe(steps=150))]
    assert losses[-1] < 0.35 * losses[0]


def test_same_seed_same_pictures_other_seed_others():
    one, two, other = pictures(make()), pictures(make()), pictures(make(seed=1))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], other[0])


def test_global_random_state_is_neither_used_nor_touched():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    pictures(make())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hand_over": "iterate", "optimiser": Optimiser(warm_up=3, decay="cosine")},
        {"pairing": RecorruptPairing()},
        {"pairing": GuidePairing(), "fusion": Fusion()},
        {"pairing": GuidePairing(), "guided_by": tiny_recipe(steps=5)},
        {"network": NETWORK.model_copy(update={"fold": 2})},
        {"stopping": (WindowedVariance(window=3, patience=50), Discrepancy(factor=0.01))},
        {"guard": Guard(every=4)},
        {"total_variation": TotalVariation(weight=0.1, discrepancy=0.8)},
    ],
)
@pytest.mark.parametrize("cut", [1, 7])
def test_resumes_bit_for_bit(changes, cut):
    recipe = tiny_recipe(**changes)
    whole = make(recipe)
    expected = list(whole)
    first = make(recipe)
    for _ in range(cut):
        next(first)
    second = Fit.resume(
        problem(), recipe, first.state_dict(), seed=0, engine=choose_engine("cpu", "float32")
    )
    rest = list(second)
    assert [step.index for step in rest] == list(range(cut + 1, len(expected) + 1))
    for got, want in zip(rest, expected[cut:], strict=True):
        assert torch.equal(got.image, want.image)
        assert torch.equal(got.average, want.average)
        assert got.loss == want.loss
    assert torch.equal(second.stop.picture, whole.stop.picture)
    assert [r[:3] for r in second.history] == [r[:3] for r in whole.history]


@pytest.mark.parametrize("cut", [5, 12, 13, 24, 30])
def test_resumes_bit_for_bit_among_its_members(cut):
    recipe = tiny_recipe(ensemble_size=3)
    whole, first = make(recipe), make(recipe)
    expected = list(whole)
    for _ in range(cut):
        next(first)
    engine = choose_engine("cpu", "float32")
    second = Fit.resume(problem(), recipe, first.state_dict(), seed=0, engine=engine)
    rest = list(second)
    assert [step.index for step in rest] == list(range(cut + 1, 37))
    for got, want in zip(rest, expected[cut:], strict=True):
        assert torch.equal(got.picture, want.picture)
        assert got.loss == want.loss
    assert second.stop.reason == whole.stop.reason
    assert torch.equal(second.stop.picture, whole.stop.picture)


def test_a_resumed_fit_does_not_disturb_the_one_it_came_from():
    fit = make()
    next(fit)
    copy = Fit.resume(
        problem(), fit.recipe, fit.state_dict(), seed=0, engine=choose_engine("cpu", "float32")
    )
    list(copy)
    reference = make()
    list(reference)
    assert torch.equal(list(fit)[-1].image, reference.last.image)


def test_a_stopped_fit_stays_stopped_when_resumed():
    fit = make()
    list(fit)
    again = Fit.resume(
        problem(), fit.recipe, fit.state_dict(), seed=0, engine=choose_engine("cpu", "float32")
    )
    assert list(again) == []
    assert torch.equal(again.restoration().image, fit.restoration().image)


def test_the_picture_handed_over_was_yielded():
    for hand_over in ("average", "iterate"):
        fit = make(tiny_recipe(hand_over=hand_over))
        steps = list(fit)
        chosen = steps[fit.stop.step - 1]
        assert torch.equal(
            fit.stop.picture, getattr(chosen, "image" if hand_over == "iterate" else "average")
        )


def test_windowed_variance_stops_early_and_says_so():
    recipe = tiny_recipe(steps=400, stopping=(WindowedVariance(window=5, patience=8),))
    fit = make(recipe)
    taken = list(fit)
    assert len(taken) < 400
    assert fit.stop.rule == "windowed-variance"
    assert fit.stop.step == len(taken) - 8
    variances = [record.statistic for record in fit.history]
    assert variances[:4] == [None] * 4
    assert fit.stop.step == 1 + int(np.nanargmin([np.nan if v is None else v for v in variances]))


def test_discrepancy_stops_when_the_residual_is_explained():
    recipe = tiny_recipe(steps=300, averaging=0.5, stopping=(Discrepancy(factor=1.0),))
    fit = make(recipe)
    list(fit)
    assert fit.stop.rule == "discrepancy"
    residual = (fit.stop.picture - fit.problem.measurement.y).square().mean().item()
    assert residual <= (25 / 255) ** 2


def test_discrepancy_needs_a_noise_level():
    with pytest.raises(ProblemError, match="noise level"):
        make(tiny_recipe(stopping=(Discrepancy(),)), tasks.deblock(photo()))


def test_seconds_are_a_budget():
    fit = make(tiny_recipe(steps=10**6, seconds=0.3))
    list(fit)
    assert "0.3 seconds" in fit.stop.reason
    assert 0.3 <= fit.last.seconds < 3


def test_members_are_fits_of_their_own_and_their_mean_is_taken():
    recipe = tiny_recipe(ensemble_size=3)
    fit = make(recipe, seed=5)
    steps = list(fit)
    alone = [make(seed=5 + k * (recipe.restart.times + 1)) for k in range(3)]
    own = [list(each) for each in alone]
    assert [step.index for step in steps] == list(range(1, 37))
    assert [step.loss for step in steps] == [step.loss for each in own for step in each]
    pictures = torch.stack([each.stop.picture for each in alone])
    assert torch.equal(fit.stop.picture, pictures.mean(dim=0))
    assert torch.equal(steps[13].picture, alone[0].stop.picture)
    assert torch.equal(steps[23].picture, pictures[:2].mean(dim=0))
    progress = [step.progress for step in steps]
    assert progress == sorted(progress)
    assert progress[11] == pytest.approx(1 / 3)
    assert progress[-1] == 1
    result = fit.restoration()
    assert "3 networks" in result.stopped
    assert torch.equal(result.uncertainty, standard_deviation(list(pictures)))
    assert alone[0].restoration().uncertainty is None
    wider = make(recipe.model_copy(update={"calibration": 3.0}), seed=5)
    list(wider)
    assert torch.equal(wider.restoration().uncertainty, 3 * result.uncertainty)


def test_members_share_the_seconds():
    fit = make(tiny_recipe(steps=10**6, seconds=0.6, ensemble_size=2))
    restarted = sum(step.progress <= 0.5 for step in fit)
    assert 0 < restarted < len(fit.history)
    assert "0.6 seconds" in fit.stop.reason
    assert 0.6 <= fit.last.seconds < 3
    assert fit.history[-1].step == fit.last.index


def test_a_member_that_diverged_is_named():
    fit = make(tiny_recipe(steps=20, ensemble_size=2))
    for _ in range(30):
        next(fit)
    poison(fit, float("nan"))
    list(fit)
    assert fit.events[0].startswith("network 2, step 11")


def test_step_size_warms_up_and_decays():
    recipe = tiny_recipe(steps=100, optimiser=Optimiser(step_size=0.02, warm_up=10, decay="cosine"))
    fit = make(recipe)
    network = network_of(fit)
    sizes = [network._optimiser.param_groups[0]["lr"] for _ in fit]
    assert sizes[0] == pytest.approx(0.002, rel=0.01)
    assert max(sizes) == pytest.approx(0.02, rel=0.03)
    assert sizes[50] == pytest.approx(0.02 * 0.505, rel=0.03)
    assert sizes[-1] == pytest.approx(0.0002, rel=0.15)


def poison(fit, value):
    with torch.no_grad():
        for parameter in network_of(fit)._network.parameters():
            parameter.fill_(value)


def test_another_fit_may_guide():
    first = tiny_recipe(steps=5)
    recipe = tiny_recipe(pairing=GuidePairing(channels=0, jitter=0), guided_by=first)
    fit = make(recipe)
    drawn = network_of(fit)._pairing.draw(torch.Generator()).input
    assert torch.equal(drawn[:, :3], problem().measurement.y)
    alone = restore(problem(), first, device="cpu", seed=stream(0, "guiding fit")).image
    # The result is rounded to the bits of the input, the guide is not.
    torch.testing.assert_close(drawn[:, 3:], alone, atol=0.51 / 255, rtol=0)
    assert next(fit).seconds > 0


def test_betas_reach_the_optimiser():
    paths = []
    for betas in ((0.9, 0.999), (0.5, 0.6)):
        optimiser = Optimiser(step_size=0.01, betas=betas)
        fit = watch(tasks.denoise(photo(), sigma=0.1), tiny_recipe(optimiser=optimiser))
        assert network_of(fit)._optimiser.param_groups[0]["betas"] == betas
        paths.append([step.loss for step in fit])
    assert paths[0][0] == paths[1][0]
    assert paths[0][5] != paths[1][5]


def test_divergence_goes_back_to_good_weights_with_a_smaller_step():
    fit = make(tiny_recipe(steps=40))
    for _ in range(10):
        next(fit)
    network = network_of(fit)
    poison(fit, float("nan"))
    rest = list(fit)
    assert len(rest) == 30
    assert len(fit.events) == 1
    assert "step 11" in fit.events[0]
    assert all(torch.isfinite(step.image).all() for step in rest)
    assert network._optimiser.param_groups[0]["lr"] == pytest.approx(0.005)
    assert "went back" in " ".join(fit.restoration().notes)


def test_divergence_again_and_again_is_an_error():
    fit = make(tiny_recipe(steps=40, guard=Guard(returns=1)))
    next(fit)
    network_of(fit)._guard._good["network"] = {
        key: torch.full_like(value, float("nan")) if value.is_floating_point() else value
        for key, value in network_of(fit)._guard._good["network"].items()
    }
    poison(fit, float("nan"))
    with pytest.raises(DivergenceError):
        next(fit)


def test_restoration_before_and_amid():
    fit = make()
    with pytest.raises(RuntimeError, match="no step"):
        fit.restoration()
    next(fit)
    step = next(fit)
    result = fit.restoration()
    assert result.stopped == "interrupted after 2 steps"
    assert result.chosen_step == 2
    expected = (step.average * 255).round() / 255
    torch.testing.assert_close(result.image, expected)


@pytest.mark.parametrize(
    "network",
    [
        UNetNetwork(channels=(4, 8)),
        ResNetNetwork(blocks=1, channels=4),
        DecoderNetwork(channels=(4, 4, 4)),
        DecoderNetwork(channels=(4, 4, 4), convolutions=True),
    ],
)
def test_every_network_fits(network):
    result = restore(problem(), tiny_recipe(network=network, steps=3), device="cpu")
    assert result.picture.shape == (24, 20, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5000, 3), (33, 17)])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (5,)])
def test_any_size_and_channels(shape, channels):
    image = np.random.default_rng(0).integers(0, 255, (*shape, *channels), dtype=np.uint8)
    for factor, task in (
        (1, tasks.denoise(image, sigma=0.1)),
        (1, tasks.deblock(image)),
        (2, tasks.upscale(image, 2)),
    ):
        result = restore(task, tiny_recipe(steps=2), device="cpu")
        assert result.picture.shape == (factor * shape[0], factor * shape[1], *channels)
        assert result.picture.dtype == np.uint8


@pytest.mark.parametrize("pairing", [LatentPairing(channels=4), RecorruptPairing()])
def test_a_constant_picture_comes_back_constant(pairing):
    image = np.full((16, 16, 3), 77, np.uint8)
    recipe = tiny_recipe(
        steps=200, pairing=pairing, optimiser=Optimiser(step_size=0.02, decay="cosine")
    )
    result = restore(tasks.denoise(image, sigma=1 / 255), recipe, device="cpu")
    assert np.abs(result.picture.astype(int) - 77).max() <= 6


def test_the_problem_keeps_its_operator():
    upscaling = tasks.upscale(photo(), 2)
    moved = upscaling.to(torch.device("meta"))
    assert {b.device.type for b in moved.measurement.operator.buffers()} == {"meta"}
    assert {b.device.type for b in upscaling.measurement.operator.buffers()} == {"cpu"}


def test_inputs_are_not_touched():
    image = photo()
    before = image.copy()
    restore(tasks.denoise(image, sigma=0.1), tiny_recipe(steps=2), device="cpu")
    assert np.array_equal(image, before)


def test_numpy_and_torch_come_back_in_kind():
    array = ut.denoise(photo(), sigma=0.1, recipe=tiny_recipe(steps=2), device="cpu")
    assert isinstance(array.picture, np.ndarray)
    assert array.picture.dtype == np.uint8
    assert np.asarray(array).shape == (24, 20, 3)
    tensor = ut.deblock(torch.rand(1, 1, 9, 7), recipe=tiny_recipe(steps=2), device="cpu")
    assert isinstance(tensor.picture, torch.Tensor)
    assert tensor.picture.shape == (1, 1, 9, 7)
