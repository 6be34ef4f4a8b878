"""Settings of the networks."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from untrained.recipes.registry import Kinds
from untrained.recipes.settings import Count, Settings, Switch, Whole

_MOST_WEIGHTS = 2**27
"""Half a gigabyte of weights, two with their gradients and averages."""

Channels = Annotated[Count, Field(le=4096)]
Side = Annotated[Count, Field(le=63)]
PerScale = Annotated[tuple[Channels, ...], Field(max_length=16)]
Sides = Annotated[tuple[Side, ...], Field(max_length=16)]
UpsamplingName = Literal["nearest", "bilinear"]
PaddingName = Literal["zero", "reflection"]


class NetworkSettings(Settings):
    """Base of the settings of all networks; each has a default `kind` of its own."""

    kind: str

    def weights(self) -> int:
        """About how many weights a network for pictures will have; 0 where that is not known."""
        return 0

    @model_validator(mode="after")
    def _can_be_built(self) -> "NetworkSettings":
        if self.weights() > _MOST_WEIGHTS:
            raise ValueError(
                f"a network of about {self.weights():,} weights is too large: at most "
                f"{_MOST_WEIGHTS:,}, give fewer channels"
            )
        return self


network_settings: Kinds[NetworkSettings] = Kinds("network")
"""Registers settings of a network: ``@network_settings`` above their class."""


@network_settings
class SkipNetwork(NetworkSettings):
    """The paper's hourglass with skip connections (Ulyanov et al. 2018)."""

    kind: Literal["skip"] = "skip"
    channels: PerScale = (128,) * 5
    """Channels of encoder and decoder at each scale, finest first."""
    skip: Annotated[tuple[Whole, ...], Field(max_length=16)] = (4,) * 5
    """Channels passed across at each scale; 0 passes none."""
    kernel_down: Sides = (3,) * 5
    """Filter size of the encoder at each scale."""
    kernel_up: Sides = (3,) * 5
    """Filter size of the decoder at each scale."""
    kernel_skip: Side = 1
    """Filter size of the skip branches."""
    downsampling: Literal["stride", "average", "max", "lanczos2", "lanczos3"] = "stride"
    upsampling: Annotated[tuple[UpsamplingName, ...], Field(max_length=16)] = ("bilinear",) * 5
    """How the decoder doubles the size, at each scale."""
    padding: PaddingName = "reflection"
    activation: Literal["leaky_relu", "relu", "swish", "elu", "none"] = "leaky_relu"
    mix: Switch = True
    """Whether a 1x1 convolution follows each decoder convolution."""
    subpixel: Switch = False
    """Whether the decoder convolves the coarser features before it enlarges them.

    Sub-pixel convolution (Shi et al. 2016) with filters that follow from those for the enlarged
    map: cheaper, and the same but for the border and for where the features are normalised.
    """
    fold: Annotated[Count, Field(le=16)] = 1
    """Side of the blocks of pixels that become channels before the network, and pixels after it.

    Space-to-depth and its inverse, sub-pixel shuffling (Shi et al. 2016): with 2 the finest scale
    costs a quarter.
    """

    @model_validator(mode="after")
    def _consistent(self) -> "SkipNetwork":
        lengths = {
            "channels": len(self.channels),
            "skip": len(self.skip),
            "kernel_down": len(self.kernel_down),
            "kernel_up": len(self.kernel_up),
            "upsampling": len(self.upsampling),
        }
        if len(set(lengths.values())) != 1 or not self.channels:
            raise ValueError(f"one entry for each scale is needed everywhere, not {lengths}")
        kernels = (*self.kernel_down, *self.kernel_up, self.kernel_skip)
        if even := [k for k in kernels if k % 2 == 0]:
            raise ValueError(f"filter sizes must be odd, not {even[0]}")
        if min(self.skip) < 0:
            raise ValueError(f"skip channels cannot be negative, as {min(self.skip)} is")
        return self

    def weights(self) -> int:
        """Two convolutions at each scale of the encoder, one and a mix of the decoder."""
        found = 0
        for level, (own, down, up) in enumerate(
            zip(self.channels, self.kernel_down, self.kernel_up, strict=False)
        ):
            above = self.channels[level - 1] if level else 0
            across = self.skip[level] if level < len(self.skip) else 0
            found += own * (own + above) * down**2 + own * (2 * own + across) * up**2
            found += across * (own + above) * self.kernel_skip**2
        return found


@network_settings
class UNetNetwork(NetworkSettings):
    """The U-Net of the paper's architecture study."""

    kind: Literal["unet"] = "unet"
    channels: PerScale = (16, 32, 64, 128, 256)
    """Channels at each scale, finest first."""
    concat_input: Switch = False
    """Whether the reduced input joins every scale of the encoder."""
    upsampling: Literal["deconv", "nearest", "bilinear"] = "deconv"
    norm: Literal["batch", "instance", "none"] = "instance"
    padding: PaddingName = "zero"

    def weights(self) -> int:
        """Four convolutions of 3x3 at each scale, to and from the next."""
        pairs = zip(self.channels, self.channels[1:] or self.channels, strict=False)
        return sum(36 * (own + below) * own for own, below in pairs)


@network_settings
class ResNetNetwork(NetworkSettings):
    """The residual network of the paper's architecture study, at full resolution throughout."""

    kind: Literal["resnet"] = "resnet"
    blocks: Annotated[Count, Field(le=256)] = 8
    channels: Channels = 32
    activation: Literal["leaky_relu", "relu", "swish", "elu", "none"] = "leaky_relu"
    norm: Literal["batch", "instance", "none"] = "batch"
    padding: PaddingName = "reflection"

    def weights(self) -> int:
        """Two convolutions of 3x3 in each block."""
        return 18 * self.blocks * self.channels**2


@network_settings
class DecoderNetwork(NetworkSettings):
    """The under-parameterised deep decoder (Heckel and Hand 2019) or conv decoder (2021)."""

    kind: Literal["decoder"] = "decoder"
    channels: PerScale = (128,) * 6
    """Channels of each layer, coarsest first."""
    convolutions: Switch = False
    """3x3 convolutions (ConvDecoder) in place of 1x1 (Deep Decoder)."""

    def weights(self) -> int:
        """A convolution for each layer."""
        area = 9 if self.convolutions else 1
        return sum(area * wide**2 for wide in self.channels)


@network_settings
class PixelNetwork(NetworkSettings):
    """No network: every sample of the picture is a weight, for hand-crafted penalties."""

    kind: Literal["pixels"] = "pixels"
    from_input: Switch = False
    """Whether they begin at the first channels of the input (a guide) and not at mid-grey."""


Network = Annotated[NetworkSettings, network_settings]
