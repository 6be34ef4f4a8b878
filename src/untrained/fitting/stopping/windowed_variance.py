"""Stop at the minimum of the windowed moving variance (ES-WMV, Wang et al. 2023)."""

from collections import deque
from typing import Any

import torch
from torch import Tensor

from untrained.fitting.step import Step
from untrained.fitting.stopping.registry import Watched, stop_rule
from untrained.fitting.stopping.rule import Rule, Stop
from untrained.recipes import WindowedVariance


class WindowedVarianceRule:
    """Stop at the minimum of the windowed moving variance (ES-WMV, Wang et al. 2023, algorithm 1).

    The variance of the last W pictures, ``1/W sum_i ||x_i - mean||^2 / n``, is least near the best
    picture. When it has made no new minimum for `patience` steps the rule stops and hands over the
    picture of the minimum.

    Running sums make an update O(pixels) and not O(W x pixels). The pictures are kept in fixed
    point of 2^-14, in which the sums are exact: nothing drifts however long the fit.

    Raises
    ------
    ValueError
        If the window is below 2, or so long that the sums could overflow (over 65536).
    """

    name = "windowed-variance"
    _ONE = 2**14

    def __init__(self, window: int, patience: int) -> None:
        if not 2 <= window <= 2**16:
            raise ValueError(f"window {window} is not between 2 and 65536 pictures")
        self._window = window
        self._patience = patience
        self._pictures: deque[Tensor] = deque()
        self._sum: Tensor | None = None
        self._squares = 0
        self._best: Stop | None = None
        self.statistic: float | None = None
        self._least = float("inf")

    def update(self, step: Step) -> Stop | None:
        """Take in the single iterate; stop when the lowest variance is `patience` steps old."""
        self._push(self._fixed_point(step.image))
        if len(self._pictures) < self._window:
            return None
        self.statistic = self._variance()
        if self.statistic < self._least:
            self._least = self.statistic
            reason = f"the windowed variance was lowest at step {step.index}"
            self._best = Stop(self.name, reason, step.index, step.picture)
        best = self._best
        if best is None or step.index - best.step < self._patience:
            return None
        return Stop(
            self.name,
            f"{best.reason} and made no new minimum in {self._patience} steps",
            best.step,
            best.picture,
        )

    def _fixed_point(self, image: Tensor) -> Tensor:
        return (image.clamp(-2, 1.9999) * self._ONE).round().to(torch.int16)

    def _push(self, picture: Tensor) -> None:
        if self._sum is None:
            self._sum = torch.zeros(picture.shape, dtype=torch.int32, device=picture.device)
        self._pictures.append(picture)
        self._sum += picture
        self._squares += self._sum_of_squares(picture)
        if len(self._pictures) > self._window:
            oldest = self._pictures.popleft()
            self._sum -= oldest
            self._squares -= self._sum_of_squares(oldest)

    @staticmethod
    def _sum_of_squares(picture: Tensor) -> int:
        return int(picture.long().square().sum())

    def _variance(self) -> float:
        count = len(self._pictures)
        total = self._sum_of_squares(self._sum) if self._sum is not None else 0
        scale = count * self._pictures[0].numel() * self._ONE**2
        return (self._squares - total / count) / scale

    def state_dict(self) -> dict[str, Any]:
        """The window, the sums and the best picture so far."""
        return {
            "pictures": torch.stack(list(self._pictures)) if self._pictures else None,
            "best_step": self._best.step if self._best else None,
            "best_reason": self._best.reason if self._best else None,
            "best_picture": self._best.picture if self._best else None,
            "statistic": self.statistic,
            "least": self._least,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._pictures.clear()
        self._sum, self._squares, self._best = None, 0, None
        for picture in state["pictures"] if state["pictures"] is not None else ():
            self._push(picture)
        if state["best_step"] is not None:
            self._best = Stop(
                self.name, state["best_reason"], state["best_step"], state["best_picture"]
            )
        self.statistic, self._least = state["statistic"], state["least"]


@stop_rule(WindowedVariance)
def _windowed_variance(settings: WindowedVariance, watched: Watched) -> Rule:  # noqa: ARG001
    return WindowedVarianceRule(settings.window, settings.patience)
