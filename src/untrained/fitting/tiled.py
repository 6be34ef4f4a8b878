"""A fit in tiles: a picture larger than memory, fitted window by window."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from untrained.fitting.device import Engine
from untrained.fitting.fit import Fit, check_precision
from untrained.fitting.fit_like import hand_over, told
from untrained.fitting.mosaic import Grid, Mosaic
from untrained.fitting.restoration import Record, Restoration
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.operators import enlarge
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import Recipe
from untrained.system.heartbeat import part
from untrained.system.torch_state import in_usual_state

_LEAST_SECONDS = 1e-3
"""Budget of a tile when none is left: a single step."""


@dataclass(frozen=True, eq=False)
class TiledStep:
    """One step in one tile. Its pictures are put together on demand."""

    index: int
    """Counted from 1, over all tiles."""
    loss: float
    """Mean squared error against the target of this step, in this tile."""
    seconds: float
    """Time spent fitting so far."""
    progress: float
    """Share of the budget used, in [0, 1]."""
    tile: int
    """Which of the grid's windows was fitted."""
    step: Step
    """The step of the tile alone."""
    mosaic: Mosaic
    """The tiles that had ended before."""

    @property
    def stage(self) -> str:
        """The name of the stage that made it."""
        return self.step.stage

    @property
    def image(self) -> Tensor:
        """The whole with the picture that this step made in this tile, ``(1, C, H, W)``."""
        return self._whole(self.step.image)

    @property
    def average(self) -> Tensor:
        """The whole with the average of the pictures so far in this tile, ``(1, C, H, W)``."""
        return self._whole(self.step.average)

    @property
    def picture(self) -> Tensor:
        """What would be handed over now, ``(1, C, H, W)``; tiles not begun show the input."""
        return self._whole(self.step.picture)

    def _whole(self, picture: Tensor) -> Tensor:
        return self.mosaic.joined(self.tile, picture).picture


class TiledFit:
    """Fits each window of a picture in turn and joins the results. A `FitLike`.

    Each tile runs the steps of the recipe, and the tiles share its seconds. Each tile has its own
    seed. Tiles with nothing to restore are skipped.

    Parameters
    ----------
    problem, recipe, seed, engine
        As for `Fit`.
    side
        Longest side of a tile, in pixels of the fitted picture.

    Raises
    ------
    ProblemError
        If the problem needs the whole picture, or nothing is known in a tile. A recipe that does
        not apply raises at the first step.
    """

    def __init__(
        self, problem: Problem, recipe: Recipe, *, seed: int, engine: Engine, side: int
    ) -> None:
        self.problem = problem
        self.recipe = recipe
        self.seed = seed
        self.engine = engine
        self.side = side
        self.stop: Stop | None = None
        self.network_stop: Stop | None = None
        self.last: TiledStep | None = None
        self.history: list[Record] = []
        grid = Grid.cover(problem.plane, side, alignment=problem.tile_alignment)
        given = _as_given(problem)
        self._mosaic = Mosaic.blank(grid, given)
        self._apart = Mosaic.blank(grid, torch.zeros_like(given[:, :1]))
        """Standard deviations of the tiles that have ended."""
        self._known_apart = recipe.ensemble_size > 1
        self._to_fit = _to_fit(problem, grid, side)
        self._ended: list[str] = []
        """Why the tiles so far have stopped."""
        self._mended: list[str] = []
        self._notes: list[str] = []
        """What the tiles so far are made of, each sentence once."""
        self._before = Record(0, 0.0, None, 0.0)
        """Steps and seconds when the last tile ended."""
        self._fit: Fit | None = None

    @property
    def _tile(self) -> int:
        """Which of the grid's windows is being fitted."""
        return self._to_fit[len(self._ended)]

    def _share(self) -> float | None:
        """Seconds for the next tile."""
        if self.recipe.seconds is None:
            return None
        left = self.recipe.seconds - self._before.seconds
        return max(left / (len(self._to_fit) - len(self._ended)), _LEAST_SECONDS)

    def _begin(self) -> Fit:
        recipe = self.recipe.model_copy(update={"seconds": self._share()})
        self._fit = Fit(self._part, recipe, seed=self._part_seed, engine=self.engine)
        return self._fit

    @property
    def tile(self) -> str:
        """The longest side of a tile."""
        return str(self.side)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the tiles are made of and what was left out, each sentence once."""
        own = self._fit.notes if self._fit else ()
        return tuple(dict.fromkeys((*self._notes, *own)))

    @property
    def deviation(self) -> Tensor | None:
        """Standard deviation of the picture, ``(1, 1, H, W)`` in [0, 1], once all tiles have ended;
        None of one network."""
        return self._apart.picture if self.stop and self._known_apart else None

    @property
    def _part(self) -> Problem:
        return self.problem.region(self._mosaic.grid.windows[self._tile])

    @property
    def _part_seed(self) -> int:
        return (self.seed + self._tile) % 2**63

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        return (*self._mended, *(self._numbered(self._fit) if self._fit else ()))

    def _numbered(self, fit: Fit) -> list[str]:
        return [f"tile {len(self._ended) + 1}, {event}" for event in fit.events]

    def __iter__(self) -> Iterator[TiledStep]:
        return self

    def __repr__(self) -> str:
        """Say problem, recipe and progress in one line."""
        return told(self)

    @in_usual_state()
    def __next__(self) -> TiledStep:
        """Run one step in the tile that is under way, or the first of the next.

        Raises
        ------
        DivergenceError
            As for `Fit`.
        """
        if self.stop is not None:
            raise StopIteration
        fit = self._fit or self._begin()
        with part(len(self._ended), len(self._to_fit)):
            step = next(fit)
        row, before = fit.history[-1], self._before
        row = row._replace(step=before.step + row.step, seconds=before.seconds + row.seconds)
        self.history.append(row)
        self.last = TiledStep(
            index=row.step,
            loss=step.loss,
            seconds=row.seconds,
            progress=(len(self._ended) + step.progress) / len(self._to_fit),
            tile=self._tile,
            step=step,
            mosaic=self._mosaic,
        )
        if fit.stop is not None:
            self._end(fit, fit.stop)
        return self.last

    def _end(self, fit: Fit, stop: Stop) -> None:
        """Join what a tile's fit has found; stop after the last one."""
        start = time.perf_counter()
        self._mosaic = self._mosaic.joined(self._tile, fit.found())
        if fit.deviation is None:
            self._known_apart = False
        else:
            self._apart = self._apart.joined(self._tile, fit.deviation)
        chosen = self._before.step + stop.step
        took = time.perf_counter() - start
        self._mended += self._numbered(fit)
        self._notes = list(dict.fromkeys((*self._notes, *fit.notes)))
        self._ended.append(stop.reason)
        row = self.history[-1]
        self._before = row._replace(seconds=row.seconds + took)
        self._fit = None
        if len(self._ended) == len(self._to_fit):
            self.stop = self._stopped(chosen)

    def _stopped(self, chosen: int) -> Stop:
        which = "each" if len(set(self._ended)) == 1 else "the last"
        reason = f"in {which} of {len(self._ended)} tiles {self._ended[-1]}"
        return Stop("tiles", reason, chosen, self._mosaic.picture)

    def found(self) -> Tensor:
        """Return what `restoration` will render, ``(1, C, H, W)``; tiles not begun show the input.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        if self.last is None and self.stop is None:
            raise RuntimeError("no step has been run yet: there is no picture to hand over")
        if self._fit is None or self._fit.last is None:
            return self._mosaic.picture
        return self._mosaic.joined(self._tile, self._fit.found()).picture

    @in_usual_state()
    def restoration(self) -> Restoration:
        """Hand over the whole picture; tiles not begun show the input.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        if not self.history:
            raise RuntimeError("no step has been run yet: there is no picture to hand over")
        steps = self.history[-1].step
        stop = self.stop or Stop(
            "interrupted",
            f"interrupted after {steps} steps, with {len(self._ended)} of {len(self._to_fit)} "
            "tiles ended",
            steps,
            self.found(),
        )
        return hand_over(self, stop, self.problem)

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue but problem, recipe, seed, engine; live tensors."""
        return {
            "side": self.side,
            "total": self._mosaic.total,
            "cover": self._mosaic.cover,
            "ended": list(self._ended),
            "mended": list(self._mended),
            "notes": list(self._notes),
            "apart": [self._apart.total, self._apart.cover] if self._known_apart else None,
            "before": list(self._before),
            "history": [list(record) for record in self.history],
            "share": self._fit.recipe.seconds if self._fit else None,
            "fit": self._fit.state_dict() if self._fit else None,
            "chosen": self.stop.step if self.stop else None,
            "precision": self.engine.precision,
        }

    @classmethod
    def resume(
        cls, problem: Problem, recipe: Recipe, state: dict[str, Any], *, seed: int, engine: Engine
    ) -> Self:
        """Continue a fit from its `state_dict`; the other parameters are as when it was made.

        Raises
        ------
        ProblemError
            If the engine's precision is not the one of the saved fit.
        """
        check_precision(state, engine)
        fit = cls(problem, recipe, seed=seed, engine=engine, side=state["side"])
        fit._mosaic = replace(fit._mosaic, total=state["total"], cover=state["cover"])
        fit._ended, fit._mended = list(state["ended"]), list(state["mended"])
        fit._notes, fit._before = list(state["notes"]), Record(*state["before"])
        fit._known_apart = state["apart"] is not None
        if state["apart"] is not None:
            total, cover = state["apart"]
            fit._apart = replace(fit._apart, total=total, cover=cover)
        fit.history = [Record(*row) for row in state["history"]]
        if state["fit"] is not None:
            share = recipe.model_copy(update={"seconds": state["share"]})
            fit._fit = Fit.resume(
                fit._part, share, state["fit"], seed=fit._part_seed, engine=engine
            )
        if state["chosen"] is not None:
            fit.stop = fit._stopped(state["chosen"])
        return fit


def _as_given(problem: Problem) -> Tensor:
    as_fitted = problem.rendering.to_output is None
    pixels = problem.picture.pixels if as_fitted else problem.measurement.y
    return pixels if tuple(pixels.shape[2:]) == problem.size else enlarge(pixels, problem.size)


def _to_fit(problem: Problem, grid: Grid, side: int) -> tuple[int, ...]:
    """List the numbers of the windows with something to restore."""
    numbers = []
    for number, window in enumerate(grid.windows):
        part = problem.region(window)
        if part.blind:
            raise ProblemError(
                f"a tile of {side} pixels at column {window.left}, row {window.top} has no known "
                "pixel: give a larger tile, or turn tiles off (--tile off)"
            )
        if not part.settled:
            numbers.append(number)
    return tuple(numbers)
