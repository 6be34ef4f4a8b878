import pytest
import torch
from torch import nn

from tests.helpers import properties
from untrained.operators import Mask, back_project, downsample


def known(height, width):
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(3)) > 0.4


CASES = [
    ("identity", nn.Identity(), (1, 3, 7, 5)),
    ("mask", Mask(known(7, 5)), (1, 3, 7, 5)),
    ("lanczos2 x2", downsample(2), (1, 3, 6, 10)),
    ("lanczos2 x3", downsample(3), (1, 1, 9, 6)),
    ("lanczos2 x4", downsample(4), (1, 2, 8, 12)),
    ("lanczos3 x4", downsample(4, "lanczos3"), (1, 1, 4, 4)),
    ("lanczos2 x8 then mask", nn.Sequential(downsample(8), Mask(known(2, 3))), (1, 1, 16, 24)),
]


@pytest.mark.parametrize("check", [properties.check_linear, properties.check_adjoint])
@pytest.mark.parametrize(
    ("operator", "shape"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_properties(operator, shape, check):
    check(operator.double(), shape, torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("operator", "shape"), [c[1:] for c in CASES[:3]], ids=[c[0] for c in CASES[:3]]
)
def test_gradients(operator, shape):
    properties.check_gradient(operator.double(), shape, torch.Generator().manual_seed(1))


def test_mask_zeroes_exactly_the_unknown():
    mask = known(4, 4)
    image = torch.rand(1, 2, 4, 4) + 0.1
    got = Mask(mask)(image)
    assert torch.equal(got[mask.expand_as(got)], image[mask.expand_as(got)])
    assert got[~mask.expand_as(got)].abs().max() == 0


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_back_projection_agrees_with_the_measurement(factor):
    operator = downsample(factor)
    source = torch.Generator().manual_seed(2)
    measurement = torch.rand(1, 3, 8, 9, generator=source)
    start = torch.rand(1, 3, 8 * factor, 9 * factor, generator=source)
    after = back_project(start, measurement, operator)
    before = (operator(start) - measurement).abs().mean()
    assert (operator(after) - measurement).abs().mean() < 0.05 * before
    exact = back_project(after, operator(after), operator)
    torch.testing.assert_close(exact, after)


@pytest.mark.parametrize(
    ("factor", "kernel", "words"), [(1, "lanczos2", "2 or more"), (2, "cubic", "lanczos3")]
)
def test_wrong_requests_name_the_choices(factor, kernel, words):
    with pytest.raises(ValueError, match=words):
        downsample(factor, kernel)
