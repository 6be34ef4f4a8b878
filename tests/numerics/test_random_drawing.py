import pytest
import torch
from torch import nn

from untrained.numerics.random_drawing import DrawnFrom


def drawn():
    """Whatever a network may draw when it is made."""
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Linear(3, 4), nn.Conv3d(2, 3, 1), nn.ConvTranspose2d(3, 4, 2)
    )
    nn.init.orthogonal_(layers[1].weight)
    nn.init.trunc_normal_(layers[0].weight)
    return [
        *layers.parameters(),
        torch.rand(3),
        torch.randn(2, 2),
        torch.randint(5, (9,)),
        torch.randint(2, 5, (9,)),
        torch.randperm(9),
        torch.rand_like(torch.zeros(3)),
        torch.bernoulli(torch.full((4,), 0.5)),
        torch.normal(0.0, 1.0, (3,)),
    ]


def test_the_bits_are_those_of_the_global_generator_which_is_not_touched():
    before = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        expected = drawn()
    with DrawnFrom(torch.Generator().manual_seed(5)):
        found = drawn()
    assert all(map(torch.equal, found, expected))
    assert torch.equal(before, torch.get_rng_state())


def test_an_explicit_generator_stays():
    with DrawnFrom(torch.Generator().manual_seed(5)):
        found = torch.rand(3, generator=torch.Generator().manual_seed(6))
    assert torch.equal(found, torch.rand(3, generator=torch.Generator().manual_seed(6)))


def test_an_operation_that_takes_no_generator_is_an_error():
    with (
        DrawnFrom(torch.Generator()),
        pytest.raises(RuntimeError, match="cannot take a generator"),
    ):
        torch.native_dropout(torch.ones(3), 0.5, True)
