"""Building blocks of the networks: convolution, normalisation, activation, resampling, padding.

All are for pictures (`axes` 2: H, W) and for volumes (3: D, H, W).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from torch import Tensor, nn
from torch.nn import functional as F

from untrained.numerics.lanczos import LanczosDownsample

Padding = Literal["zero", "reflection"]
Pooling = Literal["average", "max", "lanczos2", "lanczos3"]
Downsampling = Literal["stride", Pooling]
Upsampling = Literal["nearest", "bilinear"]
Activation = Literal["leaky_relu", "relu", "swish", "elu", "none"]
Norm = Literal["batch", "instance", "none"]

_CONVOLUTIONS: dict[int, Callable[..., nn.Module]] = {2: nn.Conv2d, 3: nn.Conv3d}
_BATCH_NORMS: dict[int, Callable[..., nn.Module]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_INSTANCE_NORMS: dict[int, Callable[..., nn.Module]] = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
_LINEAR = {2: "bilinear", 3: "trilinear"}

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


def norm(name: Norm, channels: int, axes: int = 2) -> nn.Module:
    """Make the normalisation called `name` for `channels` channels.

    Both always use the statistics of the picture at hand: a network fitted to one picture is never
    put in evaluation mode, so batch norm keeps no running averages. It has a learnt scale and
    shift, instance norm has none (PyTorch's defaults, and the authors' choice in their U-Net).
    """
    makers: dict[str, Callable[[], nn.Module]] = {
        "batch": lambda: _BATCH_NORMS[axes](channels, track_running_stats=False),
        "instance": lambda: _INSTANCE_NORMS[axes](channels),
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
    axes: int = 2,
) -> nn.Module:
    """Make a convolution that keeps the size, or halves it if `downsampling` is given.

    Raises
    ------
    ValueError
        If `kernel` is even, or `padding` or `downsampling` is not a known name.
    """
    if kernel % 2 == 0:
        raise ValueError(f"kernel size {kernel} is even: give an odd one, which keeps the size")
    known(padding, get_args(Padding), "padding")
    layer = _CONVOLUTIONS[axes](
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
    return nn.Sequential(layer, downsample(downsampling, axes))


def downsample(name: Pooling, axes: int = 2) -> nn.Module:
    """Make a parameter-free layer that halves the size."""
    makers: dict[str, Callable[[], nn.Module]] = {
        "average": lambda: nn.AvgPool2d(2) if axes == 2 else nn.AvgPool3d(2),
        "max": lambda: nn.MaxPool2d(2) if axes == 2 else nn.MaxPool3d(2),
        "lanczos2": lambda: LanczosDownsample(2, 2),
        "lanczos3": lambda: LanczosDownsample(2, 3),
    }
    return _make(makers, name, "downsampling")


def upsample(name: Upsampling, size: tuple[int, int] | None = None, axes: int = 2) -> nn.Module:
    """Make a layer that doubles the size, or changes it to `size` (height, width) if given.

    Bilinear, in volumes trilinear, uses ``align_corners=False``: the modern default. PyTorch's
    default was True when the paper was written (see docs/deviations.md).
    """
    factor = 2 if size is None else None
    makers: dict[str, Callable[[], nn.Module]] = {
        "nearest": lambda: nn.Upsample(size, factor, mode="nearest"),
        "bilinear": lambda: nn.Upsample(size, factor, mode=_LINEAR[axes], align_corners=False),
    }
    return _make(makers, name, "upsampling")


class SizeKeeping(nn.Module):
    """Let a network that needs sides divisible by `multiple` take any size.

    The input is padded by replication at the far ends to the next multiple that is at least
    `minimum`, and the output is cropped back: ``(N, C, [D,] H, W)`` to ``(N, C', [D,] H, W)`` for
    any D, H, W >= 1. No pixel of the picture is dropped.

    Parameters
    ----------
    network
        A module that keeps the height and width of its input.
    multiple, minimum
        Divisor of each side, and the shortest side that works: the attributes of these names of
        `Skip`, `UNet` and `ResNet`.
    """

    def __init__(self, network: nn.Module, multiple: int, minimum: int) -> None:
        super().__init__()
        self.network = network
        self.multiple = multiple
        self.minimum = minimum

    def forward(self, image: Tensor) -> Tensor:
        """Run the network on ``(N, C, [D,] H, W)`` padded, and crop its output to that size."""
        sides = image.shape[2:]
        missing = [self._missing(side) for side in sides]
        if any(missing):
            pads = [pad for end in reversed(missing) for pad in (0, end)]
            image = F.pad(image, pads, mode="replicate")
        output: Tensor = self.network(image)
        inside: tuple[Any, ...] = (..., *(slice(side) for side in sides))
        return output[inside]

    def _missing(self, side: int) -> int:
        return -(-max(side, self.minimum) // self.multiple) * self.multiple - side


class Folded(nn.Module):
    """Let a network work on blocks of pixels as channels, at a fraction of the resolution.

    Space-to-depth before it and sub-pixel shuffling after it (Shi et al. 2016): ``(N, C, H, W)`` to
    ``(N, C', H, W)`` by a network from ``(N, ffC, H / f, W / f)`` to ``(N, ffC', H / f, W / f)``;
    of volumes, blocks of f^3.

    Parameters
    ----------
    network
        The network, made for f^2 (f^3) times the channels.
    factor
        f; all sides must be divisible by it.
    """

    def __init__(self, network: nn.Module, factor: int) -> None:
        super().__init__()
        self.network = network
        self.factor = factor

    def forward(self, image: Tensor) -> Tensor:
        """Fold, run the network, unfold."""
        return pixel_shuffle(self.network(pixel_unshuffle(image, self.factor)), self.factor)


def pixel_shuffle(image: Tensor, factor: int) -> Tensor:
    """Lay channels out as blocks of pixels: ``(N, ffC, H, W)`` to ``(N, C, fH, fW)``, and in 3-D.

    As `torch.nn.functional.pixel_shuffle`, for any number of axes.
    """
    if image.ndim == 4:
        return F.pixel_shuffle(image, factor)
    axes = image.ndim - 2
    split = image.unflatten(1, (-1, *(factor,) * axes))
    # (N, C, f, f, f, D, H, W): each side is followed by its place within the block.
    order = [place for axis in range(axes) for place in (2 + axes + axis, 2 + axis)]
    sides = [factor * side for side in image.shape[2:]]
    larger: Tensor = split.permute(0, 1, *order).reshape(*split.shape[:2], *sides)
    return larger


def interleave(image: Tensor) -> Tensor:
    """Lay parts of the channels out as blocks of 2 pixels: ``(N, 4 C, H, W)``, and in 3-D.

    As `pixel_shuffle` by 2, but with another order of the channels: all of the first pixel of a
    block, then all of the second. Channels that lie last in memory are moved as they lie.
    """
    axes, sides = image.ndim - 2, image.shape[2:]
    last = image.movedim(1, -1).unflatten(-1, (*(2,) * axes, -1))
    # (N, D, H, W, 2, 2, 2, C): each side is followed by its place within the block.
    order = [place for axis in range(axes) for place in (1 + axis, 1 + axes + axis)]
    moved = last.permute(0, *order, 1 + 2 * axes)
    larger: Tensor = moved.reshape(len(image), *(2 * side for side in sides), -1)
    return larger.movedim(-1, 1)


def pixel_unshuffle(image: Tensor, factor: int) -> Tensor:
    """Undo `pixel_shuffle`."""
    if image.ndim == 4:
        return F.pixel_unshuffle(image, factor)
    axes = image.ndim - 2
    sides = [size for side in image.shape[2:] for size in (side // factor, factor)]
    blocks = image.reshape(*image.shape[:2], *sides)
    places, within = range(2, 2 + 2 * axes, 2), range(3, 3 + 2 * axes, 2)
    return blocks.permute(0, 1, *within, *places).flatten(1, 1 + axes)


def crop_to_smallest(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Crop ``(N, C, [D,] H, W)`` tensors about their centres to their smallest sides."""
    smallest = [min(sides) for sides in zip(*(t.shape[2:] for t in tensors), strict=True)]
    return [_centre(t, smallest) for t in tensors]


def _centre(tensor: Tensor, sides: Sequence[int]) -> Tensor:
    starts = [(has - side) // 2 for has, side in zip(tensor.shape[2:], sides, strict=True)]
    spans = [slice(start, start + side) for start, side in zip(starts, sides, strict=True)]
    within: tuple[Any, ...] = (..., *spans)
    return tensor[within]


def _make(makers: dict[str, Callable[[], nn.Module]], name: str, what: str) -> nn.Module:
    known(name, tuple(makers), what)
    return makers[name]()


def known(name: str, choices: tuple[str, ...], what: str) -> None:
    """Raise a ValueError that lists `choices` unless `name`, a name of a `what`, is one."""
    if name not in choices:
        raise ValueError(f"unknown {what} {name!r}: choose from {', '.join(choices)}")
