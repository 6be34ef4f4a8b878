"""Pair: what one step fits."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Pair(NamedTuple):
    """What a step fits: the network's picture of `input`, seen through A, should be `target`."""

    input: Tensor
    target: Tensor
    operator: Callable[[Tensor], Tensor]
    """From a picture to what should be the target: A, or the part of A that measures it."""
    loss: Callable[..., Tensor]
    """A scalar from what A made of the picture, the target, and the pictures of `others`."""
    others: tuple[Tensor, ...] = ()
    """What else the network is shown in this step."""

    def compare(self, network: Callable[[Tensor], Tensor]) -> "Compared":
        """Run the network on all inputs and compare its picture with the target."""
        image = network(self.input)
        prediction = self.operator(image)
        others = map(network, self.others)
        return Compared(image, prediction, self.loss(prediction, self.target, *others))


class Compared(NamedTuple):
    """What came of a pair: the picture ``(1, C, H, W)``, A of it, and the loss."""

    image: Tensor
    prediction: Tensor
    loss: Tensor


class Pairing(Protocol):
    """Draws the pair of each step."""

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw the next pair with this generator."""
