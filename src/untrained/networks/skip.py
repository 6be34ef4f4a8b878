"""The hourglass with skips of Deep Image Prior (Ulyanov et al. 2018, supplement, fig. 21)."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from untrained.networks import layers
from untrained.networks.subpixel import SubpixelConv, SubpixelScale, draw_as_joined


class Skip(nn.Module):
    """Encoder-decoder whose every scale passes a few channels across (arXiv:1711.10925).

    Maps ``(N, channels_in, [D,] H, W)`` to ``(N, channels_out, [D,] H, W)`` in (0, 1) for sides
    divisible by `multiple` and at least `minimum`; wrap it in `layers.SizeKeeping` for others.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the picture.
    down, up, skip
        Channels of the encoder, the decoder and the skip branch at each scale, finest first; a skip
        of 0 leaves that branch out.
    kernel_down, kernel_up
        Filter size, odd, of the encoder and the decoder at each scale.
    kernel_skip
        Filter size, odd, of the skip branches.
    upsampling
        Upsampling of each scale, a name listed in `layers` for each.
    downsampling, padding, activation, norm
        Names listed in `layers`.
    mix
        Whether a 1x1 convolution follows each decoder convolution (``need1x1_up`` in the authors'
        code).
    subpixel
        Whether the decoder convolves the features of the coarser scale before enlarging them:
        cheaper, and not quite the same (see `SubpixelScale`).
    axes
        2 for pictures, 3 for volumes: the axes of all filters and resampling.

    Attributes
    ----------
    multiple
        Two to the number of scales.
    minimum
        Shortest side with two pixels at every scale, for normalisation, and with more pixels than
        reflection adds.

    Raises
    ------
    ValueError
        If the per-scale settings differ in length, a filter size is even, or a name is unknown.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        down: Sequence[int],
        up: Sequence[int],
        skip: Sequence[int],
        kernel_down: Sequence[int],
        kernel_up: Sequence[int],
        upsampling: Sequence[layers.Upsampling],
        kernel_skip: int = 1,
        downsampling: layers.Downsampling = "stride",
        padding: layers.Padding = "reflection",
        activation: layers.Activation = "leaky_relu",
        norm: layers.Norm = "batch",
        mix: bool = True,
        subpixel: bool = False,
        axes: int = 2,
    ) -> None:
        super().__init__()
        _check_lengths(
            down=down,
            up=up,
            skip=skip,
            kernel_down=kernel_down,
            kernel_up=kernel_up,
            upsampling=upsampling,
        )
        self.multiple = 2 ** len(down)
        self.minimum = _minimum(kernel_down, kernel_up, kernel_skip if any(skip) else 1)
        block = partial(_block, padding=padding, activation=activation, norm=norm, axes=axes)
        body: nn.Module = nn.Identity()
        below = down[-1]
        for i in reversed(range(len(down))):
            above = channels_in if i == 0 else down[i - 1]
            encode = nn.Sequential(
                *block(above, down[i], kernel_down[i], downsampling=downsampling),
                *block(down[i], down[i], kernel_down[i]),
            )
            across = nn.Sequential(*block(above, skip[i], kernel_skip)) if skip[i] else None
            if subpixel:
                raised = SubpixelConv(below, up[i], kernel_up[i], upsampling[i], axes)
                raise_below = nn.Sequential(layers.norm(norm, below, axes), raised)
                if across is not None:
                    # The two are added, so the bias of `raised` is enough.
                    joined = layers.conv(
                        skip[i], up[i], kernel_up[i], padding=padding, bias=False, axes=axes
                    )
                    draw_as_joined(raised.conv, joined)
                    across.extend((layers.norm(norm, skip[i], axes), joined))
                first = [layers.norm(norm, up[i], axes), layers.activation(activation)]
            else:
                first = [
                    layers.norm(norm, skip[i] + below, axes),
                    *block(skip[i] + below, up[i], kernel_up[i]),
                ]
            decode = nn.Sequential(*first, *(block(up[i], up[i], 1) if mix else ()))
            body = (
                SubpixelScale(encode, body, raise_below, across, decode)
                if subpixel
                else Scale(encode, body, layers.upsample(upsampling[i], axes=axes), across, decode)
            )
            below = up[i]
        self.body = body
        self.head = nn.Sequential(
            layers.conv(up[0], channels_out, 1, padding="zero", axes=axes), nn.Sigmoid()
        )

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, channels_in, [D,] H, W)`` to ``(N, channels_out, [D,] H, W)`` in (0, 1)."""
        output: Tensor = self.head(self.body(image))
        return output


class Scale(nn.Module):
    """One scale of the hourglass: encode, go deeper, come back up, join the skip branch, decode."""

    def __init__(
        self,
        encode: nn.Module,
        deeper: nn.Module,
        upsample: nn.Module,
        across: nn.Module | None,
        decode: nn.Module,
    ) -> None:
        super().__init__()
        self.encode = encode
        self.deeper = deeper
        self.upsample = upsample
        self.across = across
        self.decode = decode

    def forward(self, image: Tensor) -> Tensor:
        """Map this scale's input to its decoded features, of the same height and width."""
        high: Tensor = self.upsample(self.deeper(self.encode(image)))
        if self.across is not None:
            high = torch.cat(layers.crop_to_smallest([self.across(image), high]), dim=1)
        decoded: Tensor = self.decode(high)
        return decoded


def _block(
    channels_in: int,
    channels_out: int,
    kernel: int,
    *,
    padding: layers.Padding,
    activation: layers.Activation,
    norm: layers.Norm,
    axes: int,
    downsampling: layers.Downsampling | None = None,
) -> list[nn.Module]:
    return [
        layers.conv(
            channels_in,
            channels_out,
            kernel,
            padding=padding,
            downsampling=downsampling,
            axes=axes,
        ),
        layers.norm(norm, channels_out, axes),
        layers.activation(activation),
    ]


def _minimum(kernel_down: Sequence[int], kernel_up: Sequence[int], kernel_skip: int) -> int:
    """Compute the shortest side that leaves every convolution enough pixels to reflect."""
    sides = [kernel_skip // 2 + 1]
    for i, (down, up) in enumerate(zip(kernel_down, kernel_up, strict=True)):
        coarse = max(2, down // 2 + 1)
        sides += [2 ** (i + 1) * coarse, 2**i * max(up // 2 + 1, kernel_skip // 2 + 1)]
    return max(sides)


def _check_lengths(**per_scale: Sequence[object]) -> None:
    lengths = {name: len(values) for name, values in per_scale.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise ValueError(
            f"these settings need one entry for each scale, but have {lengths} entries"
        )
