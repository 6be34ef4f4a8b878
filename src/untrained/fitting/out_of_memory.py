"""A fit that begins again in smaller tiles when memory runs out."""

import dataclasses
import gc
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from untrained.arguments import checked
from untrained.fitting.device import Engine
from untrained.fitting.fit import Fit
from untrained.fitting.fit_like import FitLike, told
from untrained.fitting.memory import ran_out
from untrained.fitting.restoration import Record, Restoration
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.fitting.tile_size import (
    Sizing,
    Tile,
    least_side,
    settle_size,
    stays_whole,
    tiles_in_words,
)
from untrained.fitting.tiled import TiledFit, TiledStep
from untrained.problem.problem import Problem
from untrained.recipes import Recipe
from untrained.system.torch_state import in_usual_state

T = TypeVar("T")


@checked
class ShrinkingFit:
    """Fits a picture whole or, where memory is short, in tiles; in smaller ones if it runs out.

    A `FitLike`. For a picture that stays whole, the steps are those of `Fit`. The first step
    decides the size of the tiles.

    Parameters
    ----------
    problem, recipe, seed, engine
        As for `Fit`.
    tile
        Longest side of a tile in pixels of the result; ``auto`` uses the free memory.
    state
        From `state_dict`, to continue with the tiles of then; all else as when it was made.

    Raises
    ------
    ProblemError
        If the precision is not the one of the saved fit; at the first step, if the recipe or the
        tiles do not apply to the problem.
    """

    def __init__(
        self,
        problem: Problem,
        recipe: Recipe,
        *,
        seed: int,
        engine: Engine,
        tile: int | Literal["auto"],
        state: dict[str, Any] | None = None,
    ) -> None:
        self.problem = problem
        self.recipe = recipe
        self.seed = seed
        self.engine = engine
        self._asked = tile
        self._sizing: Sizing | None = None
        self._shrunk: list[str] = []
        self._inner: Fit | TiledFit | None = None
        if state is not None:
            self._sizing = Sizing(state["side"], state["note"])
            self._shrunk = list(state["shrunk"])
            if state["fit"] is not None:
                self._with_room(lambda: self._resume(state["fit"]))

    @property
    def tile(self) -> str:
        """The tile setting: ``auto``, or a side in pixels."""
        return str(self._asked)

    @property
    def _settled(self) -> Sizing:
        """The size of the tiles, decided at the first use."""
        if self._sizing is None:
            self._sizing = settle_size(self.problem, self.recipe, self.engine, self._asked)
        return self._sizing

    @property
    def _fit(self) -> Fit | TiledFit:
        """The fit under way, begun when there is none."""
        if self._inner is None:
            given: Any = {"seed": self.seed, "engine": self.engine}
            side = self._settled.side
            if side is None:
                self._inner = Fit(self.problem, self.recipe, **given)
            else:
                self._inner = TiledFit(self.problem, self.recipe, side=side, **given)
        return self._inner

    def _resume(self, state: dict[str, Any]) -> None:
        kind = Fit if self._settled.side is None else TiledFit
        self._inner = kind.resume(
            self.problem, self.recipe, state, seed=self.seed, engine=self.engine
        )

    def _with_room(self, work: Callable[[], T]) -> T:
        """Run `work`; while memory runs out, run it again with smaller tiles."""
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not (ran_out(error) and self._may_shrink):
                    raise
            # Only here, past the except clause, nothing holds the tensors of the failed step.
            self._shrink()

    @property
    def _tried(self) -> int:
        return self._settled.side or max(self.problem.plane)

    @property
    def _may_shrink(self) -> bool:
        return self.problem.cut is not None and self._tried > least_side(self.problem)

    def _shrink(self) -> None:
        """Drop the fit and halve the tiles."""
        side = max(least_side(self.problem), self._tried // 2)
        self._shrunk.append(
            f"memory ran out at a side of {self._tried} pixels: began again with "
            f"{tiles_in_words(self.problem, side)}"
        )
        self._sizing = self._settled._replace(side=side)
        self._inner = None
        gc.collect()
        if self.engine.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def stop(self) -> Stop | None:
        """Why the fit stopped; None while it goes on."""
        return self._inner.stop if self._inner else None

    @property
    def network_stop(self) -> Stop | None:
        """Why the networks stopped, and their picture; None before, and of tiles."""
        return self._inner.network_stop if self._inner else None

    @property
    def last(self) -> Step | TiledStep | None:
        """The last step."""
        return self._inner.last if self._inner else None

    @property
    def history(self) -> list[Record]:
        """A row for each step."""
        return self._inner.history if self._inner else []

    @property
    def events(self) -> tuple[str, ...]:
        """Problems and how the fit recovered, one sentence each."""
        return (*self._shrunk, *(self._inner.events if self._inner else ()))

    @property
    def notes(self) -> tuple[str, ...]:
        """The size of the tiles and why, what the picture is made of, what was left out."""
        sizing = (self._sizing.note,) if self._sizing and self._sizing.note else ()
        return (*sizing, *(self._inner.notes if self._inner else ()))

    @property
    def deviation(self) -> Tensor | None:
        """Standard deviation of the picture, ``(1, 1, H, W)`` in [0, 1]; None where unknown."""
        return self._inner.deviation if self._inner else None

    def __iter__(self) -> Iterator[Step | TiledStep]:
        return self

    def __repr__(self) -> str:
        """Say problem, recipe and progress in one line."""
        return told(self)

    @in_usual_state()
    def __next__(self) -> Step | TiledStep:
        """Run one step; the first of a fit in smaller tiles if memory runs out.

        Raises
        ------
        DivergenceError
            As for `Fit`.
        MemoryError, RuntimeError
            If memory runs out and the tiles cannot be smaller.
        """

        def step() -> Step | TiledStep:
            return self._fit.__next__()

        return self._with_room(step)

    def found(self) -> Tensor:
        """Return the picture that `restoration` will render, ``(1, C, H, W)``.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        return self._fit.found()

    @in_usual_state()
    def restoration(self) -> Restoration:
        """Hand over the picture so far. See `Fit` and `TiledFit`.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        result = self._fit.restoration()
        notes = (*self.problem.notes, *self.events, *self.notes)
        return dataclasses.replace(result, notes=notes)

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue, besides problem, recipe, seed, engine and tile."""
        return {
            "side": self._settled.side,
            "note": self._settled.note,
            "shrunk": list(self._shrunk),
            "fit": self._inner.state_dict() if self._inner else None,
        }


def begin(
    problem: Problem,
    recipe: Recipe,
    *,
    seed: int,
    engine: Engine,
    tile: Tile,
    state: dict[str, Any] | None = None,
) -> FitLike:
    """Begin a fit, or continue one from its `state_dict`; in tiles if needed.

    Parameters and errors as for `ShrinkingFit`; the tile ``off`` keeps any picture whole.
    """
    if tile != "off" and not stays_whole(problem, tile):
        return ShrinkingFit(problem, recipe, seed=seed, engine=engine, tile=tile, state=state)
    if state is None:
        return Fit(problem, recipe, seed=seed, engine=engine)
    return Fit.resume(problem, recipe, state, seed=seed, engine=engine)
