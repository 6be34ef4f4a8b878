"""Pair: the input, target and loss of one step."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Pair(NamedTuple):
    """One step's fit: the network maps `input` to a picture x, and A x should match `target`."""

    input: Tensor
    target: Tensor
    operator: Callable[[Tensor], Tensor]
    """A, or the rows of A that measure the target."""
    loss: Callable[..., Tensor]
    """Maps A x, the target, and the network's outputs for `others` to a scalar."""
    others: tuple[Tensor, ...] = ()
    """Further inputs of the network in this step."""

    def compare(self, network: Callable[[Tensor], Tensor]) -> "Compared":
        """Run the network on all inputs and compute the loss."""
        image = network(self.input)
        prediction = self.operator(image)
        others = map(network, self.others)
        return Compared(image, prediction, self.loss(prediction, self.target, *others))


class Compared(NamedTuple):
    """The outcome of a pair: the picture x, ``(1, C, H, W)``, A x, and the loss."""

    image: Tensor
    prediction: Tensor
    loss: Tensor


class Pairing(Protocol):
    """Draws the pair of each step."""

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw the next pair with this generator."""
