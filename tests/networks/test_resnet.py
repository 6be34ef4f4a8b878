"""ResNet: sizes, values, gradients, names, and agreement with slow loops."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers import slow_skip
from untrained.networks import ResNet, SizeKeeping
from untrained.networks import layers as parts

SMALL = {"blocks": 2, "channels": 4}


def noise(*shape, dtype=torch.float32):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3), dtype=dtype)


@pytest.mark.parametrize("padding", ["zero", "reflection"])
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("activation", ["leaky_relu", "relu", "swish", "elu", "none"])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (33, 65)])
def test_any_size_and_option(padding, norm, activation, size):
    network = ResNet(2, 3, **SMALL, padding=padding, norm=norm, activation=activation)
    output = SizeKeeping(network, network.multiple, network.minimum)(noise(1, 2, *size))
    assert output.shape == (1, 3, *size)
    assert ((output > 0) & (output < 1)).all()


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_any_channels_and_a_thin_tall_picture(channels):
    network = ResNet(channels, channels, **SMALL)
    assert network(noise(1, channels, 5000, 3)).shape == (1, channels, 5000, 3)


def slow_resnet(weights, image, blocks, padding):
    """Run the authors' residual network with batch norm, taking `weights` in order."""
    weights = iter(weights)

    def convolve(features, padding="zero", bias=True):
        output = slow_skip.correlate(slow_skip.pad(features, 1, padding), next(weights), 1)
        return output + next(weights)[:, None, None] if bias else output

    def normalise(features):
        scale, shift = next(weights)[:, None, None], next(weights)[:, None, None]
        return slow_skip.standardise(features, (0, 2, 3)) * scale + shift

    def leak(features):
        return np.where(features > 0, features, 0.2 * features)

    features = leak(convolve(image, padding))
    for _ in range(blocks):
        changed = leak(normalise(convolve(features, bias=False)))
        features = features + normalise(convolve(changed, bias=False))
    features = normalise(convolve(features))
    return 1 / (1 + np.exp(-convolve(features, padding)))


@pytest.mark.parametrize("padding", ["zero", "reflection"])
def test_agrees_with_slow_loops(padding):
    torch.manual_seed(2)
    network = ResNet(2, 3, **SMALL, padding=padding).double()
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn_like(weight)
    image = noise(2, 2, 9, 14, dtype=torch.float64)
    weights = [weight.detach().numpy() for weight in network.parameters()]
    expected = slow_resnet(weights, image.numpy(), SMALL["blocks"], padding)
    np.testing.assert_allclose(network(image).detach().numpy(), expected, rtol=1e-9)


def test_number_of_weights_of_the_authors_structure():
    network = ResNet(3, 2, blocks=5, channels=8)
    block = 2 * (8 * 8 * 9 + 2 * 8)
    ends = (3 * 8 * 9 + 8) + (8 * 8 * 9 + 8 + 2 * 8) + (8 * 2 * 9 + 2)
    assert sum(weight.numel() for weight in network.parameters()) == 5 * block + ends


def test_blocks_add_to_their_input():
    network, features = ResNet(1, 1, **SMALL, norm="none"), noise(1, 4, 6, 6)
    block = network.blocks[0]
    torch.testing.assert_close(block(features) - features, block.change(features))
    with torch.no_grad():
        for residual in network.blocks:
            residual.change[3].weight.zero_()
    assert torch.equal(network.blocks(features), features)


def test_padding_is_that_of_the_first_and_last_convolution():
    modes = {
        padding: [
            layer.padding_mode
            for layer in ResNet(1, 1, **SMALL, padding=padding).modules()
            if isinstance(layer, nn.Conv2d)
        ]
        for padding in ("zero", "reflection")
    }
    assert modes["zero"] == ["zeros"] * 7
    assert modes["reflection"] == ["reflect", *["zeros"] * 5, "reflect"]


def test_gradient_reaches_every_weight():
    torch.manual_seed(0)
    network = ResNet(3, 3, **SMALL).double()
    network(noise(1, 3, 9, 8, dtype=torch.float64)).square().sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        # A norm removes the mean, and so the bias of the convolution before it.
        assert weight.grad.abs().max() > 0 or name == "head.0.bias", name


def test_float32_agrees_with_float64_and_evaluation_mode_changes_nothing():
    torch.manual_seed(0)
    network, image = ResNet(3, 3), noise(1, 3, 16, 16)
    output = network(image)
    assert torch.equal(network.eval()(image), output)
    exact = network.double()(image.double())
    torch.testing.assert_close(output.double(), exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "choices"),
    [
        ({"activation": "gelu"}, parts.Activation),
        ({"padding": "wrap"}, parts.Padding),
        ({"norm": "layer"}, parts.Norm),
    ],
    ids=str,
)
def test_unknown_name_lists_the_known_ones(wrong, choices):
    with pytest.raises(ValueError, match="unknown") as error:
        ResNet(3, 3, **SMALL, **wrong)
    assert all(choice in str(error.value) for choice in choices.__args__)
