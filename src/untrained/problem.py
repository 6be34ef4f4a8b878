"""Problem: all that a fit may see."""

from dataclasses import dataclass

from torch import Tensor, nn

from untrained.errors import RequestError
from untrained.image import Picture
from untrained.noise import Gaussian
from untrained.recipes import Task


class ProblemError(RequestError):
    """A request that makes no sense for this picture; the message says what would."""


@dataclass(frozen=True, eq=False)
class Problem:
    """The measurement, the forward operator, the noise, and how to compose the final picture.

    It knows no network and no clean picture.
    """

    task: Task
    picture: Picture
    """What the user gave; its metadata dress the result."""
    measurement: Tensor
    """y, float32 ``(1, C, h, w)``."""
    operator: nn.Module
    """A, from ``(1, C, H, W)`` to the shape of the measurement."""
    size: tuple[int, int]
    """H and W of the picture sought."""
    noise: Gaussian | None = None
    kept: Tensor | None = None
    """Bool ``(1, 1, H, W)``: pixels of the input that are put back bit for bit."""
    filled: Tensor | None = None
    """Bool ``(1, 1, H, W)``: missing pixels that the result supplies."""
    factor: int = 1
    """Upscaling factor."""
    notes: tuple[str, ...] = ()
    """What was decided from the picture, in words."""

    @property
    def channels(self) -> int:
        """Number of colour channels C."""
        return int(self.measurement.shape[1])

    def compose(self, image: Tensor) -> Picture:
        """Dress a network's output ``(1, C, H, W)`` as a picture like the input."""
        return self.picture.with_pixels(image.cpu(), kept=self.kept, filled=self.filled)
