"""DeepDecoder and ConvDecoder: sizes, values, gradients, names, and agreement with slow loops."""

import numpy as np
import pytest
import torch

from tests.helpers import slow_skip
from untrained.networks import ConvDecoder, DeepDecoder
from untrained.networks import layers as parts

BOTH = [DeepDecoder, ConvDecoder]
SMALL = {"channels": (4, 5, 6, 4)}
SIZES = [(1, 1), (1, 9), (2, 2), (8, 16), (33, 65), (31, 17), (5000, 3)]


def latent(network, channels=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(3)
    return torch.rand((1, channels, *network.latent_size), generator=generator, dtype=dtype)


def shaken(network):
    """Give random values also to the scale and shift of the norms."""
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn_like(weight)
    return network.double()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3, 7])
def test_output_has_the_pictures_size(kind, size, channels):
    network = kind(2, channels, size=size, **SMALL)
    output = network(latent(network, 2, torch.float32))
    assert output.shape == (1, channels, *size)
    assert ((output > 0) & (output < 1)).all()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("activation", ["leaky_relu", "relu", "swish", "elu", "none"])
def test_any_option(kind, upsampling, norm, activation):
    options = {"upsampling": upsampling, "norm": norm, "activation": activation}
    network = kind(3, 3, size=(13, 1), **SMALL, **options)
    assert network(latent(network, dtype=torch.float32)).shape == (1, 3, 13, 1)


@pytest.mark.parametrize("size", [*SIZES, (512, 512)])
def test_deep_decoder_latent_size(size):
    network = DeepDecoder(3, 3, size=size, **SMALL)
    assert network.latent_size == tuple(max(2, -(-side // 8)) for side in size)


@pytest.mark.parametrize(
    ("size", "start", "sizes"),
    [
        ((128, 128), (16, 16), [(16, 16), (32, 32), (64, 64), (128, 128)]),
        ((125, 27), (1, 8), [(2, 8), (5, 12), (25, 18), (125, 27)]),
        ((1, 9), (16, 4), [(2, 4), (2, 6), (2, 7), (2, 9)]),
    ],
)
def test_conv_decoder_sizes_grow_by_a_constant_ratio(size, start, sizes):
    network = ConvDecoder(3, 3, size=size, latent_size=start, **SMALL)
    assert network.latent_size == sizes[0]
    grown = [layer.size for layer in network.body if isinstance(layer, torch.nn.Upsample)]
    assert grown == sizes[1:]


def test_conv_decoder_sizes_are_exact_powers_where_they_can_be():
    # In floating point 4 * 32 ** (4 / 5) is a little above 64.
    network = ConvDecoder(3, 3, size=(128, 64), latent_size=(4, 2), channels=(2,) * 6)
    grown = [layer.size for layer in network.body if isinstance(layer, torch.nn.Upsample)]
    assert grown == [(8, 4), (16, 8), (32, 16), (64, 32), (128, 64)]


@pytest.mark.parametrize("size", [(16, 24), (13, 1)])
def test_deep_decoder_agrees_with_slow_loops(size):
    network = shaken(DeepDecoder(3, 2, size=size, **SMALL))
    features, weights = latent(network).numpy(), slow_weights(network)
    for layer in range(4):
        features = slow_skip.correlate(features, weights.pop(0), 1)
        if layer < 3:
            height, width = (max(2, -(-side // 2 ** (2 - layer))) for side in size)
            features = slow_skip.double(features, "bilinear")[..., :height, :width]
        features = normalised(np.maximum(features, 0), weights.pop(0), weights.pop(0))
    compare(network, features[..., : size[0], : size[1]], weights)


@pytest.mark.parametrize("padding", ["zero", "reflection"])
def test_conv_decoder_agrees_with_slow_loops(padding):
    network = ConvDecoder(3, 2, size=(16, 24), latent_size=(2, 3), padding=padding, **SMALL)
    network = shaken(network)
    features, weights = latent(network).numpy(), slow_weights(network)
    for layer in range(4):
        features = slow_skip.double(features, "nearest") if layer < 3 else features
        features = slow_skip.correlate(slow_skip.pad(features, 1, padding), weights.pop(0), 1)
        features = normalised(np.maximum(features, 0), weights.pop(0), weights.pop(0))
    compare(network, features, weights)


def slow_weights(network):
    return [weight.detach().numpy() for weight in network.parameters()]


def normalised(image, scale, shift):
    return slow_skip.standardise(image, (0, 2, 3)) * scale[:, None, None] + shift[:, None, None]


def compare(network, features, weights):
    (head,) = weights
    expected = 1 / (1 + np.exp(-slow_skip.correlate(features, head, 1)))
    np.testing.assert_allclose(network(latent(network)).detach().numpy(), expected, rtol=1e-9)


def test_default_deep_decoder_has_the_papers_number_of_weights():
    # k^2 and two numbers of normalisation in each of six layers, and k for each output channel.
    network = DeepDecoder(128, 3, size=(512, 512))
    count = sum(weight.numel() for weight in network.parameters())
    assert count == 6 * (128**2 + 2 * 128) + 3 * 128
    assert network.latent_size == (16, 16)


@pytest.mark.parametrize("kind", BOTH)
def test_gradient_reaches_every_weight(kind):
    network = shaken(kind(3, 3, size=(21, 18), **SMALL))
    network(latent(network)).square().sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


@pytest.mark.parametrize("kind", BOTH)
def test_float32_agrees_with_float64_and_evaluation_mode_changes_nothing(kind):
    network = shaken(kind(3, 3, size=(33, 40), **SMALL))
    exact = network(latent(network))
    assert torch.equal(network.eval()(latent(network)), exact)
    rough = network.float()(latent(network).float())
    torch.testing.assert_close(rough.double(), exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", BOTH)
def test_input_of_another_size_is_refused(kind):
    network = kind(3, 3, size=(40, 40), **SMALL)
    height, width = network.latent_size
    with pytest.raises(ValueError, match="latent_size"):
        network(torch.rand(1, 3, height, width + 1))


@pytest.mark.parametrize(
    ("kind", "wrong", "choices"),
    [
        *(
            (kind, wrong, choices)
            for kind in BOTH
            for wrong, choices in (
                ({"upsampling": "cubic"}, parts.Upsampling),
                ({"activation": "gelu"}, parts.Activation),
                ({"norm": "layer"}, parts.Norm),
            )
        ),
        (ConvDecoder, {"padding": "wrap"}, parts.Padding),
    ],
)
def test_unknown_name_lists_the_known_ones(kind, wrong, choices):
    with pytest.raises(ValueError, match="unknown") as error:
        kind(3, 3, size=(8, 8), **SMALL, **wrong)
    assert all(choice in str(error.value) for choice in choices.__args__)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        *((kind, {"size": (0, 5)}) for kind in BOTH),
        (DeepDecoder, {"size": (5, 5), "channels": ()}),
        (ConvDecoder, {"size": (5, 5), "channels": (4,)}),
        (ConvDecoder, {"size": (5, 5), "latent_size": (0, 4)}),
    ],
)
def test_wrong_settings(kind, wrong):
    with pytest.raises(ValueError, match=r"at least one|entries or more"):
        kind(3, 3, **wrong)
