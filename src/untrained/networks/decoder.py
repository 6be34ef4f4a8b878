"""Networks without an encoder: a small fixed input grows to the picture's size."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from untrained.networks import layers

Size = tuple[int, int]


class DeepDecoder(nn.Module):
    """The Deep Decoder of Heckel and Hand 2019 (arXiv:1810.03982): all filters are 1x1.

    Maps ``(N, channels_in, *latent_size)`` to ``(N, channels_out, *size)`` in (0, 1), for any size
    from 1x1. Each layer mixes the channels, doubles the size (all but the last layer), applies the
    activation and normalises.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the picture.
    size
        Height and width of the picture.
    channels
        Channels of each layer, coarsest first. The default is that of the authors' code; few
        channels make the network an image code shorter than the image.
    upsampling, activation, norm
        Names listed in `layers`.

    Attributes
    ----------
    latent_size
        Height and width that the input must have: each side of `size` halved, rounding up, once for
        each layer but the last, and no less than 2.

    Raises
    ------
    ValueError
        If `channels` is empty, a side of `size` is below one, or a name is unknown.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        size: Size,
        channels: Sequence[int] = (128,) * 6,
        upsampling: layers.Upsampling = "bilinear",
        activation: layers.Activation = "relu",
        norm: layers.Norm = "batch",
    ) -> None:
        super().__init__()
        _check(size, channels)
        self.size = size
        sizes = [_halved(size, times) for times in reversed(range(len(channels)))]
        self.latent_size = sizes[0]
        body: list[nn.Module] = []
        for (inside, outside), larger in zip(
            pairwise((channels_in, *channels)), (*sizes[1:], None), strict=True
        ):
            body.append(nn.Conv2d(inside, outside, 1, bias=False))
            if larger is not None:
                body += [layers.upsample(upsampling), Crop(larger)]
            body += [layers.activation(activation), layers.norm(norm, outside)]
        self.body = nn.Sequential(*body)
        self.head = _head(channels[-1], channels_out, size)

    def forward(self, latent: Tensor) -> Tensor:
        """Map ``(N, channels_in, *latent_size)`` to ``(N, channels_out, *size)`` in (0, 1).

        Raises
        ------
        ValueError
            If the input's height and width are not `latent_size`.
        """
        _check_latent(latent, self.latent_size)
        output: Tensor = self.head(self.body(latent))
        return output


class ConvDecoder(nn.Module):
    """The ConvDecoder of Darestani and Heckel 2021 (arXiv:2007.02471): 3x3 filters.

    Maps ``(N, channels_in, *latent_size)`` to ``(N, channels_out, *size)`` in (0, 1), for any size
    from 1x1. Each layer resizes the features (all but the last layer), convolves, applies the
    activation and normalises; sizes grow by a constant ratio.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the picture.
    size
        Height and width of the picture.
    channels
        Channels of each layer, coarsest first; this default and the next are those of the authors'
        code.
    latent_size
        Height and width of the input; a side longer than the picture's is shortened to it.
    upsampling, padding, activation, norm
        Names listed in `layers`.

    Attributes
    ----------
    latent_size
        Height and width that the input must have, no less than 2.

    Raises
    ------
    ValueError
        If `channels` has fewer than two entries, a side of `size` or `latent_size` is below one, or
        a name is unknown.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        size: Size,
        channels: Sequence[int] = (64,) * 6,
        latent_size: Size = (16, 16),
        upsampling: layers.Upsampling = "nearest",
        padding: layers.Padding = "zero",
        activation: layers.Activation = "relu",
        norm: layers.Norm = "batch",
    ) -> None:
        super().__init__()
        _check(size, channels, layers_needed=2)
        _check(latent_size, channels)
        self.size = size
        sizes = _growing(latent_size, size, len(channels) - 1)
        self.latent_size = sizes[0]
        body: list[nn.Module] = []
        for (inside, outside), larger in zip(
            pairwise((channels_in, *channels)), (*sizes[1:], None), strict=True
        ):
            if larger is not None:
                body.append(layers.upsample(upsampling, larger))
            body.append(layers.conv(inside, outside, 3, padding=padding, bias=False))
            body += [layers.activation(activation), layers.norm(norm, outside)]
        self.body = nn.Sequential(*body)
        self.head = _head(channels[-1], channels_out, size)

    def forward(self, latent: Tensor) -> Tensor:
        """Map ``(N, channels_in, *latent_size)`` to ``(N, channels_out, *size)`` in (0, 1).

        Raises
        ------
        ValueError
            If the input's height and width are not `latent_size`.
        """
        _check_latent(latent, self.latent_size)
        output: Tensor = self.head(self.body(latent))
        return output


class Crop(nn.Module):
    """Keep the top left corner of the given height and width."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size

    def forward(self, image: Tensor) -> Tensor:
        """Crop ``(N, C, H, W)`` to ``(N, C, *size)``."""
        height, width = self.size
        return image[..., :height, :width]


def _head(channels_in: int, channels_out: int, size: Size) -> nn.Sequential:
    return nn.Sequential(
        Crop(size), nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.Sigmoid()
    )


# Features have at least two pixels a side, even for a picture of one pixel: normalisation and
# reflection need them. The head crops.
def _halved(size: Size, times: int) -> Size:
    height, width = (max(2, -(-side // 2**times)) for side in size)
    return height, width


def _growing(start: Size, end: Size, steps: int) -> list[Size]:
    heights, widths = (_sides(min(a, b), b, steps) for a, b in zip(start, end, strict=True))
    return list(zip(heights, widths, strict=True))


def _sides(start: int, end: int, steps: int) -> list[int]:
    ratio = end / start
    # Slightly less than the power: rounding must not lift an exact integer to the next one.
    grown = (math.ceil(start * ratio ** (n / steps) - 1e-9) for n in range(steps))
    return [max(2, side) for side in (*grown, end)]


def _check(size: Size, channels: Sequence[int], layers_needed: int = 1) -> None:
    if min(size) < 1:
        raise ValueError(f"size {size} must be at least one pixel high and wide")
    if len(channels) < layers_needed:
        raise ValueError(f"channels {tuple(channels)} must have {layers_needed} entries or more")


def _check_latent(latent: Tensor, size: Size) -> None:
    if latent.shape[-2:] != size:
        raise ValueError(f"the input is {tuple(latent.shape[-2:])}, but latent_size is {size}")
