"""The registry of pairings: for each settings class its maker and its input channels."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import torch

from untrained.pairings.pair import Pairing
from untrained.picture.region import Size
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import PairingSettings
from untrained.recipes.registry import Implementations

S = TypeVar("S", bound=PairingSettings)
Maker = Callable[[S, Problem, Size, torch.Generator], Pairing]
"""Makes a pairing from settings, problem, sides of the network's input, and a generator."""


class Entry(NamedTuple):
    """A registered pairing: its maker, its count of input channels, whether it takes subsets."""

    make: Maker[Any]
    channels: Callable[[Any, Problem], int]
    subsets: bool


PAIRINGS: Implementations[Entry] = Implementations("pairing")


def pairing(
    settings: type[S], *, channels: Callable[[S, Problem], int], subsets: bool = False
) -> Callable[[Maker[S]], Maker[S]]:
    """Register a function that makes a pairing: ``@pairing(ToyPairing, channels=...)`` above it.

    Parameters
    ----------
    settings
        The class of its settings.
    channels
        Counts the channels of the network's input, from settings and problem.
    subsets
        Whether the target is the whole measurement, so that a step can fit a subset of it.
    """

    def register(make: Maker[S]) -> Maker[S]:
        PAIRINGS.add(settings, Entry(make, channels, subsets))
        return make

    return register


def picture_channels(settings: PairingSettings, problem: Problem) -> int:  # noqa: ARG001
    """Count the channels of an input that is a picture like the result."""
    return problem.channels


def check_same_size(settings: PairingSettings, problem: Problem, input_size: Size) -> None:
    """Check that input, picture and measurement have the same size.

    Raises
    ------
    ProblemError
        If they have not.
    """
    if (1, problem.channels, *input_size) != tuple(problem.measurement.y.shape):
        raise ProblemError(
            f"the {settings.kind} pairing needs a measurement with the size and channels of the "
            "picture and a network that keeps the size: choose another pairing or network"
        )
