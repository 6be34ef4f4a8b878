"""Self-similar passes over a picture of one size, whole or half."""

import time
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from untrained.denoisers.registry import denoise
from untrained.problem.data_consistency import DataConsistency
from untrained.recipes import SelfSimilarPasses

_STEP = 5
"""Shift of the patch grid from pass to pass: no place comes twice before all have come once."""


class Passes:
    """Denoises a picture again and again, at a noise level that falls from pass to pass.

    Each pass overshoots along the change that it found, then makes the picture consistent with the
    measurement.

    Parameters
    ----------
    settings
        Number of passes, levels, sizes.
    picture
        Where to begin, ``(1, C, H, W)``.
    consistency
        Makes a picture consistent with the measurement.
    seconds
        A budget; None for no limit.
    """

    def __init__(
        self,
        settings: SelfSimilarPasses,
        picture: Tensor,
        consistency: DataConsistency,
        *,
        seconds: float | None = None,
    ) -> None:
        self._settings = settings
        self._consistency = consistency
        self._budget = seconds
        self._shifted = settings.shift_grid and picture.ndim == 4
        self._begun = False
        self.picture = picture
        self.index = 0
        self.seconds = 0.0

    def begin(self) -> None:
        """Make the picture consistent with the measurement, before the first pass."""
        if not self._begun:
            self.picture = self._consistency(self.picture, self._settings.first_level)
            self._begun = True

    def run(self) -> Tensor:
        """Run one pass; return the filtered picture, before the overshoot."""
        self.begin()
        start, settings = time.perf_counter(), self._settings
        falls = settings.last_level / settings.first_level
        level = settings.first_level * falls**self._progress
        filtered = self._filtered(level)
        towards = self.picture.lerp(filtered, settings.relaxation)
        self.picture = self._consistency(towards, level).clamp(0, 1)
        self.index += 1
        self.seconds += time.perf_counter() - start
        return filtered

    def _filtered(self, level: float) -> Tensor:
        settings, picture = self._settings, self.picture
        grid = settings.method.grid()
        down, right = divmod(self.index * _STEP % grid**2, grid)
        if not self._shifted or not (down or right):
            return denoise(picture, level, settings.method, pilot=picture)
        picture = F.pad(picture, (right, 0, down, 0), mode="reflect")
        filtered = denoise(picture, level, settings.method, pilot=picture)
        return filtered[..., down:, right:]

    @property
    def ended(self) -> bool:
        """Whether all passes were run, or all seconds used."""
        return self.done == self._settings.count

    @property
    def done(self) -> float:
        """How many passes have run, or the share of them that the used seconds are worth."""
        count = self._settings.count
        return min(max(float(self.index), self._spent * count), count)

    @property
    def _progress(self) -> float:
        """Share of the way from the first level to the last, by passes or by seconds."""
        share = self.index / max(self._settings.count - 1, 1)
        return min(max(share, self._spent), 1.0)

    @property
    def _spent(self) -> float:
        return 0.0 if self._budget is None else self.seconds / self._budget

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue; the tensors are the live ones."""
        return {
            "picture": self.picture,
            "begun": self._begun,
            "index": self.index,
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.picture, self._begun = state["picture"], state["begun"]
        self.index, self.seconds = state["index"], state["seconds"]
