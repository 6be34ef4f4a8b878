"""Networks whose structure is the prior: they are fitted to one picture and never trained."""

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
