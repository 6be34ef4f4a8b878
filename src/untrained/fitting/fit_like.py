"""FitLike: the interface of every fit (whole, tiled, shrinking), and how it hands over."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from torch import Tensor

from untrained.fitting.device import Engine
from untrained.fitting.restoration import Record, Restoration
from untrained.fitting.stopping import Stop
from untrained.problem.problem import Problem
from untrained.recipes import Recipe


class StepLike(Protocol):
    """A step of any fit; see `Step`."""

    @property
    def index(self) -> int:
        """Counted from 1."""
        ...

    @property
    def loss(self) -> float:
        """Mean squared error against the target of this step."""
        ...

    @property
    def image(self) -> Tensor:
        """The picture that this step made, ``(1, C, H, W)``."""
        ...

    @property
    def average(self) -> Tensor:
        """The average of the pictures so far, ``(1, C, H, W)``."""
        ...

    @property
    def picture(self) -> Tensor:
        """What would be handed over now, ``(1, C, H, W)``."""
        ...

    @property
    def seconds(self) -> float:
        """Time spent fitting so far."""
        ...

    @property
    def progress(self) -> float:
        """Share of the budget used, in [0, 1]."""
        ...

    @property
    def stage(self) -> str:
        """The name of the stage that made it."""
        ...


class FitLike(Protocol):
    """An iterator of steps. Its picture can be read, saved and continued after any step.

    Long steps report the progress of the whole fit (`system.heartbeat`). If a listener raises, the
    fit is as before the step.
    """

    @property
    def problem(self) -> Problem:
        """The problem to solve."""
        ...

    @property
    def recipe(self) -> Recipe:
        """All settings."""
        ...

    @property
    def seed(self) -> int:
        """The seed of all random streams."""
        ...

    @property
    def engine(self) -> Engine:
        """Device and precision."""
        ...

    @property
    def tile(self) -> str:
        """The tile setting: ``whole``, ``auto``, or a side in pixels."""
        ...

    @property
    def stop(self) -> Stop | None:
        """Why the fit stopped, and its picture; None while it goes on."""
        ...

    @property
    def network_stop(self) -> Stop | None:
        """Why the networks stopped, and their picture; None before, and of tiles."""
        ...

    @property
    def last(self) -> StepLike | None:
        """The last step."""
        ...

    @property
    def history(self) -> Sequence[Record]:
        """A row for each step."""
        ...

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the picture is made of and what was left out, one sentence each."""
        ...

    @property
    def deviation(self) -> Tensor | None:
        """Standard deviation of the picture, ``(1, 1, H, W)`` in [0, 1]; None where unknown."""
        ...

    def __iter__(self) -> Iterator[StepLike]:
        """Itself."""
        ...

    def __next__(self) -> StepLike:
        """Run one step."""
        ...

    def found(self) -> Tensor:
        """Return the picture that `restoration` will render: that of a step."""
        ...

    def restoration(self) -> Restoration:
        """Hand over the picture so far and how it was made."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        ...


def told(fit: FitLike) -> str:
    """Say of a fit, in one line, what it fits and how far it is."""
    last = 0 if fit.last is None else fit.last.index
    return f"{type(fit).__name__}({fit.problem!r}, {fit.recipe!r}, at step {last})"


def hand_over(fit: FitLike, stop: Stop, problem: Problem) -> Restoration:
    """Render the picture of a stop and record how it was made.

    Parameters
    ----------
    fit
        At least one of its steps has run.
    stop
        Why it stopped, or the state in which it was interrupted.
    problem
        The fit's, its operator as fitted.
    """
    restored = problem.render(stop.picture)
    check = None if problem.self_check is None else problem.self_check(restored)
    unknown, sigma = problem.measurement.unknown, fit.deviation
    return Restoration(
        task=problem.task,
        image=restored.pixels,
        restored=restored,
        before=problem.picture,
        stopped=stop.reason,
        chosen_step=stop.step,
        steps=len(fit.history),
        seconds=fit.history[-1].seconds,
        history=tuple(fit.history),
        notes=(*fit.problem.notes, *fit.events, *fit.notes),
        self_checks=() if check is None else (check,),
        uncertainty=None if sigma is None else problem.uncertainty(sigma, at=stop.picture),
        recipe=fit.recipe,
        seed=fit.seed,
        device=fit.engine.device.type,
        precision=fit.engine.precision,
        precision_why=fit.engine.why,
        kernel=None if unknown is None else unknown.psf().detach(),
        ambiguous=problem.ambiguous,
    )
