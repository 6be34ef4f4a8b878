"""The residual network of the Deep Image Prior authors' code, after He et al. 2016."""

from torch import Tensor, nn

from untrained.networks import layers


class ResNet(nn.Module):
    """Residual blocks at full size, without a change of scale.

    Maps ``(N, channels_in, H, W)`` to ``(N, channels_out, H, W)`` in (0, 1) for H, W >= 2; wrap it
    in `layers.SizeKeeping` for smaller sides. The blocks are those of He et al. 2016
    (arXiv:1512.03385) without the last activation, as in the code of Ulyanov et al. 2018
    (arXiv:1711.10925); the defaults are those of its inpainting notebook.

    Parameters
    ----------
    channels_in, channels_out
        Channels of the input and of the picture.
    blocks
        Number of residual blocks.
    channels
        Channels of every block.
    padding
        Name listed in `layers`, for the first and the last convolution; the blocks pad with zeros,
        as in the authors' code.
    activation, norm
        Names listed in `layers`.

    Attributes
    ----------
    multiple, minimum
        One and two: any side from two pixels, the fewest that reflection and normalisation need.

    Raises
    ------
    ValueError
        If a name is unknown.
    """

    multiple = 1
    minimum = 2

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        blocks: int = 8,
        channels: int = 32,
        padding: layers.Padding = "reflection",
        activation: layers.Activation = "leaky_relu",
        norm: layers.Norm = "batch",
    ) -> None:
        super().__init__()
        self.start = nn.Sequential(
            layers.conv(channels_in, channels, 3, padding=padding), layers.activation(activation)
        )
        self.blocks = nn.Sequential(*(Residual(channels, activation, norm) for _ in range(blocks)))
        self.head = nn.Sequential(
            layers.conv(channels, channels, 3, padding="zero"),
            layers.norm(norm, channels),
            layers.conv(channels, channels_out, 3, padding=padding),
            nn.Sigmoid(),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Map ``(N, channels_in, H, W)`` to ``(N, channels_out, H, W)`` in (0, 1)."""
        output: Tensor = self.head(self.blocks(self.start(image)))
        return output


class Residual(nn.Module):
    """Two convolutions, added to their input."""

    def __init__(self, channels: int, activation: layers.Activation, norm: layers.Norm) -> None:
        super().__init__()
        self.change = nn.Sequential(
            layers.conv(channels, channels, 3, padding="zero", bias=False),
            layers.norm(norm, channels),
            layers.activation(activation),
            layers.conv(channels, channels, 3, padding="zero", bias=False),
            layers.norm(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to the same shape."""
        changed: Tensor = self.change(features)
        return features + changed
