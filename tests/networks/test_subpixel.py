"""Convolving before enlarging is convolving after it."""

import pytest
import torch
from torch.nn import functional as F

from untrained.networks import Skip
from untrained.networks.layers import upsample
from untrained.networks.subpixel import SubpixelConv

MARGIN = 8
ONE_SCALE = {
    "down": (5,),
    "up": (6,),
    "kernel_down": (3,),
    "kernel_up": (3,),
    "norm": "none",
    "padding": "zero",
}


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("size", [(9, 12), (1, 2)])
def test_equal_to_enlarging_a_map_that_goes_on_beyond_its_border(upsampling, kernel, size):
    torch.manual_seed(0)
    fast, image = SubpixelConv(4, 5, kernel, upsampling).double(), noise(2, 4, *size)
    enlarged = upsample(upsampling)(F.pad(image, (MARGIN,) * 4, mode="replicate"))
    cut = 2 * MARGIN - kernel // 2
    enlarged = enlarged[..., cut:-cut, cut:-cut]
    expected = F.conv2d(enlarged, fast.conv.weight, fast.conv.bias)
    torch.testing.assert_close(fast(image), expected, rtol=1e-12, atol=1e-12)
    columns = fast.mixing.view(-1, fast.side)
    assert columns[:, 0].any(), "no wider than needed"
    assert columns[:, -1].any(), "no wider than needed"


@pytest.mark.parametrize(
    ("upsampling", "kernel", "side"),
    [
        ("nearest", 1, 1),
        ("nearest", 3, 2),
        ("nearest", 5, 3),
        ("nearest", 7, 4),
        ("bilinear", 1, 2),
        ("bilinear", 3, 3),
        ("bilinear", 5, 4),
        ("bilinear", 7, 5),
    ],
)
def test_filters_are_as_small_as_they_can_be(upsampling, kernel, side):
    assert SubpixelConv(1, 1, kernel, upsampling).side == side


def test_gradients_reach_the_filters_and_the_map():
    torch.manual_seed(0)
    layer, image = SubpixelConv(2, 3, 3, "bilinear").double(), noise(1, 2, 4, 3)
    assert torch.autograd.gradcheck(layer, image.requires_grad_())
    weight = layer.conv.weight.detach().clone().requires_grad_()

    def convolved(filters):
        return torch.func.functional_call(layer, {"conv.weight": filters}, (image.detach(),))

    assert torch.autograd.gradcheck(convolved, weight)


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("skip", [0, 3])
@pytest.mark.parametrize("mix", [True, False])
def test_without_norms_the_hourglass_is_the_same_within_its_border(upsampling, skip, mix):
    torch.manual_seed(0)
    settings = ONE_SCALE | {"skip": (skip,), "upsampling": (upsampling,), "mix": mix}
    slow = Skip(2, 3, **settings).double()
    fast = Skip(2, 3, **settings, subpixel=True).double()
    body, raised = fast.body, fast.body.raise_below[1].conv
    joined = [raised.weight] if body.across is None else [body.across[-1].weight, raised.weight]
    weights = slow.state_dict()
    ours = {
        name: weights[name]
        for name in fast.state_dict()
        if name in weights and not name.startswith("body.decode")
    }
    fast.load_state_dict(ours, strict=False)
    slow.body.decode[1].weight.data = torch.cat([weight.data for weight in joined], dim=1)
    slow.body.decode[1].bias.data = raised.bias.data
    if mix:
        slow.body.decode[4].load_state_dict(fast.body.decode[2].state_dict())
    image = noise(1, 2, 20, 24)
    torch.testing.assert_close(
        fast(image)[..., 2:-2, 2:-2], slow(image)[..., 2:-2, 2:-2], rtol=1e-10, atol=1e-12
    )


def test_weights_are_drawn_as_those_of_one_convolution():
    torch.manual_seed(0)
    settings = ONE_SCALE | {"down": (48,), "skip": (16,), "upsampling": ("bilinear",)}
    body = Skip(2, 3, **settings, subpixel=True).body
    bound = (9 * (48 + 16)) ** -0.5
    for layer in (body.raise_below[1].conv, body.across[-1]):
        assert 0.97 * bound < layer.weight.abs().max() <= bound


@pytest.mark.parametrize("size", [(64, 48), (33, 50)])
def test_a_deep_network_keeps_the_size(size):
    settings = {
        "down": (4, 6, 5),
        "up": (5, 3, 4),
        "skip": (2, 0, 1),
        "kernel_down": (3, 5, 3),
        "kernel_up": (5, 3, 3),
        "upsampling": ("bilinear", "nearest", "bilinear"),
    }
    network = Skip(2, 3, **settings, subpixel=True)
    output = network(noise(1, 2, *size).float())
    assert output.shape[1] == 3
    assert ((output > 0) & (output < 1)).all()
    assert all(
        side - 8 < got <= side + 8 for got, side in zip(output.shape[-2:], size, strict=True)
    )
