"""Problem: all that a fit may see."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from untrained.errors import RequestError
from untrained.picture.picture import Picture, described
from untrained.picture.region import Region, Size
from untrained.problem.knowledge import Knowledge
from untrained.problem.measurement import Measurement
from untrained.problem.rendering import Rendering


class ProblemError(RequestError):
    """A request that does not fit this picture; the message says what would."""


@dataclass(frozen=True, eq=False, repr=False)
class Problem:
    """What was measured, what else is known, and how a fitted picture becomes the result.

    It holds neither a network nor the clean picture.
    """

    task: str
    """The task whose presets fit it."""
    picture: Picture
    """The user's picture; the result is of its kind."""
    measurement: Measurement
    size: Size
    """H and W of the fitted picture; D, H and W of a volume."""
    channels: int
    """C of the fitted picture."""
    knowledge: Knowledge = field(default_factory=Knowledge)
    rendering: Rendering = field(default_factory=Rendering)
    self_check: Callable[[Picture], str | None] | None = None
    """Describes in one sentence how well the result meets the request; None if all is well."""
    variant: str = ""
    """Kind of problem within the task, for which presets may have other settings."""
    ambiguous: bool = False
    """Whether shift, half turn and phase of the picture are ambiguous."""
    notes: tuple[str, ...] = ()
    """What was decided from the picture, in words."""
    cut: Callable[[Region], "Problem"] | None = None
    """Describes the same for a region of the fitted picture; None where only the whole makes sense.

    What was decided from the whole picture, such as a noise level, holds for its regions.
    """
    tile_alignment: int = 1
    """Tiles begin at multiples of this many pixels."""

    def __repr__(self) -> str:
        """Say task, variant and picture in one line."""
        variant = f" ({self.variant})" if self.variant else ""
        return f"Problem({self.task}{variant}, {described(self.picture)})"

    @property
    def result_size(self) -> Size:
        """H and W of the result; D, H and W of a volume."""
        frame = self.rendering.frame
        return self.size if frame is None else frame

    @property
    def plane(self) -> tuple[int, int]:
        """H and W of the fitted picture, also of a volume."""
        return self.size[-2], self.size[-1]

    @property
    def is_volume(self) -> bool:
        """Whether the fitted picture is a volume."""
        return len(self.size) == 3

    @property
    def settled(self) -> bool:
        """Whether there is nothing to restore: every pixel is kept, or stays missing."""
        missing, kept = self.picture.missing, self.rendering.kept
        stays = self.rendering.filled is None and missing is not None and bool(missing.all())
        return stays or (kept is not None and bool(kept.all()))

    @property
    def blind(self) -> bool:
        """Whether nothing was measured: every pixel is to be filled."""
        filled = self.rendering.filled
        return filled is not None and bool(filled.all())

    def region(self, window: Region) -> "Problem":
        """Return the same problem for a region of the fitted picture.

        Raises
        ------
        ProblemError
            If the problem can only be solved as a whole.
        """
        if self.cut is None:
            raise ProblemError(f"{self.task} needs the whole picture: it cannot be done in tiles")
        return replace(self.cut(window), variant=self.variant)

    def with_guide(self, guide: Tensor | None) -> "Problem":
        """Return the same problem with another guide."""
        return replace(self, knowledge=replace(self.knowledge, guide=guide))

    def to(self, device: torch.device) -> "Problem":
        """Copy what a fit computes with to a device."""
        return replace(
            self, measurement=self.measurement.to(device), knowledge=self.knowledge.to(device)
        )

    def render(self, image: Tensor) -> Picture:
        """Turn a network's output ``(1, C, [D,] H, W)`` into a picture like the input."""
        projected = self.projected(image)
        unknown = self.measurement.unknown
        if unknown is not None:
            projected = unknown.centre(projected)
        return self.rendering.picture(projected, self.picture)

    def deviation(self, sigma: Tensor, *, at: Tensor) -> Tensor:
        """Propagate the standard deviation of a network's output to the result.

        See `Rendering.deviation`. The projection is left out: a projection onto a convex set never
        moves two pictures apart, so the deviation is at most too large.
        """
        unknown = self.measurement.unknown
        if unknown is not None:
            sigma, at = unknown.centre(sigma), unknown.centre(at)
        return self.rendering.deviation(sigma, at=at)

    def uncertainty(self, sigma: Tensor, *, at: Tensor) -> Tensor:
        """Compute the root mean square of `deviation` over the channels, ``(1, 1, [D,] H, W)``."""
        squares = self.deviation(sigma.cpu().double(), at=at.cpu()).square()
        return squares.mean(dim=1, keepdim=True).sqrt().to(sigma.dtype)

    def projected(self, image: Tensor) -> Tensor:
        """Project a network's output onto the measurement, if the problem has a projection.

        On the CPU.
        """
        image, project = image.cpu(), self.knowledge.project
        return image if project is None else project(image)
