"""The pairings by their settings: how each is made, and what input it gives the network."""

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
"""From settings, problem, sides of the network's input, and what draws, to a pairing."""


class Entry(NamedTuple):
    """What is known of a pairing."""

    make: Maker[Any]
    channels: Callable[[Any, Problem], int]
    subsets: bool


PAIRINGS: Implementations[Entry] = Implementations("pairing")


def pairing(
    settings: type[S], *, channels: Callable[[S, Problem], int], subsets: bool = False
) -> Callable[[Maker[S]], Maker[S]]:
    """Register what makes a pairing: ``@pairing(ToyPairing, channels=...)`` above a function.

    Parameters
    ----------
    settings
        The class of its settings.
    channels
        How many channels the network's input will have, from settings and problem.
    subsets
        Whether its target is the whole measurement, so that a step may fit a subset of it.
    """

    def register(make: Maker[S]) -> Maker[S]:
        PAIRINGS.add(settings, Entry(make, channels, subsets))
        return make

    return register


def picture_channels(settings: PairingSettings, problem: Problem) -> int:  # noqa: ARG001
    """Channels of an input that is a picture like the wanted one."""
    return problem.channels


def check_same_size(settings: PairingSettings, problem: Problem, input_size: Size) -> None:
    """Check that input, picture and measurement are of one size.

    Raises
    ------
    ProblemError
        If they are not.
    """
    if (1, problem.channels, *input_size) != tuple(problem.measurement.y.shape):
        raise ProblemError(
            f"the {settings.kind} pairing needs a measurement of the picture's own size and "
            "channels and a network that keeps it"
        )
