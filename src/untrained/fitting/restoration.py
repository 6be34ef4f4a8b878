"""Restoration: what a fit hands over."""

import platform
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from untrained.picture.picture import Picture
from untrained.recipes import Recipe
from untrained.version import __version__


class Record(NamedTuple):
    """One row of the history of a fit."""

    step: int
    loss: float
    statistic: float | None
    """What the stop rule watches; None when it watches nothing."""
    seconds: float
    stage: str = "network"
    """The name of the stage that made the step."""


@dataclass(frozen=True, eq=False)
class Restoration:
    """The restored picture and how it was made."""

    task: str
    image: Tensor
    """The restored picture in the file's own terms read back, float32 ``(1, C, H, W)``."""
    restored: Picture
    """The same with the metadata, bit depth and untouched samples of the input."""
    stopped: str
    """Why the fit stopped, a sentence."""
    chosen_step: int
    steps: int
    seconds: float
    history: tuple[Record, ...]
    notes: tuple[str, ...]
    """What was decided from the picture and what happened on the way, one sentence each."""
    self_checks: tuple[str, ...]
    """How well the picture as written meets the request, one sentence each, where measurable."""
    uncertainty: Tensor | None
    """Standard deviation over the networks, propagated to the result, its root mean square over the
    channels: ``(1, 1, H, W)`` in the units of `image`, 0 where pixels were kept; None for one
    network, for tiles, and for a fit that was interrupted. See `averaging.standard_deviation` and
    `Rendering.deviation`.
    """
    recipe: Recipe
    seed: int
    device: str
    precision: str
    precision_why: str
    kernel: Tensor | None = None
    """The fitted blur kernel ``(h, w)``, if the kernel was unknown."""
    ambiguous: bool = False
    """Whether shift, half turn and phase are ambiguous: metrics align the picture first."""

    @property
    def picture(self) -> Picture | np.ndarray[Any, Any] | Tensor:
        """The restored picture in the user's kind: Picture, NumPy array or torch tensor."""
        return self.restored.in_kind()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Return the picture as ``(H, W[, C])`` in the input's own data type."""
        return np.array(self.restored.to_numpy(), dtype=dtype, copy=copy)


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {
        "untrained": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
