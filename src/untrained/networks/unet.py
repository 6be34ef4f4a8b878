"""The U-Net of the Deep Image Prior authors' code, after Ronneberger et al. 2015."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from untrained.networks import layers

Upsampling = Literal["deconv", layers.Upsampling]


class UNet(nn.Module):
    """Encoder-decoder that passes every scale across in full.

    Maps ``(N, channels_in, H, W)`` to ``(N, channels_out, H, W)`` in (0, 1) for H and W divisible
    by `multiple` and at least `minimum`; wrap it in `layers.SizeKeeping` for other sizes. The
    structure is that of Ronneberger et al. 2015 (arXiv:1505.04597), as varied in the code of
    Ulyanov et al. 2018 (arXiv:1711.10925).

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the picture.
    channels
        Channels of each scale, finest first. The default is the authors' with their
        ``feature_scale=4``; their ``more_layers`` repeats the last entry that many times.
    concat_input
        Whether each scale of the encoder gets the input again, reduced to its size (``concat_x`` in
        the authors' code).
    upsampling
        ``deconv`` for a transposed 4x4 convolution, or a name listed in `layers`, then followed by
        a 3x3 convolution.
    padding, norm
        Names listed in `layers`; only the encoder is normalised.

    Attributes
    ----------
    multiple
        Two to the number of times the size is halved.
    minimum
        Shortest side that leaves two pixels at the coarsest scale.

    Raises
    ------
    ValueError
        If `channels` is empty, has no room for the input that `concat_input` adds, or a name is
        unknown.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        channels: Sequence[int] = (16, 32, 64, 128, 256),
        concat_input: bool = False,
        upsampling: Upsampling = "deconv",
        padding: layers.Padding = "zero",
        norm: layers.Norm = "instance",
    ) -> None:
        super().__init__()
        given = channels_in if concat_input else 0
        if not channels or min(channels) <= given:
            raise ValueError(
                f"channels {tuple(channels)}: give one number or more, each above the {given} "
                "channels of the repeated input"
            )
        self.multiple = 2 ** (len(channels) - 1)
        self.minimum = 2 * self.multiple
        self.concat_input = concat_input
        above = (channels_in, *channels[:-1])
        self.encode = nn.ModuleList(
            _convolve_twice(inside, outside - given, padding, norm)
            for inside, outside in zip(above, channels, strict=True)
        )
        self.decode = nn.ModuleList(
            Up(channels[i + 1], channels[i], upsampling, padding)
            for i in reversed(range(len(channels) - 1))
        )
        self.head = nn.Sequential(nn.Conv2d(channels[0], channels_out, 1), nn.Sigmoid())

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels_out, H, W)`` in (0, 1)."""
        *passed, features = self._encode(image)
        for up, across in zip(self.decode, reversed(passed), strict=True):
            features = up(features, across)
        output: Tensor = self.head(features)
        return output

    def _encode(self, image: Tensor) -> list[Tensor]:
        encoded: list[Tensor] = []
        features = image
        for encode in self.encode:
            if encoded:
                features, image = F.max_pool2d(encoded[-1], 2), F.avg_pool2d(image, 2)
            features = encode(features)
            if self.concat_input:
                features = torch.cat([features, image], dim=1)
            encoded.append(features)
        return encoded


class Up(nn.Module):
    """Double the size, join the features passed across, convolve twice without normalisation."""

    def __init__(
        self, channels_in: int, channels_out: int, upsampling: Upsampling, padding: layers.Padding
    ) -> None:
        super().__init__()
        self.upsample = _upsample(channels_in, channels_out, upsampling, padding)
        self.convolve = _convolve_twice(2 * channels_out, channels_out, padding, "none")

    def forward(self, low: Tensor, across: Tensor) -> Tensor:
        """Map ``(N, channels_in, h, w)`` and ``(N, channels_out, 2h, 2w)`` to the latter shape."""
        joined = torch.cat(layers.crop_to_smallest([self.upsample(low), across]), dim=1)
        features: Tensor = self.convolve(joined)
        return features


def _upsample(
    channels_in: int, channels_out: int, upsampling: Upsampling, padding: layers.Padding
) -> nn.Module:
    layers.known(upsampling, get_args(Upsampling), "upsampling")
    if upsampling == "deconv":
        return nn.ConvTranspose2d(channels_in, channels_out, 4, stride=2, padding=1)
    return nn.Sequential(
        layers.upsample(upsampling), layers.conv(channels_in, channels_out, 3, padding=padding)
    )


def _convolve_twice(
    channels_in: int, channels_out: int, padding: layers.Padding, norm: layers.Norm
) -> nn.Sequential:
    return nn.Sequential(
        layers.conv(channels_in, channels_out, 3, padding=padding),
        layers.norm(norm, channels_out),
        layers.activation("relu"),
        layers.conv(channels_out, channels_out, 3, padding=padding),
        layers.norm(norm, channels_out),
        layers.activation("relu"),
    )
