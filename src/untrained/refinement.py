"""Refinement: self-similar passes over the networks' picture, under what was measured."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from untrained.agreement import agreement
from untrained.halved import Halved, half_of
from untrained.passes import Passes
from untrained.problem import Problem, ProblemError
from untrained.recipes import SelfSimilarPasses
from untrained.step import Step
from untrained.stopping import Stop

_SHARE_OF_COARSE = 0.4
"""Share of a budget in seconds that the passes at half the size may use."""
_SHORTEST = 1e-6
"""Seconds for the others when all are used up: they still take one pass."""


class Refinement:
    """Filters a picture again and again: ``for step in refinement`` runs one pass each.

    First at half the size, where the settings ask for it: what those passes change is enlarged and
    added to the picture. Then as it is.

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
        self._seconds = seconds
        self._picture = picture.to(place)
        self._coarse = self._at_half_size()
        self._fine = self._at_whole_size() if self._coarse is None else None
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
        if self._coarse is not None and not self._coarse.ended:
            filtered = self._run_at_half_size(self._coarse)
        else:
            self._fine = self._fine or self._at_whole_size()
            filtered = self._fine.run()
            self._picture = self._fine.picture
        index = sum(part.index for part in self._parts)
        if self._fine is not None and self._fine.ended:
            reason = f"{index} self-similar passes were run"
            self.stop = Stop("budget", reason, index, self._picture)
        return Step(
            index=index,
            loss=self._loss(filtered),
            image=filtered,
            average=self._picture,
            picture=self._picture,
            seconds=sum(part.seconds for part in self._parts),
            progress=self._progress(),
        )

    def _at_half_size(self) -> Passes | None:
        settings = self._settings.coarse
        if settings is None or self._problem.is_volume:
            return None
        if min(half_of(self._problem.plane)) < settings.patch:
            return None
        share = None if self._seconds is None else _SHARE_OF_COARSE * self._seconds
        half = self._halved.reduced(self._picture)
        return Passes(settings, half, self._halved, seconds=share)

    def _at_whole_size(self) -> Passes:
        left = self._seconds
        if left is not None and self._coarse is not None:
            left = max(left - self._coarse.seconds, _SHORTEST)
        return Passes(self._settings, self._picture, self._agree, seconds=left)

    def _run_at_half_size(self, passes: Passes) -> Tensor:
        """Run one pass there; give the whole picture as it was filtered."""
        before, picture = passes.picture, self._picture
        filtered = passes.run()
        self._picture = picture + self._halved.enlarged(passes.picture - before)
        return picture + self._halved.enlarged(filtered - before)

    @cached_property
    def _halved(self) -> Halved:
        return Halved(self._problem.plane, self._agree)

    @property
    def _parts(self) -> list[Passes]:
        return [part for part in (self._coarse, self._fine) if part is not None]

    def _loss(self, filtered: Tensor) -> float:
        with torch.no_grad():
            seen = self._problem.operator(filtered.to(self._problem.measurement.device))
            return float(self._problem.error(seen, self._problem.measurement))

    def _progress(self) -> float:
        """Share of the passes that were run, or of the seconds that they may use."""
        coarse = self._settings.coarse
        ahead = coarse.passes if self._coarse and coarse else 0
        return sum(part.done for part in self._parts) / (ahead + self._settings.passes)

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue; the tensors are the live ones."""
        parts = {"coarse": self._coarse, "fine": self._fine}
        saved = {name: part and part.state_dict() for name, part in parts.items()}
        return {"picture": self._picture, **saved}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._picture = state["picture"]
        if self._coarse is not None:
            self._coarse.load_state_dict(state["coarse"])
        if state["fine"] is not None:
            self._fine = self._fine or self._at_whole_size()
            self._fine.load_state_dict(state["fine"])
