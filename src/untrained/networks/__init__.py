"""Networks whose structure is the prior: each is fitted to one picture, never trained.

* `skip`, `subpixel`: the hourglass of Deep Image Prior; its faster decoder
* `unet`: the U-Net
* `resnet`: residual blocks
* `decoder`: Deep Decoder and ConvDecoder
* `free_pixels`: the picture itself as weights
* `layers`: convolution, normalisation, resampling, padding
"""

from untrained.networks.decoder import ConvDecoder, DeepDecoder
from untrained.networks.free_pixels import Pixels
from untrained.networks.layers import Folded, SizeKeeping
from untrained.networks.resnet import ResNet
from untrained.networks.skip import Skip
from untrained.networks.unet import UNet

__all__ = [
    "ConvDecoder",
    "DeepDecoder",
    "Folded",
    "Pixels",
    "ResNet",
    "SizeKeeping",
    "Skip",
    "UNet",
]
