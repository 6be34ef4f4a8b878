"""Skip against a slow reimplementation, layer by layer, and the promises of its docstring."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers import slow_skip
from untrained.networks import SizeKeeping, Skip
from untrained.networks import layers as parts

PAPER = {
    "down": (128,) * 5,
    "up": (128,) * 5,
    "skip": (4,) * 5,
    "kernel_down": (3,) * 5,
    "kernel_up": (3,) * 5,
    "upsampling": ("bilinear",) * 5,
}
SMALL = {
    "down": (4, 6, 5),
    "up": (5, 3, 4),
    "skip": (2, 3, 1),
    "kernel_down": (3, 3, 3),
    "kernel_up": (3, 3, 3),
    "upsampling": ("bilinear", "nearest", "bilinear"),
}
VARIANTS = [
    {},
    *({"downsampling": name} for name in ("average", "max", "lanczos2", "lanczos3")),
    {"downsampling": "lanczos2", "padding": "zero", "kernel_down": (5, 3, 3)},
    {"upsampling": ("nearest",) * 3},
    {"upsampling": ("nearest", "bilinear", "bilinear"), "padding": "zero"},
    {"padding": "zero"},
    {"skip": (0, 0, 0)},
    {"skip": (0, 2, 0), "mix": False},
    {"mix": False},
    {"kernel_down": (7, 5, 3), "kernel_up": (5, 7, 3)},
    {"kernel_down": (7, 5, 3), "kernel_up": (5, 7, 3), "padding": "zero", "kernel_skip": 3},
    {"kernel_skip": 5},
    {"down": (1, 1, 1), "up": (1, 1, 1), "skip": (1, 1, 1)},
    {name: values[:1] for name, values in SMALL.items()},
]


def make(settings, channels_in=3, channels_out=2):
    """Make a float64 network whose every weight, also a norm's scale and shift, is random."""
    torch.manual_seed(5)
    network = Skip(channels_in, channels_out, **settings).double()
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.1 * torch.randn_like(weight)
    return network


def noise(*shape, dtype=torch.float64):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3), dtype=dtype)


def recorded(network, image):
    """List the output of every layer, in the order in which they run."""
    outputs = []
    for layer in network.modules():
        if not list(layer.children()) and not isinstance(layer, nn.Identity):
            layer.register_forward_hook(lambda _, __, output: outputs.append(output.numpy().copy()))
    with torch.no_grad():
        network(image)
    return outputs


def expected(network, image, settings):
    weights = {name: weight.numpy() for name, weight in network.state_dict().items()}
    return slow_skip.layer_outputs(
        weights,
        image.numpy(),
        skip=settings["skip"],
        upsampling=settings["upsampling"],
        downsampling=settings.get("downsampling", "stride"),
        padding=settings.get("padding", "reflection"),
        mix=settings.get("mix", True),
    )


def compare(ours, theirs):
    assert len(ours) == len(theirs)
    for index, (fast, slow) in enumerate(zip(ours, theirs, strict=True)):
        assert fast.shape == slow.shape, index
        np.testing.assert_allclose(fast, slow, rtol=1e-8, atol=1e-10, err_msg=f"layer {index}")


def test_papers_network_agrees_layer_by_layer():
    network, image = make(PAPER, 32, 3), noise(1, 32, 64, 64)
    ours = recorded(network, image)
    assert len(ours) == 5 * 17 + 2
    assert ours[-1].shape == (1, 3, 64, 64)
    compare(ours, expected(network, image, PAPER))


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_variant_agrees_layer_by_layer(variant):
    settings = {**SMALL, **variant}
    network, image = make(settings), noise(2, 3, 48, 64)
    compare(recorded(network, image), expected(network, image, settings))


@pytest.mark.parametrize("downsampling", ["stride", "average", "lanczos2"])
def test_odd_sides_are_cropped_about_the_centre(downsampling):
    settings = {**SMALL, "downsampling": downsampling}
    network, image = make(settings), noise(1, 3, 37, 50)
    compare(recorded(network, image), expected(network, image, settings))


def test_every_scale_has_its_own_channels_and_kernels():
    settings = {
        "down": (4, 6),
        "up": (5, 3),
        "skip": (2, 7),
        "kernel_down": (7, 5),
        "kernel_up": (9, 1),
        "upsampling": ("nearest",) * 2,
    }
    network = Skip(8, 10, **settings, kernel_skip=3)
    shapes = [tuple(weight.shape) for weight in network.parameters() if weight.dim() == 4]
    assert sorted(shapes) == sorted(
        [
            *[(4, 8, 7, 7), (4, 4, 7, 7), (2, 8, 3, 3), (5, 5, 9, 9), (5, 5, 1, 1)],
            *[(6, 4, 5, 5), (6, 6, 5, 5), (7, 4, 3, 3), (3, 13, 1, 1), (3, 3, 1, 1)],
            (10, 5, 1, 1),
        ]
    )


def test_comparison_notices_every_single_weight():
    image = noise(1, 3, 16, 16)
    reference = expected(make(SMALL), image, SMALL)
    compare(recorded(make(SMALL), image), reference)
    for name, _ in make(SMALL).named_parameters():
        network = make(SMALL)
        network.get_parameter(name).data.view(-1)[-1] += 1e-5
        with pytest.raises(AssertionError, match="layer"):
            compare(recorded(network, image), reference)


@pytest.mark.parametrize(
    "other",
    [
        {"padding": "zero"},
        {"upsampling": ("bilinear",) * 3},
        {"downsampling": "lanczos3"},
        {"activation": "relu"},
        {"norm": "instance"},
    ],
    ids=str,
)
def test_comparison_notices_other_settings(other):
    settings = {**SMALL, "downsampling": "lanczos2"}
    image = noise(2, 3, 32, 32)
    reference = expected(make(settings), image, settings)
    network = make({**settings, **other})
    with pytest.raises(AssertionError, match="layer"):
        compare(recorded(network, image), reference)


def test_number_of_weights_is_the_authors():
    # A finest scale (32 channels in): convolutions 36992 + 147584 + 132 + 152192 + 16512, norms
    # 256 + 256 + 8 + 264 + 256 + 256, in all 354708; four more scales of 465684; the head 387.
    network = Skip(32, 3, **PAPER)
    assert sum(weight.numel() for weight in network.parameters()) == 2217831
    assert not list(network.buffers())


@pytest.mark.parametrize("downsampling", ["stride", "average", "max", "lanczos2", "lanczos3"])
@pytest.mark.parametrize("padding", ["zero", "reflection"])
@pytest.mark.parametrize("kernels", [(3, 3, 3), (7, 5, 3), (3, 5, 7)])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (33, 65)])
def test_any_size(downsampling, padding, kernels, size):
    settings = {**SMALL, "kernel_down": kernels, "kernel_up": kernels[::-1], "kernel_skip": 3}
    network = Skip(2, 3, **settings, downsampling=downsampling, padding=padding)
    output = SizeKeeping(network, network.multiple, network.minimum)(noise(1, 2, *size).float())
    assert output.shape == (1, 3, *size)
    assert ((output > 0) & (output < 1)).all()


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("activation", ["leaky_relu", "relu", "swish", "elu", "none"])
@pytest.mark.parametrize("channels", [1, 3, 7])
def test_any_activation_norm_and_channels(norm, activation, channels):
    network = Skip(channels, channels, **SMALL, norm=norm, activation=activation)
    output = network(noise(1, channels, 16, 24).float())
    assert output.shape == (1, channels, 16, 24)
    assert ((output > 0) & (output < 1)).all()


def test_a_thin_tall_picture():
    network = Skip(1, 3, **SMALL)
    output = SizeKeeping(network, network.multiple, network.minimum)(noise(1, 1, 5000, 3).float())
    assert output.shape == (1, 3, 5000, 3)


def test_minimum_is_what_the_coarsest_reflection_needs():
    assert (Skip(1, 1, **PAPER).multiple, Skip(1, 1, **PAPER).minimum) == (32, 64)
    wide = Skip(1, 1, **{**SMALL, "kernel_down": (3, 3, 7)})
    assert (wide.multiple, wide.minimum) == (8, 32)
    wide(torch.rand(1, 1, 32, 32))
    with pytest.raises(RuntimeError):
        wide(torch.rand(1, 1, 24, 24))


@pytest.mark.parametrize(
    ("wide", "minimum"),
    [
        ({"kernel_up": (11,)}, 6),
        ({"kernel_skip": 11}, 6),
        ({"kernel_skip": 11, "skip": (0,)}, 4),
        ({"kernel_down": (11,)}, 12),
    ],
    ids=str,
)
def test_minimum_allows_for_every_kernel(wide, minimum):
    one_scale = {name: values[:1] for name, values in SMALL.items()}
    network = Skip(2, 3, **{**one_scale, **wide})
    assert (network.multiple, network.minimum) == (2, minimum)
    assert SizeKeeping(network, 2, minimum)(torch.rand(1, 2, 1, 1)).shape == (1, 3, 1, 1)


def test_gradient_reaches_every_weight():
    network = make(SMALL)
    network(noise(1, 3, 16, 16)).square().sum().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        # A norm removes the mean, and so the bias of the convolution before it.
        assert weight.grad.abs().max() > 0 or name.endswith("bias"), name


def test_evaluation_mode_changes_nothing():
    network, image = make(SMALL), noise(1, 3, 16, 16)
    assert torch.equal(network(image), network.eval()(image))


@pytest.mark.parametrize("downsampling", ["stride", "lanczos3"])
def test_float32_agrees_with_float64(downsampling):
    network, image = make({**SMALL, "downsampling": downsampling}), noise(1, 3, 32, 32)
    exact = network(image)
    torch.testing.assert_close(network.float()(image.float()).double(), exact, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "choices"),
    [
        ({"downsampling": "mean"}, parts.Downsampling),
        ({"upsampling": ("cubic",) * 3}, parts.Upsampling),
        ({"padding": "wrap"}, parts.Padding),
        ({"activation": "gelu"}, parts.Activation),
        ({"norm": "layer"}, parts.Norm),
    ],
    ids=str,
)
def test_unknown_name_lists_the_known_ones(wrong, choices):
    with pytest.raises(ValueError, match="unknown") as error:
        Skip(3, 3, **{**SMALL, **wrong})
    assert all(choice in str(error.value) for choice in choices.__args__)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"skip": (4, 4)}, "'skip': 2"),
        (dict.fromkeys(SMALL, ()), "one entry for each scale"),
        ({"kernel_down": (3, 4, 3)}, "even"),
    ],
    ids=str,
)
def test_wrong_settings(wrong, message):
    with pytest.raises(ValueError, match=message):
        Skip(3, 3, **{**SMALL, **wrong})
