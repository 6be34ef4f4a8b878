"""Build a network from its settings."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import torch
from torch import nn

from untrained import networks, recipes
from untrained.numerics.random_drawing import DrawnFrom
from untrained.picture.region import Size
from untrained.recipes.registry import Implementations


class Built(NamedTuple):
    """A network and the size of the input that it needs."""

    network: nn.Module
    input_size: Size


class Shape(NamedTuple):
    """What a network is built for."""

    channels_in: int
    channels_out: int
    size: Size
    """Sides of the picture or volume."""


class _Builder(NamedTuple):
    build: Callable[[Any, Shape], Built]
    volumes: bool


S = TypeVar("S", bound=recipes.NetworkSettings)

BUILDERS: Implementations[_Builder] = Implementations("network")


def network(
    settings: type[S], *, volumes: bool = False
) -> Callable[[Callable[[S, Shape], Built]], Callable[[S, Shape], Built]]:
    """Register what builds a network: ``@network(ToyNetwork)`` above a function.

    Parameters
    ----------
    settings
        The class of its settings.
    volumes
        Whether it works on volumes too.
    """

    def register(build: Callable[[S, Shape], Built]) -> Callable[[S, Shape], Built]:
        BUILDERS.add(settings, _Builder(build, volumes))
        return build

    return register


def build_network(
    settings: recipes.Network,
    channels_in: int,
    channels_out: int,
    size: Size,
    seed: int,
) -> Built:
    """Build the network for a picture or volume of `size`, its weights drawn from `seed`.

    The global random state is neither used nor changed.

    Raises
    ------
    RecipeError
        If no builder is registered for these settings, or it cannot do volumes.
    """
    builder = BUILDERS.of(settings)
    if len(size) == 3 and not builder.volumes:
        raise recipes.RecipeError(
            f"the network {settings.kind} is for pictures only: for a volume choose from "
            f"{BUILDERS.kinds(lambda builder: builder.volumes)}"
        )
    with DrawnFrom(torch.Generator().manual_seed(seed)):
        return builder.build(settings, Shape(channels_in, channels_out, size))


@network(recipes.SkipNetwork, volumes=True)
def _skip(settings: recipes.SkipNetwork, shape: Shape) -> Built:
    options = settings.model_dump(exclude={"kind", "channels", "fold"})
    axes, fold = len(shape.size), settings.fold
    skip = networks.Skip(
        shape.channels_in * fold**axes,
        shape.channels_out * fold**axes,
        down=settings.channels,
        up=settings.channels,
        axes=axes,
        **options,
    )
    folded = skip if fold == 1 else networks.Folded(skip, fold)
    kept = networks.SizeKeeping(folded, skip.multiple * fold, skip.minimum * fold)
    return Built(kept, shape.size)


@network(recipes.UNetNetwork)
def _unet(settings: recipes.UNetNetwork, shape: Shape) -> Built:
    options = settings.model_dump(exclude={"kind"})
    unet = networks.UNet(shape.channels_in, shape.channels_out, **options)
    return Built(networks.SizeKeeping(unet, unet.multiple, unet.minimum), shape.size)


@network(recipes.ResNetNetwork)
def _resnet(settings: recipes.ResNetNetwork, shape: Shape) -> Built:
    options = settings.model_dump(exclude={"kind"})
    resnet = networks.ResNet(shape.channels_in, shape.channels_out, **options)
    return Built(networks.SizeKeeping(resnet, resnet.multiple, resnet.minimum), shape.size)


@network(recipes.DecoderNetwork)
def _decoder(settings: recipes.DecoderNetwork, shape: Shape) -> Built:
    kind = networks.ConvDecoder if settings.convolutions else networks.DeepDecoder
    height, width = shape.size
    decoder = kind(
        shape.channels_in, shape.channels_out, size=(height, width), channels=settings.channels
    )
    return Built(decoder, decoder.latent_size)


@network(recipes.PixelNetwork, volumes=True)
def _pixels(settings: recipes.PixelNetwork, shape: Shape) -> Built:
    pixels = networks.Pixels(shape.channels_out, shape.size, from_input=settings.from_input)
    return Built(pixels, shape.size)
