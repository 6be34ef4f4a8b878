import numpy as np
import pytest

from untrained.numerics.random_streams import stream


@pytest.mark.parametrize("seed", [0, 7, 2**63 - 1])
def test_a_stream_is_a_seed_that_depends_on_seed_and_purpose_alone(seed):
    assert 0 <= stream(seed, "steps") < 2**63
    assert stream(seed, "steps") == stream(seed, "steps")
    purposes = ("steps", "held out", "noise split", "operator")
    other = 0 if seed else 1
    assert len({stream(s, purpose) for purpose in purposes for s in (seed, other)}) == 8
    assert seed not in {stream(seed, purpose) for purpose in purposes}


def test_streams_stay_as_they_were():
    """A saved seed must give the same picture in the next version."""
    assert [stream(0, "steps"), stream(5, "held out")] == [7837709312561143022, 7536384892918683981]


def test_their_draws_are_uncorrelated():
    draws = [
        np.random.default_rng(stream(seed, purpose)).normal(size=20000)
        for seed in (0, 1)
        for purpose in ("steps", "noise split")
    ]
    assert np.abs(np.corrcoef(draws) - np.eye(4)).max() < 0.03
