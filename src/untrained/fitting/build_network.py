"""From the settings of a network to the network itself."""

from typing import NamedTuple

import torch
from torch import nn

from untrained import networks, recipes
from untrained.picture.region import Size


class Built(NamedTuple):
    """A network and the size of the input that it wants."""

    network: nn.Module
    input_size: Size


def build_network(
    settings: recipes.Network,
    channels_in: int,
    channels_out: int,
    size: Size,
    seed: int,
) -> Built:
    """Build the network for a picture or volume of `size`, its weights drawn from `seed`.

    The global random state is left as it was.

    Raises
    ------
    RecipeError
        If there is no such network for volumes.
    """
    if len(size) == 3 and not isinstance(settings, recipes.SkipNetwork | recipes.PixelNetwork):
        raise recipes.RecipeError(
            f"the network {settings.kind} is for pictures alone: volumes take skip or pixels"
        )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if isinstance(settings, recipes.PixelNetwork):
            return Built(networks.Pixels(channels_out, size, from_input=settings.from_input), size)
        if isinstance(settings, recipes.DecoderNetwork):
            decoder = _decoder(settings, channels_in, channels_out, size)
            return Built(decoder, decoder.latent_size)
        return Built(_hourglass(settings, channels_in, channels_out, len(size)), size)


def _hourglass(
    settings: recipes.SkipNetwork | recipes.UNetNetwork | recipes.ResNetNetwork,
    channels_in: int,
    channels_out: int,
    axes: int,
) -> nn.Module:
    if isinstance(settings, recipes.UNetNetwork):
        unet = networks.UNet(channels_in, channels_out, **settings.model_dump(exclude={"kind"}))
        return networks.SizeKeeping(unet, unet.multiple, unet.minimum)
    if isinstance(settings, recipes.ResNetNetwork):
        resnet = networks.ResNet(channels_in, channels_out, **settings.model_dump(exclude={"kind"}))
        return networks.SizeKeeping(resnet, resnet.multiple, resnet.minimum)
    options = settings.model_dump(exclude={"kind", "channels", "fold"})
    fold, block = settings.fold, settings.fold**axes
    skip = networks.Skip(
        channels_in * block,
        channels_out * block,
        down=settings.channels,
        up=settings.channels,
        axes=axes,
        **options,
    )
    network = skip if fold == 1 else networks.Folded(skip, fold)
    return networks.SizeKeeping(network, skip.multiple * fold, skip.minimum * fold)


def _decoder(
    settings: recipes.DecoderNetwork, channels_in: int, channels_out: int, size: Size
) -> networks.DeepDecoder | networks.ConvDecoder:
    kind = networks.ConvDecoder if settings.convolutions else networks.DeepDecoder
    height, width = size
    return kind(channels_in, channels_out, size=(height, width), channels=settings.channels)
