"""The building blocks against their formulas."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers import slow_skip
from untrained.networks import SizeKeeping, layers


def noise(*shape, seed=3):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("leaky_relu", lambda x: x if x > 0 else 0.2 * x),
        ("relu", lambda x: max(x, 0)),
        ("swish", lambda x: x / (1 + math.exp(-x))),
        ("elu", lambda x: x if x > 0 else math.exp(x) - 1),
        ("none", lambda x: x),
    ],
)
def test_activation(name, formula):
    values = [-3.0, -0.5, 0.0, 0.25, 2.0]
    ours = layers.activation(name)(torch.tensor(values, dtype=torch.float64))
    np.testing.assert_allclose(ours.numpy(), [formula(value) for value in values], rtol=1e-12)


@pytest.mark.parametrize(("name", "axes"), [("batch", (0, 2, 3)), ("instance", (2, 3))])
def test_norm_uses_the_pictures_own_statistics(name, axes):
    image = noise(2, 3, 5, 7)
    norm = layers.norm(name, 3).double()
    mean = image.mean(axes, keepdim=True)
    variance = ((image - mean) ** 2).mean(axes, keepdim=True)
    expected = (image - mean) / (variance + 1e-5).sqrt()
    torch.testing.assert_close(norm(image), expected)
    torch.testing.assert_close(norm.eval()(image), expected)
    assert not list(norm.buffers())


def test_no_norm():
    image = noise(1, 2, 3, 4)
    assert torch.equal(layers.norm("none", 2)(image), image)


@pytest.mark.parametrize("padding", ["zero", "reflection"])
@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_conv_agrees_with_brute_force(padding, kernel, stride):
    image = noise(1, 2, 9, 12)
    conv = layers.conv(
        2, 3, kernel, padding=padding, downsampling="stride" if stride == 2 else None
    ).double()
    padded = slow_skip.pad(image.numpy(), kernel // 2, padding)
    expected = slow_skip.correlate(padded, conv.weight.detach().numpy(), stride)
    expected += conv.bias.detach().numpy()[:, None, None]
    np.testing.assert_allclose(conv(image).detach().numpy(), expected, rtol=1e-10)


def test_conv_without_bias():
    assert layers.conv(2, 3, 3, bias=False).bias is None


@pytest.mark.parametrize("name", ["average", "max", "lanczos2", "lanczos3"])
@pytest.mark.parametrize("size", [(8, 12), (9, 7)])
def test_downsample(name, size):
    image = noise(2, 3, *size)
    ours = layers.downsample(name).double()(image).numpy()
    np.testing.assert_allclose(ours, slow_skip.pool(image.numpy(), name), rtol=1e-10)


@pytest.mark.parametrize("name", ["nearest", "bilinear"])
@pytest.mark.parametrize("size", [(4, 6), (1, 5), (1, 1)])
def test_upsample(name, size):
    image = noise(2, 3, *size)
    expected = slow_skip.double(image.numpy(), name)
    np.testing.assert_allclose(layers.upsample(name)(image).numpy(), expected, rtol=1e-10)
    to_size = layers.upsample(name, (2 * size[0], 2 * size[1]))
    np.testing.assert_allclose(to_size(image).numpy(), expected, rtol=1e-10)
    assert layers.upsample(name, (7, 3))(image).shape == (2, 3, 7, 3)


@pytest.mark.parametrize(
    ("make", "choices"),
    [
        (lambda: layers.activation("gelu"), layers.Activation),
        (lambda: layers.norm("layer", 3), layers.Norm),
        (lambda: layers.conv(1, 1, 3, padding="wrap"), layers.Padding),
        (lambda: layers.conv(1, 1, 3, downsampling="mean"), layers.Downsampling),
        (lambda: layers.downsample("stride"), layers.Pooling),
        (lambda: layers.upsample("cubic"), layers.Upsampling),
    ],
)
def test_unknown_name_lists_the_known_ones(make, choices):
    with pytest.raises(ValueError, match="unknown") as error:
        make()
    assert all(choice in str(error.value) for choice in choices.__args__)


@pytest.mark.parametrize("kernel", [0, 2, 4])
def test_even_kernel_is_refused(kernel):
    with pytest.raises(ValueError, match=f"kernel size {kernel} is even"):
        layers.conv(1, 1, kernel)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 8), (8, 8), (9, 30), (5000, 3)])
@pytest.mark.parametrize(("multiple", "minimum"), [(1, 1), (1, 2), (8, 8), (4, 10), (6, 24)])
def test_size_keeping_gives_back_every_pixel(size, multiple, minimum):
    seen = []
    inside = nn.Identity()
    inside.register_forward_hook(lambda _, images, __: seen.append(images[0]))
    image = noise(1, 2, *size)
    assert torch.equal(SizeKeeping(inside, multiple, minimum)(image), image)
    for side, padded in zip(size, seen[0].shape[-2:], strict=True):
        assert padded % multiple == 0
        assert padded >= max(side, minimum)
        assert padded - multiple < max(side, minimum)  # and no more than needed
    torch.testing.assert_close(seen[0][..., -1, -1], image[..., -1, -1])


def test_crop_to_smallest_is_central():
    image = noise(1, 1, 6, 7)
    smaller = noise(1, 2, 3, 9)
    first, second = layers.crop_to_smallest([image, smaller])
    assert torch.equal(first, image[..., 1:4, :])
    assert torch.equal(second, smaller[..., 1:8])


def test_folding_turns_blocks_into_channels_and_back():
    picture = noise(1, 3, 8, 12)
    assert torch.equal(layers.Folded(nn.Identity(), 2)(picture), picture)
    seen = []

    class Watcher(nn.Module):
        def forward(self, image):
            seen.append(image)
            return image

    layers.Folded(Watcher(), 4)(picture)
    assert seen[0].shape == (1, 48, 2, 3)
    assert torch.equal(seen[0][0, :16, 1, 2], picture[0, 0, 4:8, 8:12].flatten())
