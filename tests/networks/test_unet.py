"""UNet: sizes, values, gradients, names, and agreement with slow loops."""

import numpy as np
import pytest
import torch

from tests.helpers import slow_skip
from untrained.networks import SizeKeeping, UNet
from untrained.networks import layers as parts
from untrained.networks import unet as module

SMALL = {"channels": (8, 9, 10)}


def noise(*shape, dtype=torch.float32):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3), dtype=dtype)


def count(network):
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize("upsampling", ["deconv", "nearest", "bilinear"])
@pytest.mark.parametrize("padding", ["zero", "reflection"])
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("concat_input", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (33, 65)])
def test_any_size_and_option(upsampling, padding, norm, concat_input, size):
    network = UNet(
        2,
        3,
        **SMALL,
        upsampling=upsampling,
        padding=padding,
        norm=norm,
        concat_input=concat_input,
    )
    output = SizeKeeping(network, network.multiple, network.minimum)(noise(1, 2, *size))
    assert output.shape == (1, 3, *size)
    assert ((output > 0) & (output < 1)).all()


@pytest.mark.parametrize("channels", [1, 3, 7])
def test_any_channels_and_a_thin_tall_picture(channels):
    network = UNet(channels, channels, **SMALL)
    keeping = SizeKeeping(network, network.multiple, network.minimum)
    assert keeping(noise(1, channels, 5000, 3)).shape == (1, channels, 5000, 3)


def test_default_scales():
    network = UNet(3, 3)
    assert (network.multiple, network.minimum) == (16, 32)
    assert network(noise(1, 3, 32, 48)).shape == (1, 3, 32, 48)


def test_one_scale():
    network = UNet(3, 2, channels=(4,))
    assert (network.multiple, network.minimum) == (1, 2)
    assert network(noise(1, 3, 2, 5)).shape == (1, 2, 2, 5)


def slow_unet(weights, image, upsampling, padding, concat_input):
    """Run three scales of the authors' U-Net with instance norm, taking `weights` in order."""
    weights = iter(weights)

    def convolve(features):
        kernel, bias = next(weights), next(weights)
        padded = slow_skip.pad(features, kernel.shape[-1] // 2, padding)
        return slow_skip.correlate(padded, kernel, 1) + bias[:, None, None]

    def relu(features):
        return np.maximum(features, 0)

    def rise(features):
        if upsampling != "deconv":
            return convolve(slow_skip.double(features, upsampling))
        kernel, bias = next(weights), next(weights)
        spread = np.zeros(
            (*features.shape[:2], 2 * features.shape[2] - 1, 2 * features.shape[3] - 1)
        )
        spread[:, :, ::2, ::2] = features
        turned = kernel.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        spread = slow_skip.pad(spread, 2, "zero")
        return slow_skip.correlate(spread, turned, 1) + bias[:, None, None]

    passed, features = [], image
    for scale in range(3):
        if scale:
            features = slow_skip.pool(features, "max")
            image = slow_skip.pool(image, "average")
        for _ in range(2):
            features = relu(slow_skip.standardise(convolve(features), (2, 3)))
        if concat_input:
            features = slow_skip.join(features, image)
        passed.append(features)
    for across in passed[-2::-1]:
        features = slow_skip.join(rise(features), across)
        features = relu(convolve(relu(convolve(features))))
    return 1 / (1 + np.exp(-convolve(features)))


@pytest.mark.parametrize("upsampling", ["deconv", "nearest", "bilinear"])
@pytest.mark.parametrize("padding", ["zero", "reflection"])
@pytest.mark.parametrize("concat_input", [False, True])
def test_agrees_with_slow_loops(upsampling, padding, concat_input):
    torch.manual_seed(2)
    options = {"upsampling": upsampling, "padding": padding, "concat_input": concat_input}
    network = UNet(2, 3, **SMALL, **options).double()
    image = noise(2, 2, 16, 24, dtype=torch.float64)
    weights = [weight.detach().numpy() for weight in network.parameters()]
    expected = slow_unet(weights, image.numpy(), **options)
    np.testing.assert_allclose(network(image).detach().numpy(), expected, rtol=1e-9)


def test_number_of_weights_of_the_authors_structure():
    def convolution(inside, outside, kernel):
        return inside * outside * kernel**2 + outside

    # Two scales. Encoder: two 3x3 convolutions each; decoder: deconvolution, two 3x3 ones; head.
    plain = [(3, 4, 3), (4, 4, 3), (4, 6, 3), (6, 6, 3), (6, 4, 4), (8, 4, 3), (4, 4, 3), (4, 2, 1)]
    assert count(UNet(3, 2, channels=(4, 6))) == sum(convolution(*one) for one in plain)
    given = [(3, 1, 3), (1, 1, 3), (4, 3, 3), (3, 3, 3), (6, 4, 3), (8, 4, 3), (4, 4, 3), (4, 2, 1)]
    network = UNet(3, 2, channels=(4, 6), concat_input=True, upsampling="bilinear")
    assert count(network) == sum(convolution(*one) for one in given)


def test_input_reaches_every_scale_only_when_concatenated():
    for concat_input in (False, True):
        network = UNet(2, 1, channels=(4, 5, 6), concat_input=concat_input)
        image = noise(1, 2, 16, 16)
        encoded = network._encode(image)
        for scale, features in enumerate(encoded):
            small = torch.nn.functional.avg_pool2d(image, 2**scale)
            assert torch.allclose(features[:, -2:], small) == concat_input


def test_decoder_sees_what_is_passed_across():
    network = UNet(1, 1, **SMALL)
    with torch.no_grad():
        for up in network.decode:
            up.upsample.weight.zero_()
            up.upsample.bias.zero_()
    first, second = network(noise(1, 1, 16, 16)), network(1 - noise(1, 1, 16, 16))
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("concat_input", [False, True])
@pytest.mark.parametrize("upsampling", ["deconv", "bilinear"])
def test_gradient_reaches_every_weight(concat_input, upsampling):
    torch.manual_seed(0)
    network = UNet(3, 3, **SMALL, concat_input=concat_input, upsampling=upsampling).double()
    network(noise(1, 3, 16, 16, dtype=torch.float64)).square().sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        # A norm removes the mean, and so the bias of the convolution before it.
        assert weight.grad.abs().max() > 0 or "encode" in name, name


def test_float32_agrees_with_float64_and_evaluation_mode_changes_nothing():
    torch.manual_seed(0)
    network, image = UNet(3, 3, norm="batch", **SMALL), noise(1, 3, 16, 16)
    output = network(image)
    assert torch.equal(network.eval()(image), output)
    exact = network.double()(image.double())
    torch.testing.assert_close(output.double(), exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "choices"),
    [
        ({"upsampling": "cubic"}, module.Upsampling),
        ({"padding": "wrap"}, parts.Padding),
        ({"norm": "layer"}, parts.Norm),
    ],
    ids=str,
)
def test_unknown_name_lists_the_known_ones(wrong, choices):
    with pytest.raises(ValueError, match="unknown") as error:
        UNet(3, 3, **SMALL, **wrong)
    assert all(choice in str(error.value) for choice in choices.__args__)


@pytest.mark.parametrize("wrong", [{"channels": ()}, {"channels": (8, 3), "concat_input": True}])
def test_channels_without_room(wrong):
    with pytest.raises(ValueError, match="channels"):
        UNet(3, 3, **wrong)
