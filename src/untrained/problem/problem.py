"""Problem: all that a fit may see."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor, nn

from untrained.errors import RequestError
from untrained.noise import Gaussian, Poisson, mean_squared_error
from untrained.operators import BlindBlur, Mask, part, part_of_equaliser
from untrained.picture.picture import Picture
from untrained.picture.region import Size, Window
from untrained.recipes import Task


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
    """y, as the operator gives it: float32 ``(1, C, [d,] h, w)`` for a picture."""
    operator: nn.Module
    """A, from ``(1, C, [D,] H, W)`` in [0, 1] to the shape of the measurement."""
    size: Size
    """H and W of the picture sought; D, H and W of a volume."""
    sought: int | None = None
    """Channels of the picture sought, where they are not those of the user's."""
    noise: Gaussian | Poisson | None = None
    misfit: Callable[[Tensor, Tensor], Tensor] = mean_squared_error
    """E: a scalar from what A made of a picture and the target, both as the measurement."""
    equaliser: nn.Module | None = None
    """Linear, on what A made of a picture and on the measurement, before their squared error: so
    that all that A lets through counts alike (back-projection fidelity, Tirer and Giryes 2020)."""
    guide: Tensor | None = None
    """A picture ``(1, G, H, W)`` that resembles the one sought, for the guide pairing."""
    estimate: Callable[[Tensor], Tensor] | None = None
    """Makes that guide of a measurement, where it was made of the measurement alone."""
    parts: Tensor | None = None
    """Which part each sample of the measurement belongs to, counted from 0 (projections, lines):
    they are held out as a whole. Each sample is a part when None."""
    blocks: Tensor | None = None
    """Which block each sample belongs to, where A can measure a block without the others
    (projections, coils, masks, pupils); None where it measures all at once."""
    agree: Callable[[Tensor], Tensor] | None = None
    """Brings a picture ``(1, C, H, W)`` into agreement with the measurement, on the CPU."""
    unbias: Callable[[Tensor], Tensor] | None = None
    """From what a measurement is in the mean to the picture, where that is another; on the CPU."""
    dress: Callable[[Tensor], Tensor] | None = None
    """From the network's picture in [0, 1] to the result: its units, its frame; on the CPU."""
    frame: Size | None = None
    """H and W of the result, where that is cut out of the picture sought."""
    drift: Callable[[Tensor], float] | None = None
    """How far off a picture ``(1, C, H, W)`` is as a whole, by which a stuck fit is known."""
    kept: Tensor | None = None
    """Bool ``(1, 1 or C, H, W)``: samples of the input that are put back bit for bit."""
    filled: Tensor | None = None
    """Bool ``(1, 1, H, W)``: missing pixels that the result supplies."""
    verdict: Callable[[Picture], str] | None = None
    """Says in a sentence how well the picture as written does what was asked."""
    variant: str = ""
    """Kind of problem within the task, for which presets may have other settings."""
    ambiguous: bool = False
    """Whether shift, half turn and phase of the picture cannot be told from the measurement."""
    notes: tuple[str, ...] = ()
    """What was decided from the picture, in words."""
    cut: Callable[[Window], "Problem"] | None = None
    """Describes the same for a window of the picture sought; None where only the whole has sense.

    What was decided from the whole picture, such as a noise level, holds for its windows.
    """
    grain: int = 1
    """Windows begin at multiples of this many pixels."""

    @property
    def result_size(self) -> Size:
        """H and W of the result; D, H and W of a volume."""
        return self.size if self.frame is None else self.frame

    def error(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Say what a fit lowers: the misfit, or its equalised square; a scalar."""
        if self.equaliser is None:
            return self.misfit(prediction, target)
        return mean_squared_error(self.equaliser(prediction), self.equaliser(target))

    @property
    def plane(self) -> tuple[int, int]:
        """H and W of the picture sought, also where it is a volume."""
        return self.size[-2], self.size[-1]

    @property
    def is_volume(self) -> bool:
        """Whether a volume is sought."""
        return len(self.size) == 3

    @property
    def unknown(self) -> BlindBlur | None:
        """The part of the operator that is fitted along with the picture, if there is one."""
        parts = self.operator.modules()
        return next((part for part in parts if isinstance(part, BlindBlur)), None)

    @property
    def channels(self) -> int:
        """Number of channels C of the picture sought."""
        return self.picture.channels if self.sought is None else self.sought

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

    def part(self, chosen: Tensor) -> "Problem":
        """Give the same problem with some samples of the measurement alone, as a vector.

        Parameters
        ----------
        chosen
            Their indices in the measurement, flattened.
        """
        shape, equaliser = self.measurement.shape, self.equaliser
        numbers = (self.parts, self.blocks)
        parts, blocks = (None if each is None else each[chosen.cpu()] for each in numbers)
        return replace(
            self,
            measurement=self.measurement.flatten()[chosen],
            operator=part(self.operator, chosen, shape),
            equaliser=None if equaliser is None else part_of_equaliser(equaliser, chosen, shape),
            parts=parts,
            blocks=blocks,
        )

    def compose(self, image: Tensor) -> Picture:
        """Dress a network's output ``(1, C, H, W)`` as a picture like the input."""
        agreed = self.agreed(image)
        if self.unknown is not None:
            agreed = self.unknown.centre(agreed)
        unbiased = agreed if self.unbias is None else self.unbias(agreed)
        dressed = unbiased if self.dress is None else self.dress(unbiased)
        return self.picture.with_pixels(dressed, kept=self.kept, filled=self.filled)

    def agreed(self, image: Tensor) -> Tensor:
        """Bring a network's output into agreement with the measurement, on the CPU."""
        image = image.cpu()
        return image if self.agree is None else self.agree(image)
