"""Half the size: where passes reach twice as far, and what they find is enlarged."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from untrained.operators import enlarge
from untrained.problem.data_consistency import DataConsistency


class Halved:
    """Pictures of half the size: how they follow from whole ones, and how they agree.

    Parameters
    ----------
    size
        H and W of the whole.
    agree
        Brings a whole picture into agreement with what was measured.
    """

    def __init__(self, size: Sequence[int], agree: DataConsistency) -> None:
        self._size = size[0], size[1]
        self._agree = agree

    def __call__(self, picture: Tensor, level: float) -> Tensor:
        """Change a half picture as agreement changes the whole one that it is enlarged to."""
        whole = enlarge(picture, self._size)
        return picture + self.reduced(self._agree(whole, level) - whole)

    def reduced(self, picture: Tensor) -> Tensor:
        """Reduce a whole picture."""
        half = half_of(self._size)
        return F.interpolate(picture, half, mode="bicubic", antialias=True)

    def enlarged(self, picture: Tensor) -> Tensor:
        """Enlarge a half picture, or the difference of two."""
        return enlarge(picture, self._size)


def half_of(size: Sequence[int]) -> tuple[int, int]:
    """Half of H and W, rounded up."""
    return -(-size[0] // 2), -(-size[1] // 2)
