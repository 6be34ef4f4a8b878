"""How a fitted picture becomes the result."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from untrained.picture.picture import Picture
from untrained.picture.region import Size


@dataclass(frozen=True, eq=False)
class Rendering:
    """From a network's picture in [0, 1] to a picture like the user's, in its units and frame."""

    undo_clipping: Callable[[Tensor], Tensor] | None = None
    """From the mean of clipped samples to the picture behind them; on the CPU."""
    to_output: Callable[[Tensor], Tensor] | None = None
    """From [0, 1] to the units, channels and frame of the result; on the CPU."""
    frame: Size | None = None
    """H and W of the result, where it is cut out of the fitted picture."""
    kept: Tensor | None = None
    """Bool ``(1, 1 or C, [D,] H, W)``: samples of the input that are put back bit for bit."""
    filled: Tensor | None = None
    """Bool ``(1, 1, [D,] H, W)``: missing pixels that the result supplies."""

    def pixels(self, image: Tensor) -> Tensor:
        """Give the pixels of the result, before samples are kept and stored."""
        unclipped = image if self.undo_clipping is None else self.undo_clipping(image)
        return unclipped if self.to_output is None else self.to_output(unclipped)

    def picture(self, image: Tensor, like: Picture) -> Picture:
        """Give the result as a picture of the kind, data type and metadata of the user's."""
        return like.with_pixels(self.pixels(image), kept=self.kept, filled=self.filled)
