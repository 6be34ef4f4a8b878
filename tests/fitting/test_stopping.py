import dataclasses

import numpy as np
import pytest
import torch

from tests.helpers.steps import make_step
from untrained.fitting.stopping import (
    BudgetRule,
    DiscrepancyRule,
    HeldOutRule,
    WindowedVarianceRule,
)


def run(rule, images):
    """Feed images until the rule stops; return the stop and how many it took."""
    for index, image in enumerate(images, 1):
        stop = rule.update(make_step(index, image))
        if stop is not None:
            return stop, index
    return None, len(images)


def test_budget_of_steps_stops_at_the_last_one():
    budget = BudgetRule(3)
    assert budget.update(make_step(2)) is None
    stop = budget.update(make_step(3, torch.ones(1, 1, 2, 2)))
    assert stop.step == 3
    assert stop.picture.mean() == 1
    assert "3 steps" in stop.reason


def test_budget_of_seconds():
    budget = BudgetRule(100, seconds=2.0)
    assert budget.update(make_step(5, seconds=1.99)) is None
    stop = budget.update(make_step(6, seconds=2.0))
    assert "2 seconds" in stop.reason
    assert stop.step == 6


def test_progress_is_the_further_of_the_two():
    budget = BudgetRule(100, seconds=10.0)
    assert budget.progress(50, 1.0) == 0.5
    assert budget.progress(5, 8.0) == 0.8
    assert budget.progress(500, 80.0) == 1.0


def test_discrepancy_stops_at_the_first_picture_that_the_noise_explains():
    measurement = torch.zeros(1, 1, 4, 4)
    rule = DiscrepancyRule(lambda p: float((p - measurement).square().mean()), 0.01, 1.0)
    images = [torch.full((1, 1, 4, 4), value) for value in (0.5, 0.2, 0.11, 0.0999, 0.05)]
    stop, count = run(rule, images)
    assert count == 4
    assert stop.step == 4
    assert rule.statistic == pytest.approx(0.998, abs=1e-3)


def test_discrepancy_looks_at_the_picture_to_be_handed_over():
    rule = DiscrepancyRule(lambda p: float(p.mean()), 1.0, 1.0)
    assert rule.update(make_step(1, torch.zeros(1), picture=torch.ones(1) * 5)) is None
    assert rule.statistic == 5


def slow_variance(images):
    stack = np.stack([image.double().numpy() for image in images])
    return ((stack - stack.mean(0)) ** 2).mean()


def test_windowed_variance_equals_the_slow_one_over_a_long_run():
    generator = torch.Generator().manual_seed(0)
    rule = WindowedVarianceRule(window=7, patience=10**6)
    images = [torch.rand(1, 3, 5, 6, generator=generator) for _ in range(300)]
    for index, image in enumerate(images, 1):
        rule.update(make_step(index, image))
        if index < 7:
            assert rule.statistic is None
        else:
            assert rule.statistic == pytest.approx(
                slow_variance(images[index - 7 : index]), rel=1e-4
            )


def test_windowed_variance_of_still_pictures_is_exactly_zero_after_any_history():
    rule = WindowedVarianceRule(window=5, patience=10**6)
    for index in range(1, 100):
        rule.update(make_step(index, torch.rand(1, 1, 8, 8)))
    for index in range(100, 105):
        rule.update(make_step(index, torch.full((1, 1, 8, 8), 0.123)))
    assert rule.statistic == 0


def wobble(amplitudes):
    return [torch.full((1, 1, 4, 4), 0.5 + (-1) ** i * a) for i, a in enumerate(amplitudes)]


def test_windowed_variance_hands_over_the_picture_of_the_minimum():
    amplitudes = [0.3] * 5 + [0.01] * 3 + [0.2] * 20
    images = wobble(amplitudes)
    stop, count = run(WindowedVarianceRule(window=3, patience=6), images)
    assert stop.step == 8
    assert count == 14
    assert torch.equal(stop.picture, images[7])
    assert "step 8" in stop.reason


def test_windowed_variance_does_not_stop_while_it_falls():
    images = wobble(np.linspace(0.4, 0.01, 60))
    stop, _ = run(WindowedVarianceRule(window=3, patience=5), images)
    assert stop is None


@pytest.mark.parametrize("cut", [2, 4, 9])
def test_windowed_variance_continues_from_its_state(cut):
    images = wobble([0.3] * 5 + [0.01] * 3 + [0.2] * 20)
    whole, _ = run(WindowedVarianceRule(3, 6), images)
    first, second = WindowedVarianceRule(3, 6), WindowedVarianceRule(3, 6)
    for index, image in enumerate(images[:cut], 1):
        assert first.update(make_step(index, image)) is None
    second.load_state_dict(first.state_dict())
    for index, image in enumerate(images[cut:], cut + 1):
        stop = second.update(make_step(index, image))
        if stop is not None:
            break
    assert (stop.step, stop.reason) == (whole.step, whole.reason)
    assert torch.equal(stop.picture, whole.picture)


@pytest.mark.parametrize("window", [1, 70000])
def test_windowed_variance_refuses_windows_it_cannot_sum(window):
    with pytest.raises(ValueError, match="window"):
        WindowedVarianceRule(window, 10)


def held_out(scores, **changes):
    """A rule whose score is the mean of the picture, fed steps with these scores."""
    settings = {"guess": None, "every": 1, "patience": 3} | changes
    rule = HeldOutRule(lambda picture: float(picture.mean()), **settings)
    return run(rule, [torch.full((1, 1, 2, 2), float(score)) for score in scores])


def test_held_out_hands_over_the_least_score():
    stop, count = held_out([5, 3, 2, 2.5, 4, 6, 7])
    assert (stop.step, count) == (3, 6)
    assert stop.picture.mean() == 2
    assert "step 3" in stop.reason
    assert held_out([5, 4, 3, 2, 1, 0.5])[0] is None


def test_held_out_looks_every_few_steps_and_at_the_last():
    looked = []
    rule = HeldOutRule(lambda picture: looked.append(1) or 1.0, None, every=4, patience=100)
    for index in range(1, 10):
        assert rule.update(make_step(index)) is None
    assert len(looked) == 3
    last = dataclasses.replace(make_step(10), progress=1.0)
    assert "budget" in rule.update(last).reason
    assert len(looked) == 4


@pytest.mark.parametrize(
    ("guess", "words"), [(4.0, ": 0.5 times the initial"), (1.0, ": but 2 times the initial")]
)
def test_held_out_compares_with_the_initial_guess(guess, words):
    assert words in held_out([5, 2, 3, 3, 3, 3], guess=guess)[0].reason


def test_held_out_continues_from_its_state():
    first = HeldOutRule(lambda picture: float(picture.mean()), None, every=1, patience=3)
    for index, value in enumerate([5.0, 2.0, 3.0], 1):
        first.update(make_step(index, torch.full((1, 1, 1, 1), value)))
    second = HeldOutRule(lambda picture: float(picture.mean()), None, every=1, patience=3)
    second.load_state_dict(first.state_dict())
    assert second.update(make_step(4, torch.full((1, 1, 1, 1), 9.0))) is None
    stop = second.update(make_step(5, torch.full((1, 1, 1, 1), 9.0)))
    assert (stop.step, float(stop.picture)) == (2, 2.0)
