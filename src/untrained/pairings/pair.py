"""Pair: what one step fits."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from untrained.noise import mean_squared_error
from untrained.problem.problem import Problem


class Pair(NamedTuple):
    """What a step fits: the network sees `input`, its picture seen through A should be `target`."""

    input: Tensor
    target: Tensor
    weight: Tensor | None = None
    """Where the target counts, broadcastable to it; everywhere when None."""
    seen: Problem | None = None
    """The problem of the part of the measurement that is the target, when it is not the whole."""
    share: float = 1.0
    """Factor on the loss, by which its expectation is that of the whole."""
    others: tuple[Tensor, ...] = ()
    """What else the network is shown in this step."""
    judge: Callable[[Tensor, list[Tensor]], Tensor] | None = None
    """The loss of the picture and of what the network made of the others, in place of a misfit."""

    def loss(
        self, prediction: Tensor, misfit: Callable[[Tensor, Tensor], Tensor] = mean_squared_error
    ) -> Tensor:
        """Misfit of what A made of the network's picture; its mean square where weights count."""
        if self.weight is None:
            return self.share * misfit(prediction, self.target)
        squares = (prediction - self.target).square() * self.weight
        return squares.sum() / self.weight.expand_as(squares).sum().clamp_min(1)


class Pairing(Protocol):
    """Draws the pair of each step."""

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw the next pair with this generator."""
