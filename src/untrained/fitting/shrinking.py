"""A fit that gives way when memory runs out: it is begun again in smaller tiles."""

import dataclasses
import gc
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import torch

from untrained.fitting.engine import Engine
from untrained.fitting.fit import Fit
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

T = TypeVar("T")


class ElasticFit:
    """Fits a picture in one or, where that is too large, in tiles; smaller ones if memory runs out.

    To be used as `Fit` is. A picture in one gives the very steps of `Fit`.

    Parameters
    ----------
    problem, recipe, seed, engine
        As for `Fit`.
    tile
        Longest side of a tile in pixels of the picture sought; ``auto`` goes by the free memory.
    state
        From `state_dict`, to continue with the tiles of then; all else as when it was made.

    Raises
    ------
    ProblemError
        If the recipe or the tiles do not apply to the problem, or the precision is not the one of
        the saved fit.
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
        if state is None:
            sizing, shrunk = settle_size(problem, recipe, engine, tile), []
        else:
            sizing, shrunk = Sizing(state["side"], state["note"]), list(state["shrunk"])
        self.problem = problem
        if sizing.note:
            notes = (*problem.notes, sizing.note)
            self.problem = dataclasses.replace(problem, notes=notes)
        self.recipe = recipe
        self.seed = seed
        self.engine = engine
        self.tile = tile
        self._sizing = sizing
        self._shrunk: list[str] = shrunk
        self._inner: Fit | TiledFit | None = None
        self._with_room(lambda: self._fit if state is None else self._resume(state["fit"]))

    @property
    def _fit(self) -> Fit | TiledFit:
        """The fit under way, begun when there is none."""
        if self._inner is None:
            given: Any = {"seed": self.seed, "engine": self.engine}
            if self._sizing.side is None:
                self._inner = Fit(self.problem, self.recipe, **given)
            else:
                side = self._sizing.side
                self._inner = TiledFit(self.problem, self.recipe, side=side, **given)
        return self._inner

    def _resume(self, state: dict[str, Any]) -> Fit | TiledFit:
        kind = Fit if self._sizing.side is None else TiledFit
        self._inner = kind.resume(
            self.problem, self.recipe, state, seed=self.seed, engine=self.engine
        )
        return self._inner

    def _with_room(self, work: Callable[[], T]) -> T:
        """Do it; as long as memory runs out, once more with smaller tiles."""
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not (ran_out(error) and self._may_shrink):
                    raise
            # Only here, past the except clause, nothing holds the tensors of what failed.
            self._shrink()

    @property
    def _tried(self) -> int:
        return self._sizing.side or max(self.problem.plane)

    @property
    def _may_shrink(self) -> bool:
        return self.problem.cut is not None and self._tried > least_side(self.problem)

    def _shrink(self) -> None:
        """Let go of the fit and halve the tiles."""
        side = max(least_side(self.problem), self._tried // 2)
        self._shrunk.append(
            f"memory ran out at a side of {self._tried} pixels: began again with "
            f"{tiles_in_words(self.problem, side)}"
        )
        self._sizing = self._sizing._replace(side=side)
        self._inner = None
        gc.collect()
        if self.engine.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def stop(self) -> Stop | None:
        """Why the fit stopped; None while it goes on."""
        return self._fit.stop

    @property
    def last(self) -> Step | TiledStep | None:
        """The last step."""
        return self._fit.last

    @property
    def history(self) -> list[Record]:
        """A row for each step."""
        return self._fit.history

    @property
    def events(self) -> tuple[str, ...]:
        """What went wrong and was mended, a sentence each."""
        return (*self._shrunk, *self._fit.events)

    def __iter__(self) -> Iterator[Step | TiledStep]:
        return self

    def __next__(self) -> Step | TiledStep:
        """Run one step; the first of a fit in smaller tiles if memory runs out.

        Raises
        ------
        DivergenceError
            As for `Fit`.
        MemoryError, RuntimeError
            If memory runs out with tiles that may not be smaller.
        """

        def step() -> Step | TiledStep:
            return self._fit.__next__()

        return self._with_room(step)

    def restoration(self) -> Restoration:
        """Hand over the picture so far. See `Fit` and `TiledFit`.

        Raises
        ------
        RuntimeError
            If no step has been run.
        """
        result = self._fit.restoration()
        return dataclasses.replace(result, notes=(*result.notes, *self._shrunk))

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue, besides problem, recipe, seed, engine and tile."""
        return {
            "side": self._sizing.side,
            "note": self._sizing.note,
            "shrunk": list(self._shrunk),
            "fit": self._fit.state_dict(),
        }


def begin(
    problem: Problem,
    recipe: Recipe,
    *,
    seed: int,
    engine: Engine,
    tile: Tile,
    state: dict[str, Any] | None = None,
) -> Fit | ElasticFit:
    """Begin a fit, or go on with one from its `state_dict`: elastic, unless it stays whole.

    Parameters and errors as for `ElasticFit`; the tile ``off`` keeps any picture whole.
    """
    if tile != "off" and not stays_whole(problem, tile):
        return ElasticFit(problem, recipe, seed=seed, engine=engine, tile=tile, state=state)
    if state is None:
        return Fit(problem, recipe, seed=seed, engine=engine)
    return Fit.resume(problem, recipe, state, seed=seed, engine=engine)
