import pytest
import torch

from untrained.fitting.divergence_guard import DivergenceError, DivergenceGuard


def make(**changes):
    return DivergenceGuard(**{"rise": 3.0, "every": 10, "reduction": 0.5, "returns": 2} | changes)


def test_gives_back_the_weights_it_kept_not_the_live_ones():
    guard = make()
    weights = torch.ones(3)
    guard.keep(0, 1.0, {"weights": weights})
    weights += 5
    assert guard.diverged(3.1)
    assert torch.equal(guard.restore_last_good(7, 3.1)["weights"], torch.ones(3))
    assert guard.step_scale == 0.5
    assert "step 7" in guard.events[0]
    assert "step 0" in guard.events[0]


def test_a_rise_below_the_limit_and_any_fall_are_fine():
    guard = make()
    guard.keep(0, 1.0, {})
    assert not guard.diverged(2.9)
    assert not guard.diverged(1e-9)


def test_due_at_the_start_and_then_every_so_many_steps():
    guard = make()
    assert guard.due(0)
    guard.keep(0, 1.0, {})
    assert not guard.due(9)
    assert guard.due(10)


def test_gives_up_on_nan_when_the_returns_are_used():
    guard = make()
    guard.keep(0, 1.0, {})
    for step in (1, 2):
        assert guard.diverged(float("nan"))
        guard.restore_last_good(step, float("nan"))
    with pytest.raises(DivergenceError, match="step_size"):
        guard.restore_last_good(3, float("nan"))


def test_lets_a_mere_rise_pass_when_the_returns_are_used():
    guard = make()
    guard.keep(0, 1.0, {})
    guard.restore_last_good(1, 9.0)
    guard.restore_last_good(2, 9.0)
    assert not guard.diverged(9.0)
    assert guard.diverged(float("inf"))


def test_continues_from_its_state():
    guard, other = make(), make()
    guard.keep(3, 2.0, {"weights": torch.ones(2)})
    guard.restore_last_good(5, 9.0)
    other.load_state_dict(guard.state_dict())
    assert other.step_scale == 0.5
    assert other.events == guard.events
    assert other.diverged(6.1)
    assert not other.diverged(5.9)
    assert torch.equal(other.restore_last_good(6, 9.0)["weights"], torch.ones(2))
