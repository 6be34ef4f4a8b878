"""Refinement: self-similar passes over the networks' picture, under what was measured."""

import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from untrained.agreement import agreement
from untrained.filters import FILTERS
from untrained.patches import Stage
from untrained.problem import Problem, ProblemError
from untrained.recipes import SelfSimilarPasses
from untrained.step import Step
from untrained.stopping import Stop


class Refinement:
    """Filters a picture again and again: ``for step in refinement`` runs one pass each.

    Each pass filters as if the picture held noise of a level that falls from pass to pass, goes
    further in the direction found, and brings the picture into agreement with the measurement.

    Parameters
    ----------
    problem
        What was measured, on the device where to work.
    settings
        Number of passes, levels, sizes.
    picture
        Where to begin, ``(1, C, H, W)``.
    seconds
        A budget; None is without end.

    Raises
    ------
    ProblemError
        If nothing tells how a picture agrees with the measurement; see `applies`.
    """

    def __init__(
        self,
        problem: Problem,
        settings: SelfSimilarPasses,
        picture: Tensor,
        *,
        seconds: float | None = None,
    ) -> None:
        self._problem = problem
        self._settings = settings
        # Not every factorisation that they need exists on MPS.
        place = "cpu" if picture.device.type == "mps" else picture.device
        agree = agreement(problem, settings)
        if agree is None:
            raise ProblemError("nothing tells how a picture agrees with this measurement")
        self._agree = agree
        self._picture = self._agree(picture.to(place), settings.first)
        self._budget = seconds
        self._index = 0
        self._seconds = 0.0
        self.stop: Stop | None = None

    @staticmethod
    def applies(problem: Problem, settings: SelfSimilarPasses) -> bool:
        """Whether a picture can be brought into agreement, and has room for patches."""
        room = min(problem.size) >= settings.patch
        return room and agreement(problem, settings) is not None

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        """Run one pass."""
        if self.stop is not None:
            raise StopIteration
        start, settings = time.perf_counter(), self._settings
        level = settings.first * (settings.last / settings.first) ** self._progress()
        stage = Stage(settings.patch, settings.group)
        picture = self._picture
        filtered = FILTERS[settings.method](picture, level, pilot=picture, stage=stage)
        with torch.no_grad():
            seen = self._problem.operator(filtered.to(self._problem.measurement.device))
            loss = float(self._problem.error(seen, self._problem.measurement))
        towards = picture.lerp(filtered, settings.relaxation)
        self._picture = self._agree(towards, level).clamp(0, 1)
        self._index += 1
        self._seconds += time.perf_counter() - start
        ended = self._index == settings.passes or self._late()
        if ended:
            reason = f"{self._index} self-similar passes were run"
            self.stop = Stop("budget", reason, self._index, self._picture)
        return Step(
            index=self._index,
            loss=loss,
            image=filtered,
            average=self._picture,
            picture=self._picture,
            seconds=self._seconds,
            progress=1.0 if ended else self._progress(),
        )

    def _late(self) -> bool:
        return self._budget is not None and self._seconds >= self._budget

    def _progress(self) -> float:
        """Share of the way from the first level to the last, by passes or by seconds."""
        share = self._index / max(self._settings.passes - 1, 1)
        spent = 0.0 if self._budget is None else self._seconds / self._budget
        return min(max(share, spent), 1.0)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue; the tensors are the live ones."""
        return {"picture": self._picture, "index": self._index, "seconds": self._seconds}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._picture, self._index = state["picture"], state["index"]
        self._seconds = state["seconds"]
