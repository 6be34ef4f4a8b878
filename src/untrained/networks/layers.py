"""Building blocks of the networks: convolution, normalisation, activation, resampling, padding."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from untrained.lanczos import LanczosDownsample

Padding = Literal["zero", "reflection"]
Pooling = Literal["average", "max", "lanczos2", "lanczos3"]
Downsampling = Literal["stride", Pooling]
Upsampling = Literal["nearest", "bilinear"]
Activation = Literal["leaky_relu", "relu", "swish", "elu", "none"]
Norm = Literal["batch", "instance", "none"]

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "relu": nn.ReLU,
    "swish": nn.SiLU,
    "elu": nn.ELU,
    "none": nn.Identity,
}


def activation(name: Activation) -> nn.Module:
    """Make the activation called `name`."""
    return _make(_ACTIVATIONS, name, "activation")


def norm(name: Norm, channels: int) -> nn.Module:
    """Make the normalisation called `name` for `channels` channels.

    Both always use the statistics of the picture at hand: a network fitted to one picture is never
    put in evaluation mode, so batch norm keeps no running averages. It has a learnt scale and
    shift, instance norm has none (PyTorch's defaults, and the authors' choice in their U-Net).
    """
    makers: dict[str, Callable[[], nn.Module]] = {
        "batch": lambda: nn.BatchNorm2d(channels, track_running_stats=False),
        "instance": lambda: nn.InstanceNorm2d(channels),
        "none": nn.Identity,
    }
    return _make(makers, name, "norm")


def conv(
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    padding: Padding = "reflection",
    downsampling: Downsampling | None = None,
    bias: bool = True,
) -> nn.Module:
    """Make a size-keeping convolution, halving the size when `downsampling` is given.

    Raises
    ------
    ValueError
        If `kernel` is even, or `padding` or `downsampling` is not a known name.
    """
    if kernel % 2 == 0:
        raise ValueError(f"kernel size {kernel} is even: an odd one keeps the picture's size")
    known(padding, get_args(Padding), "padding")
    layer = nn.Conv2d(
        channels_in,
        channels_out,
        kernel,
        stride=2 if downsampling == "stride" else 1,
        padding=kernel // 2,
        padding_mode="reflect" if padding == "reflection" else "zeros",
        bias=bias,
    )
    if downsampling is None or downsampling == "stride":
        return layer
    known(downsampling, get_args(Downsampling), "downsampling")
    return nn.Sequential(layer, downsample(downsampling))


def downsample(name: Pooling) -> nn.Module:
    """Make a parameter-free layer that halves the size."""
    makers: dict[str, Callable[[], nn.Module]] = {
        "average": lambda: nn.AvgPool2d(2),
        "max": lambda: nn.MaxPool2d(2),
        "lanczos2": lambda: LanczosDownsample(2, 2),
        "lanczos3": lambda: LanczosDownsample(2, 3),
    }
    return _make(makers, name, "downsampling")


def upsample(name: Upsampling, size: tuple[int, int] | None = None) -> nn.Module:
    """Make a layer that doubles the size, or brings it to `size` (height, width) when given.

    Bilinear uses ``align_corners=False``: the modern default. PyTorch's default was True when the
    paper was written (see docs/deviations.md).
    """
    factor = 2 if size is None else None
    makers: dict[str, Callable[[], nn.Module]] = {
        "nearest": lambda: nn.Upsample(size, factor, mode="nearest"),
        "bilinear": lambda: nn.Upsample(size, factor, mode="bilinear", align_corners=False),
    }
    return _make(makers, name, "upsampling")


class SizeKeeping(nn.Module):
    """Let a network that needs sides divisible by `multiple` take any size.

    The input is padded by replication at the right and bottom to the next multiple that is at least
    `minimum`, and the output is cropped back: ``(N, C, H, W)`` to ``(N, C', H, W)`` for any
    H, W >= 1. No pixel of the picture is dropped.

    Parameters
    ----------
    network
        A module that keeps the height and width of what it is given.
    multiple, minimum
        What each side must be divisible by, and the shortest side that works: the attributes of
        those names of `Skip`, `UNet` and `ResNet`.
    """

    def __init__(self, network: nn.Module, multiple: int, minimum: int) -> None:
        super().__init__()
        self.network = network
        self.multiple = multiple
        self.minimum = minimum

    def forward(self, image: Tensor) -> Tensor:
        """Run the network on ``(N, C, H, W)`` padded, and crop its output to H, W."""
        height, width = image.shape[-2:]
        bottom, right = self._missing(height), self._missing(width)
        if bottom or right:
            image = F.pad(image, (0, right, 0, bottom), mode="replicate")
        output: Tensor = self.network(image)
        return output[..., :height, :width]

    def _missing(self, side: int) -> int:
        return -(-max(side, self.minimum) // self.multiple) * self.multiple - side


class Folded(nn.Module):
    """Let a network work on blocks of pixels as channels, at a fraction of the resolution.

    Space-to-depth before it and sub-pixel shuffling after it (Shi et al. 2016): ``(N, C, H, W)`` to
    ``(N, C', H, W)`` by a network from ``(N, ffC, H / f, W / f)`` to ``(N, ffC', H / f, W / f)``.

    Parameters
    ----------
    network
        The network, made for f^2 times the channels.
    factor
        f; H and W must be divisible by it.
    """

    def __init__(self, network: nn.Module, factor: int) -> None:
        super().__init__()
        self.network = network
        self.factor = factor

    def forward(self, image: Tensor) -> Tensor:
        """Fold, run the network, unfold."""
        return F.pixel_shuffle(self.network(F.pixel_unshuffle(image, self.factor)), self.factor)


def crop_to_smallest(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Crop ``(N, C, H, W)`` tensors about their centres to their smallest height and width."""
    height = min(t.shape[-2] for t in tensors)
    width = min(t.shape[-1] for t in tensors)
    return [_centre(t, height, width) for t in tensors]


def _centre(tensor: Tensor, height: int, width: int) -> Tensor:
    top, left = (tensor.shape[-2] - height) // 2, (tensor.shape[-1] - width) // 2
    return tensor[..., top : top + height, left : left + width]


def _make(makers: dict[str, Callable[[], nn.Module]], name: str, what: str) -> nn.Module:
    known(name, tuple(makers), what)
    return makers[name]()


def known(name: str, choices: tuple[str, ...], what: str) -> None:
    """Raise a ValueError that lists `choices` unless `name`, a kind of `what`, is one of them."""
    if name not in choices:
        raise ValueError(f"unknown {what} {name!r}: choose from {', '.join(choices)}")
