import pytest
import torch

from untrained.fitting.averaging import ExponentialAverage, standard_deviation


def test_equals_the_weighted_mean_written_out():
    decay, pictures = 0.8, torch.rand(7, 1, 1, 4, 5, dtype=torch.float64)
    average = ExponentialAverage(decay)
    for count in range(1, 8):
        got = average.update(pictures[count - 1])
        weights = torch.tensor([decay ** (count - 1 - i) for i in range(count)]).double()
        expected = (weights[:, None, None, None, None] * pictures[:count]).sum(0) / weights.sum()
        torch.testing.assert_close(got, expected)


def test_first_average_is_the_first_picture_and_constants_stay():
    average = ExponentialAverage(0.99)
    picture = torch.full((1, 1, 2, 2), 0.3)
    for _ in range(5):
        torch.testing.assert_close(average.update(picture), picture)


def test_decay_zero_is_the_iterate():
    average = ExponentialAverage(0.0)
    average.update(torch.zeros(1))
    assert average.update(torch.ones(1)).item() == 1


def test_inputs_and_earlier_averages_are_not_touched():
    average = ExponentialAverage(0.5)
    first = torch.zeros(3)
    kept = average.update(first)
    average.update(torch.ones(3))
    assert first.sum() == 0
    assert kept.sum() == 0


def test_continues_from_its_state():
    one, other = ExponentialAverage(0.9), ExponentialAverage(0.9)
    pictures = torch.rand(6, 3)
    for picture in pictures[:3]:
        one.update(picture)
    other.load_state_dict(one.state_dict())
    for picture in pictures[3:]:
        assert torch.equal(one.update(picture), other.update(picture))


def test_spread_is_the_smoothed_deviation_over_pictures():
    base = torch.zeros(1, 3, 40, 40)
    up = base.clone()
    up[..., 20:] = 0.2
    found = standard_deviation([base, up])
    assert found.shape == (1, 1, 40, 40)
    deviation = torch.tensor([0.0, 0.2]).std()
    torch.testing.assert_close(found[..., 30:], deviation.expand(1, 1, 40, 10))
    assert float(found[..., :10].abs().max()) == 0
    assert float(found[0, 0, 5, 20]) == pytest.approx(float(found[0, 0, 30, 20]))
