"""The hourglass of volumes: the same settings as for pictures, with an axis more."""

import pytest
import torch
from torch.nn import functional as F

from untrained.fitting.build_network import build_network
from untrained.networks import layers
from untrained.networks.subpixel import SubpixelConv
from untrained.recipes import SkipNetwork
from untrained.recipes.presets import volumes
from untrained.recipes.presets.building_blocks import FOLDED


@pytest.mark.parametrize("factor", [2, 3])
def test_shuffling_is_undone_and_lays_out_blocks(factor):
    image = torch.rand(2, 2 * factor**3, 3, 4, 5)
    large = layers.pixel_shuffle(image, factor)
    assert large.shape == (2, 2, 3 * factor, 4 * factor, 5 * factor)
    assert torch.equal(layers.pixel_unshuffle(large, factor), image)
    block = large[0, 1, :factor, :factor, :factor].flatten()
    assert torch.equal(block, image[0, factor**3 :, 0, 0, 0])


def test_a_flat_axis_shuffles_as_pictures_do():
    image = torch.rand(1, 8, 1, 4, 5)
    first = layers.pixel_shuffle(image, 2)[:, :, 0]
    assert torch.equal(first, F.pixel_shuffle(image[:, :4, 0], 2))


@pytest.mark.parametrize("axes", [2, 3])
def test_interleaving_is_shuffling_with_all_of_a_pixel_together(axes):
    together = torch.rand(2, 2**axes, 3, *(4, 5, 6)[:axes])
    apart = together.transpose(1, 2).flatten(1, 2)
    assert torch.equal(layers.interleave(together.flatten(1, 2)), layers.pixel_shuffle(apart, 2))


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_subpixel_convolution_is_that_of_the_enlarged_volume(upsampling, kernel):
    layer = SubpixelConv(3, 2, kernel, upsampling, axes=3).double()
    image = torch.rand(1, 3, 4, 5, 6, dtype=torch.float64)
    enlarged = layers.upsample(upsampling, axes=3)(image)
    padded = F.pad(enlarged, (kernel // 2,) * 6, mode="replicate")
    expected = F.conv3d(padded, layer.conv.weight, layer.conv.bias)
    inside = (..., *(slice(kernel, -kernel),) * 3)
    torch.testing.assert_close(layer(image)[inside], expected[inside])


@pytest.mark.parametrize("size", [(1, 1, 1), (5, 9, 12), (16, 16, 16)])
@pytest.mark.parametrize(
    "settings",
    [FOLDED, volumes.NETWORK, volumes.HOLES.network, SkipNetwork(downsampling="lanczos2")],
)
def test_any_size_comes_back(settings, size):
    small = settings.model_copy(update={"channels": tuple(8 for _ in settings.channels)})
    network = build_network(small, 2, 3, size, seed=0).network
    output = network(torch.rand(1, 2, *size))
    assert output.shape == (1, 3, *size)
    output.sum().backward()
    assert all(weights.grad is not None for weights in network.parameters())
