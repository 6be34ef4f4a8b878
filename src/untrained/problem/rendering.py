"""How a fitted picture becomes the result."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from untrained.picture.picture import Picture
from untrained.picture.region import Size


@dataclass(frozen=True, eq=False)
class Rendering:
    """From a network's picture in [0, 1] to a picture like the user's, in its units and frame."""

    undo_clipping: Callable[[Tensor], Tensor] | None = None
    """Undoes the clipping bias: from the mean of clipped samples to the picture; on the CPU."""
    to_output: Callable[[Tensor], Tensor] | None = None
    """From [0, 1] to the units, channels and frame of the result; on the CPU."""
    frame: Size | None = None
    """H and W of the result, where it is cut out of the fitted picture."""
    kept: Tensor | None = None
    """Bool ``(1, 1 or C, [D,] H, W)``: samples of the input that are put back bit for bit."""
    filled: Tensor | None = None
    """Bool ``(1, 1, [D,] H, W)``: missing pixels that the result supplies."""

    def pixels(self, image: Tensor) -> Tensor:
        """Compute the pixels of the result, before samples are kept and stored."""
        unclipped = image if self.undo_clipping is None else self.undo_clipping(image)
        return unclipped if self.to_output is None else self.to_output(unclipped)

    def picture(self, image: Tensor, like: Picture) -> Picture:
        """Make the result a picture of the kind, data type and metadata of the user's."""
        return like.with_pixels(self.pixels(image), kept=self.kept, filled=self.filled)

    def deviation(self, sigma: Tensor, *, at: Tensor) -> Tensor:
        """Propagate the standard deviation of a fitted picture to the result.

        To first order (JCGM 100:2008, 5.1.2): each channel is moved up and down by its deviation,
        half the difference of the two results is squared, and the squares are added. So the
        channels' errors are taken to be independent, and `to_output` may mix channels and cut a
        frame out, but not mix pixels.

        Parameters
        ----------
        sigma
            ``(1, 1 or C, [D,] H, W)`` in units of the fitted picture, on the CPU.
        at
            The fitted picture, ``(1, C, [D,] H, W)``, on the CPU.

        Returns
        -------
        ``(1, C', [D,] H', W')`` in units of the result; exactly 0 where samples are kept.
        """
        place, steps = at.double(), sigma.double().expand_as(at)
        variance = sum(
            (self._half_change(place, steps, channel).square() for channel in range(at.shape[1])),
            start=torch.zeros(()),
        )
        deviation = variance.sqrt().to(sigma.dtype)
        return deviation if self.kept is None else deviation * ~self.kept.cpu()

    def _half_change(self, place: Tensor, steps: Tensor, channel: int) -> Tensor:
        """Compute half the change of the result between one channel plus and minus a step."""
        change = torch.zeros_like(place)
        change[:, channel] = steps[:, channel]
        return (self.pixels(place + change) - self.pixels(place - change)) / 2
