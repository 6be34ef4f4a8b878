"""Refinement: self-similar passes over the networks' picture, under what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from untrained.fitting.half_size import Halved, half_of
from untrained.fitting.passes import Passes
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.problem.data_consistency import agreement
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import SelfSimilarPasses

_SHORTEST = 1e-6
"""Seconds for a part when all are used up: it still takes one pass."""


class Refinement:
    """Filters a picture again and again: ``for step in refinement`` runs one pass each.

    First at half the size, where the settings ask for it: what those passes change is enlarged and
    added to the picture. Then as it is; and so on with the passes that follow.

    Parameters
    ----------
    problem
        What was measured, on the device where to work.
    settings
        Number of passes, levels, sizes.
    picture
        Where to begin, ``(1, C, H, W)``.
    seconds
        A budget, shared by what the parts cost; None is without end.

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
        # Not every factorisation that they need exists on MPS.
        place = "cpu" if picture.device.type == "mps" else picture.device
        agree = agreement(problem, settings)
        if agree is None:
            raise ProblemError("nothing tells how a picture agrees with this measurement")
        self._agree = agree
        self._budget = seconds
        self._picture = picture.to(place)
        self._parts = [part for part in _parts(settings) if part.fits(problem)]
        self._begin(0, index=0, seconds=0.0)
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
        if self._passes.ended:
            self._begin(self._part + 1, index=self._done, seconds=self._spent)
        if self._parts[self._part].halved:
            filtered = self._run_at_half_size()
        else:
            filtered = self._passes.run()
            self._picture = self._passes.picture
        if self._passes.ended and self._part + 1 == len(self._parts):
            reason = f"{self._done} self-similar passes were run"
            self.stop = Stop("budget", reason, self._done, self._picture)
        return Step(
            index=self._done,
            loss=self._loss(filtered),
            image=filtered,
            average=self._picture,
            picture=self._picture,
            seconds=self._spent,
            progress=self._progress(),
        )

    def _begin(self, part: int, *, index: int, seconds: float) -> None:
        """Begin a part, when so many passes were run in so many seconds."""
        self._part, self._index, self._seconds = part, index, seconds
        chosen, budget = self._parts[part], None
        if self._budget is not None:
            left = max(self._budget - seconds, _SHORTEST)
            budget = left * chosen.cost / sum(other.cost for other in self._parts[part:])
        if chosen.halved:
            half = self._halved.reduced(self._picture)
            self._passes = Passes(chosen.settings, half, self._halved, seconds=budget)
        else:
            self._passes = Passes(chosen.settings, self._picture, self._agree, seconds=budget)

    def _run_at_half_size(self) -> Tensor:
        """Run one pass there; give the whole picture as it was filtered."""
        before, picture = self._passes.picture, self._picture
        filtered = self._passes.run()
        self._picture = picture + self._halved.enlarged(self._passes.picture - before)
        return picture + self._halved.enlarged(filtered - before)

    @cached_property
    def _halved(self) -> Halved:
        return Halved(self._problem.plane, self._agree)

    @property
    def _done(self) -> int:
        return self._index + self._passes.index

    @property
    def _spent(self) -> float:
        return self._seconds + self._passes.seconds

    def _loss(self, filtered: Tensor) -> float:
        with torch.no_grad():
            seen = self._problem.operator(filtered.to(self._problem.measurement.device))
            return float(self._problem.error(seen, self._problem.measurement))

    def _progress(self) -> float:
        """Share of the passes that were run, or of the seconds that they may use."""
        counts = [part.settings.passes for part in self._parts]
        return (sum(counts[: self._part]) + self._passes.done) / sum(counts)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue; the tensors are the live ones."""
        return {
            "picture": self._picture,
            "part": self._part,
            "index": self._index,
            "seconds": self._seconds,
            "passes": self._passes.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._picture = state["picture"]
        self._begin(state["part"], index=state["index"], seconds=state["seconds"])
        self._passes.load_state_dict(state["passes"])


@dataclass(frozen=True)
class _Part:
    """Passes of one size, of those that are run in turn."""

    settings: SelfSimilarPasses
    halved: bool

    def fits(self, problem: Problem) -> bool:
        """Whether there is room for them: half the size is for pictures alone."""
        if not self.halved:
            return min(problem.size) >= self.settings.patch
        return not problem.is_volume and min(half_of(problem.plane)) >= self.settings.patch

    @property
    def cost(self) -> float:
        """Time, in that of a pass at whole size."""
        return self.settings.passes / (4 if self.halved else 1)


def _parts(settings: SelfSimilarPasses) -> Iterator[_Part]:
    """Take the settings apart, in the order of the passes."""
    if settings.coarse is not None:
        yield _Part(settings.coarse, halved=True)
    yield _Part(settings, halved=False)
    if settings.then is not None:
        yield from _parts(settings.then)
