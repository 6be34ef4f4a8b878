"""Problem: all that a fit may see."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor, nn

from untrained.errors import RequestError
from untrained.image import Picture
from untrained.noise import Gaussian, mean_squared_error
from untrained.operators import Mask
from untrained.recipes import Task
from untrained.window import Window


def observed(picture: Picture, operator: nn.Module | None = None) -> tuple[Tensor, nn.Module]:
    """Say what was measured of a picture with missing pixels, and through what.

    Parameters
    ----------
    picture
        What the user gave.
    operator
        A, from the picture sought to one like `picture`; the identity when None.

    Returns
    -------
    The measurement, float32 ``(1, C, H, W)``, zero where pixels are missing, and A followed by the
    mask of the known ones.
    """
    operator = nn.Identity() if operator is None else operator
    if picture.missing is None:
        return picture.pixels, operator
    known = ~picture.missing
    return picture.pixels * known, nn.Sequential(operator, Mask(known))


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
    misfit: Callable[[Tensor, Tensor], Tensor] = mean_squared_error
    """E: a scalar from what A made of a picture and the target, both as the measurement."""
    guide: Tensor | None = None
    """A picture ``(1, G, H, W)`` that resembles the one sought, for the guide pairing."""
    agree: Callable[[Tensor], Tensor] | None = None
    """Brings a picture ``(1, C, H, W)`` into agreement with the measurement, on the CPU."""
    drift: Callable[[Tensor], float] | None = None
    """How far off a picture ``(1, C, H, W)`` is as a whole, by which a stuck fit is known."""
    kept: Tensor | None = None
    """Bool ``(1, 1, H, W)``: pixels of the input that are put back bit for bit."""
    filled: Tensor | None = None
    """Bool ``(1, 1, H, W)``: missing pixels that the result supplies."""
    verdict: Callable[[Picture], str] | None = None
    """Says in a sentence how well the picture as written does what was asked."""
    variant: str = ""
    """Kind of problem within the task, for which presets may have other settings."""
    notes: tuple[str, ...] = ()
    """What was decided from the picture, in words."""
    cut: Callable[[Window], "Problem"] | None = None
    """Describes the same for a window of the picture sought; None where only the whole has sense.

    What was decided from the whole picture, such as a noise level, holds for its windows.
    """
    grain: int = 1
    """Windows begin at multiples of this many pixels."""

    @property
    def channels(self) -> int:
        """Number of colour channels C."""
        return self.picture.channels

    @property
    def settled(self) -> bool:
        """Whether there is nothing to find: every pixel is put back, or stays missing."""
        missing = self.picture.missing
        stays = self.filled is None and missing is not None and bool(missing.all())
        return stays or (self.kept is not None and bool(self.kept.all()))

    @property
    def blind(self) -> bool:
        """Whether all is to be found and nothing was measured."""
        return self.filled is not None and bool(self.filled.all())

    def window(self, window: Window) -> "Problem":
        """Give the same problem for a window of the picture sought.

        Raises
        ------
        ProblemError
            If the problem is one of the whole picture.
        """
        if self.cut is None:
            raise ProblemError(f"{self.task} is of the whole picture: it cannot be done in tiles")
        return replace(self.cut(window), variant=self.variant)

    def compose(self, image: Tensor) -> Picture:
        """Dress a network's output ``(1, C, H, W)`` as a picture like the input."""
        image = image.cpu()
        agreed = image if self.agree is None else self.agree(image)
        return self.picture.with_pixels(agreed, kept=self.kept, filled=self.filled)
