"""Snapshots of a fit for its report, at log-spaced steps."""

import math
from collections.abc import Mapping

from untrained.fitting.fit_like import StepLike
from untrained.picture import preview


class Snapshots:
    """Keeps the pictures of log-spaced steps: 1, 2, 3, 5, 8, 12 ... as 8-bit PNGs.

    Call `update` with every step; a snapshot is what would have been handed over then.
    """

    _RATIO = 1.5

    def __init__(self) -> None:
        self.pictures: dict[int, bytes] = {}
        self._next = 1

    def update(self, step: StepLike) -> None:
        """Keep the picture of a step if it is due."""
        if step.index >= self._next:
            self._keep(step.index, preview.png_bytes(step.picture))

    def recall(self, earlier: Mapping[int, bytes]) -> None:
        """Take the snapshots of the steps that were run before a fit was resumed."""
        for index, png in sorted(earlier.items()):
            self._keep(index, png)

    def _keep(self, index: int, png: bytes) -> None:
        self.pictures[index] = png
        self._next = max(index + 1, math.ceil(index * self._RATIO))
