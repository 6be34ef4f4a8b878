"""Plain fits for the studies: no averaging, no guard, no early stop."""

from collections.abc import Callable, Iterator

from torch import Tensor, nn

from untrained.evaluation.study.outcome import Progress
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.step import Step
from untrained.operators import Mask
from untrained.picture.taking import as_picture
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem
from untrained.recipes import Guard, LatentPairing, Network, Optimiser, Recipe

_UNGUARDED = Guard(rise=1e9)


def plain_recipe(
    network: Network, pairing: LatentPairing, *, steps: int, step_size: float
) -> Recipe:
    """Make the recipe of a fit whose result is the last iterate, in float32.

    The guard acts only if the loss is not finite, so that the study sees the unmodified fit.
    """
    return Recipe(
        name="study",
        network=network,
        pairing=pairing,
        optimiser=Optimiser(step_size=step_size),
        steps=steps,
        averaging=0,
        hand_over="iterate",
        guard=_UNGUARDED,
        precision="float32",
    )


def seen_whole(measurement: Tensor) -> Problem:
    """Make the problem of fitting ``(1, C, H, W)`` with all pixels known."""
    return _problem(measurement, nn.Identity())


def seen_through(image: Tensor, known: Tensor) -> Problem:
    """Make the problem of fitting ``(1, C, H, W)`` with pixels `known`, bool ``(1, 1, H, W)``."""
    return _problem(image * known, Mask(known))


def _problem(measurement: Tensor, operator: nn.Module) -> Problem:
    height, width = measurement.shape[-2:]
    return Problem(
        task="inpaint" if isinstance(operator, Mask) else "denoise",
        picture=as_picture(measurement),
        measurement=Measurement(measurement, operator),
        size=(int(height), int(width)),
        channels=int(measurement.shape[1]),
    )


def watch(problem: Problem, recipe: Recipe, *, seed: int, device: str) -> Fit:
    """Set up a fit of the whole picture, without tiles."""
    return Fit(problem, recipe, seed=seed, engine=choose_engine(device, recipe.precision))


def follow(
    fit: Fit, label: str, see: Callable[[Step], None], *, part: tuple[int, int] = (0, 1)
) -> Iterator[Progress]:
    """Run a fit to its end.

    Parameters
    ----------
    fit
        The fit.
    label
        Name of the target, for the progress bar.
    see
        Called with each step.
    part
        Number of this part of the study, from 0, and the number of parts.
    """
    done, parts = part
    for step in fit:
        see(step)
        yield Progress(label, (done + step.progress) / parts)


def log_spaced(last: int, ratio: float = 1.2) -> tuple[int, ...]:
    """List steps from 1 to `last`, each about `ratio` times the last."""
    steps = [1]
    while steps[-1] < last:
        steps.append(min(last, max(steps[-1] + 1, round(steps[-1] * ratio))))
    return tuple(steps)
