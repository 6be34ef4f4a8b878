"""Fits as the studies need them: plain, without averages, guards or early stops."""

from collections.abc import Callable, Iterator

from torch import Tensor, nn

from untrained.evaluation.study.outcome import Progress
from untrained.fitting.device import choose_engine
from untrained.fitting.fit import Fit
from untrained.fitting.step import Step
from untrained.operators import Mask
from untrained.picture.picture import as_picture
from untrained.problem.measurement import Measurement
from untrained.problem.problem import Problem
from untrained.recipes import Guard, LatentPairing, Network, Optimiser, Recipe

_UNGUARDED = Guard(rise=1e9)


def plain_recipe(
    network: Network, pairing: LatentPairing, *, steps: int, step_size: float
) -> Recipe:
    """Give the recipe of a fit that hands over the single iterate of each step, in float32.

    Only a loss that is no longer finite brings in the guard: a study watches the fit as it is.
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
    """Describe the fitting of ``(1, C, H, W)`` itself, all pixels measured."""
    return _problem(measurement, nn.Identity())


def seen_through(image: Tensor, known: Tensor) -> Problem:
    """Describe the fitting of ``(1, C, H, W)`` where `known`, bool ``(1, 1, H, W)``, is True."""
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
    """Set up a fit of the whole picture, whatever the memory."""
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
        What is being fitted.
    see
        Called with each step.
    part
        Which part of the study this is, counted from 0, and of how many.
    """
    done, parts = part
    for step in fit:
        see(step)
        yield Progress(label, (done + step.progress) / parts)


def log_spaced(last: int, ratio: float = 1.2) -> tuple[int, ...]:
    """List steps from 1 to `last`, each about `ratio` times the one before."""
    steps = [1]
    while steps[-1] < last:
        steps.append(min(last, max(steps[-1] + 1, round(steps[-1] * ratio))))
    return tuple(steps)
