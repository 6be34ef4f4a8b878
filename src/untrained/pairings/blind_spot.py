"""Blind spots: hide some known pixels at random and predict them (Quan et al. 2020)."""

from functools import partial

import torch
from torch import Tensor

from untrained.pairings.pair import Pair, Pairing
from untrained.pairings.registry import check_same_size, pairing
from untrained.picture.region import Size
from untrained.problem.problem import Problem
from untrained.recipes import BlindSpotPairing


class BlindSpot:
    """Hide some known pixels at random and predict them (Self2Self, Quan et al. 2020).

    The input is the measurement at a fresh Bernoulli choice of the known pixels, zero elsewhere,
    and that choice as one more channel, or as one per channel if the channels differ in their gaps.

    Parameters
    ----------
    problem
        With a measurement ``(1, C, H, W)``, zero where unknown, and a mask as operator.
    keep
        Probability of showing a known pixel.
    everywhere
        Whether shown pixels count in the loss too.
    gaps
        Whether randomly shifted and mirrored copies of the gaps hide pixels too.
    """

    def __init__(self, problem: Problem, keep: float, everywhere: bool, gaps: bool = False) -> None:
        self._problem = problem
        self._known = known_pixels(problem)
        self._keep = keep
        self._everywhere = everywhere
        self._gaps = gaps

    def draw(self, generator: torch.Generator) -> Pair:
        """Draw a fresh choice of pixels."""
        chance = torch.rand(self._known.shape, generator=generator, device=generator.device)
        shown = self._known * (chance < self._keep)
        if self._gaps:
            shown = shown * self._moved_gaps(generator)
        weight = self._known if self._everywhere else self._known - shown
        y, operator = self._problem.measurement.y, self._problem.measurement.operator
        loss = partial(weighted_error, weight=weight)
        return Pair(torch.cat([y * shown, shown], dim=1), y, operator, loss)

    def _moved_gaps(self, generator: torch.Generator) -> Tensor:
        """Shift the map of known pixels, wrapping at the edges; mirror it half of the time."""
        sides = self._known.shape[2:]
        *places, side = torch.rand(
            len(sides) + 1, generator=generator, device=generator.device
        ).tolist()
        shift = [int(place * length) for place, length in zip(places, sides, strict=True)]
        moved = torch.roll(self._known, shift, dims=tuple(range(2, self._known.ndim)))
        return moved.flip(-1) if side < 0.5 else moved


def weighted_error(prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Compute the mean squared error over the samples of weight 1; a scalar.

    The weights are zeros and ones, broadcastable to the target; if all are 0 the error is 0.
    """
    squares = (prediction - target).square() * weight
    return squares.sum() / weight.expand_as(squares).sum().clamp_min(1)


def known_pixels(problem: Problem) -> Tensor:
    """Map the measured pixels: 1 if measured, else 0; ``(1, 1 or C, H, W)``."""
    measurement = problem.measurement
    known: Tensor = measurement.operator(torch.ones_like(measurement.y[:, :1]))
    return known


def _channels(settings: BlindSpotPairing, problem: Problem) -> int:  # noqa: ARG001
    return problem.channels + int(known_pixels(problem).shape[1])


@pairing(BlindSpotPairing, channels=_channels)
def _blind_spot(
    settings: BlindSpotPairing,
    problem: Problem,
    input_size: Size,
    generator: torch.Generator,  # noqa: ARG001
) -> Pairing:
    check_same_size(settings, problem, input_size)
    return BlindSpot(problem, settings.keep, settings.everywhere, settings.gaps)
