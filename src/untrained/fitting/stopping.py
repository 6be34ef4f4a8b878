"""Stop rules: when to stop, why in a sentence, and which step's picture is handed over.

A rule takes every step by `update` and answers None, or a Stop. Rules know no network and no truth.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from untrained.fitting.step import Step


@dataclass(frozen=True, eq=False)
class Stop:
    """Why a fit stopped, and what it hands over."""

    rule: str
    reason: str
    """One sentence for people."""
    step: int
    """Index of the step whose picture is handed over."""
    picture: Tensor
    """That picture, ``(1, C, H, W)``; it was yielded by that step."""
    doubt: str = ""
    """What speaks against it, where something does."""


class Rule(Protocol):
    """A stop rule."""

    name: str
    statistic: float | None
    """The number the rule watches, for the curve; None before there is one."""

    def update(self, step: Step) -> Stop | None:
        """Take in a step; answer whether to stop."""

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""


class Budget:
    """Stop when the steps or the seconds are used up, and hand over the last picture."""

    name = "budget"

    def __init__(self, steps: int, seconds: float | None = None) -> None:
        self.steps = steps
        self.seconds = seconds
        self.statistic: float | None = None

    def progress(self, steps: int, seconds: float) -> float:
        """Share of the budget used, in [0, 1], whichever of the two is further."""
        share = steps / self.steps
        if self.seconds is not None:
            share = max(share, seconds / self.seconds)
        return min(share, 1.0)

    def update(self, step: Step) -> Stop | None:
        """Stop at the last step of the budget."""
        if step.index >= self.steps:
            reason = f"the budget of {self.steps} steps was used"
        elif self.seconds is not None and step.seconds >= self.seconds:
            reason = f"the budget of {self.seconds:g} seconds was used after {step.index} steps"
        else:
            return None
        return Stop(self.name, reason, step.index, step.picture)

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the step says it all."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to load."""


class Discrepancy:
    """Stop when the picture explains the measurement as well as the noise allows (Morozov 1966).

    The statistic is the mean squared residual of the picture that would be handed over, divided by
    its expectation under the noise model; the rule stops when it is at most `factor`.

    Parameters
    ----------
    residual
        Mean squared residual of a picture against the measurement.
    expected
        Its expectation for the clean picture.
    factor
        Where to stop, 1 by default in the recipes.
    """

    name = "discrepancy"
    explains = "the noise explains"
    """What the residual is compared with."""

    def __init__(self, residual: Callable[[Tensor], float], expected: float, factor: float) -> None:
        self._residual = residual
        self._expected = expected
        self._factor = factor
        self.statistic: float | None = None

    def update(self, step: Step) -> Stop | None:
        """Stop at the first picture whose residual the noise explains."""
        self.statistic = self._residual(step.picture) / self._expected
        if self.statistic > self._factor:
            return None
        reason = (
            f"the residual fell to {self.statistic:.3f} of what {self.explains} "
            f"at step {step.index}"
        )
        return Stop(self.name, reason, step.index, step.picture)

    def state_dict(self) -> dict[str, Any]:
        """The last statistic."""
        return {"statistic": self.statistic}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.statistic = state["statistic"]


class HeldOut:
    """Hand over the picture that foretells best what was held out of the measurement (Stone 1974).

    The statistic is the misfit of the held-out part, which noise in the picture raises again. When
    it has made no new minimum for `patience` steps, or the budget is used, the rule stops and hands
    over the picture of the minimum.

    Parameters
    ----------
    score
        Misfit of a picture on the held-out part.
    guess
        The score of the initial guess, which the sentence compares with; None when there is none.
    every
        Steps between two looks.
    patience
        In steps.
    """

    name = "held-out"
    found = "the held-out part of the measurement was foretold best"
    """What the step that is handed over is chosen for."""

    def __init__(
        self, score: Callable[[Tensor], float], guess: float | None, every: int, patience: int
    ) -> None:
        self._score = score
        self._guess = guess
        self._every = every
        self._patience = patience
        self._best: tuple[int, Tensor] | None = None
        self._least = float("inf")
        self.statistic: float | None = None

    def update(self, step: Step) -> Stop | None:
        """Look at every few steps; stop when the least score is `patience` steps old."""
        over = step.progress >= 1
        if over or self._best is None or step.index % self._every == 0:
            self.statistic = self._score(step.picture)
            if self.statistic < self._least or self._best is None:
                self._least, self._best = self.statistic, (step.index, step.picture)
        best, picture = self._best
        if not over and step.index - best < self._patience:
            return None
        why = "when the budget was used" if over else f"and not less in {self._patience} steps"
        words = f"{self.found} at step {best}, {why}"
        compared, doubt = self._compared()
        return Stop(self.name, words + compared + doubt, best, picture, doubt.removeprefix(": "))

    def _compared(self) -> tuple[str, str]:
        """How the best picture stands beside the initial guess, in words, and the doubt of it."""
        if self._guess is None:
            return "", ""
        ratio = self._least / max(self._guess, 1e-30)
        if ratio < 1:
            return f": misfit {ratio:.3g} of the initial guess's", ""
        return "", (
            f": yet worse than by the initial guess ({ratio:.3g} of its misfit); keep the guess, "
            "or change the recipe"
        )

    def state_dict(self) -> dict[str, Any]:
        """The best picture so far."""
        return {
            "best_step": self._best[0] if self._best else None,
            "best_picture": self._best[1] if self._best else None,
            "statistic": self.statistic,
            "least": self._least,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        if state["best_step"] is not None:
            self._best = (state["best_step"], state["best_picture"])
        self.statistic, self._least = state["statistic"], state["least"]


class UnbiasedRisk(HeldOut):
    """Hand over the picture whose estimated mean squared error is least; else as `HeldOut`."""

    name = "unbiased-risk"
    found = "the estimated risk was least"


class NearestPartner(HeldOut):
    """Hand over the picture that is nearest to the partner's estimate; else as `HeldOut`.

    Both err, in ways of their own: until the network fits noise, it comes nearer to the estimate.
    """

    name = "nearest-partner"
    found = "the network was nearest to the self-similarity estimate"


class WindowedVariance:
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
        """Take in the single iterate; stop when the least variance is `patience` steps old."""
        self._push(self._fixed_point(step.image))
        if len(self._pictures) < self._window:
            return None
        self.statistic = self._variance()
        if self.statistic < self._least:
            self._least = self.statistic
            reason = f"the windowed variance was least at step {step.index}"
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
