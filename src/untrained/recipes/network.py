"""Settings of the networks."""

from typing import Annotated, Literal

from pydantic import PositiveInt, model_validator

from untrained.recipes.registry import Kinds
from untrained.recipes.settings import Settings

PerScale = tuple[PositiveInt, ...]
UpsamplingName = Literal["nearest", "bilinear"]
PaddingName = Literal["zero", "reflection"]


class NetworkSettings(Settings):
    """Base of the settings of all networks; each has a default `kind` of its own."""

    kind: str


network_settings: Kinds[NetworkSettings] = Kinds("network")
"""Registers settings of a network: ``@network_settings`` above their class."""


@network_settings
class SkipNetwork(NetworkSettings):
    """The paper's hourglass with skip connections (Ulyanov et al. 2018)."""

    kind: Literal["skip"] = "skip"
    channels: PerScale = (128,) * 5
    """Channels of encoder and decoder at each scale, finest first."""
    skip: tuple[int, ...] = (4,) * 5
    """Channels passed across at each scale; 0 passes none."""
    kernel_down: PerScale = (3,) * 5
    """Filter size of the encoder at each scale."""
    kernel_up: PerScale = (3,) * 5
    """Filter size of the decoder at each scale."""
    kernel_skip: PositiveInt = 1
    """Filter size of the skip branches."""
    downsampling: Literal["stride", "average", "max", "lanczos2", "lanczos3"] = "stride"
    upsampling: tuple[UpsamplingName, ...] = ("bilinear",) * 5
    """How the decoder doubles the size, at each scale."""
    padding: PaddingName = "reflection"
    activation: Literal["leaky_relu", "relu", "swish", "elu", "none"] = "leaky_relu"
    mix: bool = True
    """Whether a 1x1 convolution follows each decoder convolution."""
    subpixel: bool = False
    """Whether the decoder convolves the coarser features before it enlarges them.

    Sub-pixel convolution (Shi et al. 2016) with filters that follow from those for the enlarged
    map: cheaper, and the same but for the border and for where the features are normalised.
    """
    fold: PositiveInt = 1
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


@network_settings
class UNetNetwork(NetworkSettings):
    """The U-Net of the paper's architecture study."""

    kind: Literal["unet"] = "unet"
    channels: PerScale = (16, 32, 64, 128, 256)
    """Channels at each scale, finest first."""
    concat_input: bool = False
    """Whether the reduced input joins every scale of the encoder."""
    upsampling: Literal["deconv", "nearest", "bilinear"] = "deconv"
    norm: Literal["batch", "instance", "none"] = "instance"
    padding: PaddingName = "zero"


@network_settings
class ResNetNetwork(NetworkSettings):
    """The residual network of the paper's architecture study, at full resolution throughout."""

    kind: Literal["resnet"] = "resnet"
    blocks: PositiveInt = 8
    channels: PositiveInt = 32
    activation: Literal["leaky_relu", "relu", "swish", "elu", "none"] = "leaky_relu"
    norm: Literal["batch", "instance", "none"] = "batch"
    padding: PaddingName = "reflection"


@network_settings
class DecoderNetwork(NetworkSettings):
    """The under-parameterised deep decoder (Heckel and Hand 2019) or conv decoder (2021)."""

    kind: Literal["decoder"] = "decoder"
    channels: PerScale = (128,) * 6
    """Channels of each layer, coarsest first."""
    convolutions: bool = False
    """3x3 convolutions (ConvDecoder) in place of 1x1 (Deep Decoder)."""


@network_settings
class PixelNetwork(NetworkSettings):
    """No network: every sample of the picture is a weight, for hand-crafted penalties."""

    kind: Literal["pixels"] = "pixels"
    from_input: bool = False
    """Whether they begin at the first channels of the input (a guide) and not at mid-grey."""


Network = Annotated[NetworkSettings, network_settings]
