"""Plug-and-play: self-similar passes over a picture, kept consistent with the data."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from untrained.fitting.half_resolution import Halved, half_of
from untrained.fitting.passes import Passes
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.problem.data_consistency import ProximalStep, data_consistency
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import SelfSimilarPasses
from untrained.system.heartbeat import mapped

_SHORTEST = 1e-6
"""Seconds for a part when all are used up: it still takes one pass."""


class PlugAndPlay:
    """Denoises a picture again and again: each step of ``for step in plug_and_play`` is one pass.

    The entries of the settings run in order. Passes at half the size work on the reduced picture,
    and their change is enlarged and added. Entries without room in the picture are left out.

    Parameters
    ----------
    problem
        What was measured, on the device that does the work.
    settings
        The entries: scale, number of passes, levels, patches.
    picture
        Where to start, ``(1, C, H, W)``.
    seconds
        A budget, split between the entries by their cost; None for no limit.

    Raises
    ------
    ProblemError
        If the passes cannot run, with the reason: see `reason_against`.
    """

    def __init__(
        self,
        problem: Problem,
        settings: Sequence[SelfSimilarPasses],
        picture: Tensor,
        *,
        seconds: float | None = None,
    ) -> None:
        if reason := self.reason_against(problem, settings):
            raise ProblemError(f"no plug-and-play passes can be run: {reason}")
        self._problem = problem
        # Not every factorisation that they need exists on MPS.
        place = "cpu" if picture.device.type == "mps" else picture.device
        self._budget = seconds
        self._picture = picture.to(place)
        self._entries = [entry for entry in settings if _reason_to_skip(problem, entry) is None]
        self._begin(0, index=0, seconds=0.0)
        self.stop: Stop | None = None

    @staticmethod
    def reason_against(problem: Problem, settings: Sequence[SelfSimilarPasses]) -> str | None:
        """Return in one sentence why no pass can run on this problem; None if some can."""
        if not settings:
            return "the recipe has none"
        if data_consistency(problem, settings[0]) is None:
            return "they need known pixels, a projection, or a known noise level"
        reasons = [_reason_to_skip(problem, entry) for entry in settings]
        return None if None in reasons else reasons[0]

    @staticmethod
    def notes(problem: Problem, settings: Sequence[SelfSimilarPasses]) -> tuple[str, ...]:
        """List the settings without effect on this problem and why, one sentence each."""
        if not settings:
            return ()
        if reason := PlugAndPlay.reason_against(problem, settings):
            return (f"no plug-and-play passes were run: {reason}",)
        reasons = [_reason_to_skip(problem, entry) for entry in settings]
        notes = [
            f"passes {number} of {len(settings)} were left out: {reason}"
            for number, reason in enumerate(reasons, 1)
            if reason
        ]
        if problem.is_volume and any(entry.shift_grid for entry in settings):
            notes.append("shift_grid had no effect: the grid of a volume is fixed")
        default = SelfSimilarPasses()
        changed = {
            name
            for name in ("iterations", "trust")
            if any(getattr(entry, name) != getattr(default, name) for entry in settings)
        }
        if changed and not isinstance(data_consistency(problem, settings[0]), ProximalStep):
            names = " and ".join(sorted(changed))
            notes.append(f"{names} had no effect: the measurement is met without noise")
        return tuple(notes)

    def __iter__(self) -> Iterator[Step]:
        return self

    def __next__(self) -> Step:
        """Run one pass."""
        if self.stop is not None:
            raise StopIteration
        if self._passes.ended:
            self._begin(self._entry + 1, index=self._done, seconds=self._spent)
        with mapped(self._progress):
            if self._entries[self._entry].scale == 2:
                filtered = self._run_at_half_size()
            else:
                filtered = self._passes.run()
                self._picture = self._passes.picture
        if self._passes.ended and self._entry + 1 == len(self._entries):
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

    def _begin(self, number: int, *, index: int, seconds: float) -> None:
        """Begin an entry after `index` passes that took `seconds`."""
        self._entry, self._index, self._seconds = number, index, seconds
        entry, budget = self._entries[number], None
        if self._budget is not None:
            left = max(self._budget - seconds, _SHORTEST)
            budget = left * _cost(entry) / sum(_cost(other) for other in self._entries[number:])
        consistency = data_consistency(self._problem, entry)
        if consistency is None:
            raise RuntimeError("the constructor has refused such a problem")
        if entry.scale == 2:
            self._halved = Halved(self._problem.plane, consistency)
            half = self._halved.reduced(self._picture)
            self._passes = Passes(entry, half, self._halved, seconds=budget)
        else:
            self._passes = Passes(entry, self._picture, consistency, seconds=budget)

    def _run_at_half_size(self) -> Tensor:
        """Run one pass at half the size; return the filtered picture, enlarged."""
        self._passes.begin()
        before, picture = self._passes.picture, self._picture
        filtered = self._passes.run()
        self._picture = picture + self._halved.enlarged(self._passes.picture - before)
        return picture + self._halved.enlarged(filtered - before)

    @property
    def _done(self) -> int:
        return self._index + self._passes.index

    @property
    def _spent(self) -> float:
        return self._seconds + self._passes.seconds

    def _loss(self, filtered: Tensor) -> float:
        with torch.no_grad():
            measurement = self._problem.measurement
            seen = measurement.operator(filtered.to(measurement.y.device))
            return float(measurement.error(seen, measurement.y))

    def _progress(self, share: float = 0.0) -> float:
        """Share of the passes that were run, with this much of the next, or of the seconds."""
        counts = [entry.count for entry in self._entries]
        done = min(self._passes.done + share, self._entries[self._entry].count)
        return (sum(counts[: self._entry]) + done) / sum(counts)

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue; the tensors are the live ones."""
        return {
            "picture": self._picture,
            "entry": self._entry,
            "index": self._index,
            "seconds": self._seconds,
            "passes": self._passes.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._picture = state["picture"]
        self._begin(state["entry"], index=state["index"], seconds=state["seconds"])
        self._passes.load_state_dict(state["passes"])


def _reason_to_skip(problem: Problem, entry: SelfSimilarPasses) -> str | None:
    """Return why these passes cannot run: half size needs a picture, patches need room."""
    if entry.scale == 2 and problem.is_volume:
        return "volumes have no passes at half the size"
    size = half_of(problem.plane) if entry.scale == 2 else problem.size
    if min(size) < (least := entry.method.least_side(problem.channels)):
        shape = "x".join(map(str, size))
        return f"patches of {least} pixels do not fit into {shape} pixels"
    return None


def _cost(entry: SelfSimilarPasses) -> float:
    """Predict the time, relative to one pass at full size."""
    return entry.count / entry.scale**2
