"""Restoration: what a fit hands over."""

import html
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from untrained.picture.picture import Picture, described
from untrained.picture.preview import data_url, thumbnail
from untrained.picture.writing import write
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


@dataclass(frozen=True, eq=False, repr=False)
class Restoration:
    """The restored picture and how it was made."""

    task: str
    image: Tensor
    """The restored picture in the file's own terms read back, float32 ``(1, C, H, W)``."""
    restored: Picture
    """The same with the metadata, bit depth and untouched samples of the input."""
    before: Picture
    """The input; of a measurement, the initial guess."""
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
    def picture(self) -> Any:
        """The restored picture in the user's kind: a Picture of a file, else an array (masked where
        the input was), a tensor, an image of Pillow or a DataArray, as the input was.
        """
        return self.restored.in_kind()

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the picture, with the metadata of its file. See `write`.

        Raises
        ------
        PictureError, OSError
            As for `write`.
        """
        write(path, self.restored, overwrite=overwrite)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Return the picture as ``(H, W[, C])`` in the input's own data type."""
        return np.array(self.restored.to_numpy(), dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        """Say task, picture, steps and time in one line."""
        work = f"{self.steps} steps in {self.seconds:.3g} s"
        return f"Restoration({self.task}, {described(self.restored)}, {work})"

    def _repr_html_(self) -> str:
        """Show it in a notebook, beside what it was made from."""
        figures = "".join(
            f'<figure style="display: inline-block; margin: 0 1em 0 0"><img alt="{name}" '
            f'src="{data_url(thumbnail(picture.shown))}"><figcaption>{name}</figcaption></figure>'
            for name, picture in (("before", self.before), ("after", self.restored))
        )
        return f"<div>{figures}<p>{html.escape(repr(self))}</p></div>"


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {
        "untrained": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
