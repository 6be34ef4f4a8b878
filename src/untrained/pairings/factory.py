"""Make a pairing from its settings; importing this module registers all built-in pairings."""

import torch

from untrained.pairings import blind_spot, latent, recorrupt, zs_n2n  # noqa: F401
from untrained.pairings.pair import Pairing
from untrained.pairings.registry import PAIRINGS
from untrained.pairings.subsets import in_subsets
from untrained.picture.region import Size
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import PairingSettings


def input_channels(settings: PairingSettings, problem: Problem) -> int:
    """Count the channels of the network's input.

    Raises
    ------
    RecipeError
        If no such pairing is registered.
    ProblemError
        If the pairing does not apply.
    """
    return PAIRINGS.of(settings).channels(settings, problem)


def make_pairing(
    settings: PairingSettings,
    problem: Problem,
    input_size: Size,
    generator: torch.Generator,
    subsets: int = 1,
) -> Pairing:
    """Make the pairing that `settings` describe.

    Parameters
    ----------
    settings
        Which pairing, and its settings.
    problem
        With tensors on the generator's device.
    input_size
        Sides of the network's input.
    generator
        Draws the latent.
    subsets
        Number of subsets of the measurement; each step fits one. 1 fits the whole.

    Raises
    ------
    RecipeError
        If no such pairing is registered.
    ProblemError
        If the pairing does not apply, or cannot fit subsets. Recorrupt needs a known noise level;
        recorrupt, blind-spot and zs-n2n need a measurement of the picture's own size.
    """
    entry = PAIRINGS.of(settings)
    made = entry.make(settings, problem, input_size, generator)
    if subsets > 1 and not entry.subsets:
        kinds = PAIRINGS.kinds(lambda entry: entry.subsets)
        raise ProblemError(
            f"the {settings.kind} pairing cannot fit subsets: set subsets to 1, or choose the "
            f"pairing from {kinds}"
        )
    return in_subsets(made, problem, subsets)
