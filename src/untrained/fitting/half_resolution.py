"""Passes at half the size: they reach twice as far, and their change is enlarged."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from untrained.operators import enlarge
from untrained.problem.data_consistency import DataConsistency


class Halved:
    """Reduces, enlarges, and makes half-size pictures consistent with the measurement.

    Parameters
    ----------
    size
        H and W of the whole.
    consistency
        Makes a whole picture consistent with the measurement.
    """

    def __init__(self, size: Sequence[int], consistency: DataConsistency) -> None:
        self._size = size[0], size[1]
        self._consistency = consistency

    def __call__(self, picture: Tensor, level: float) -> Tensor:
        """Change a half picture the way consistency changes its enlargement."""
        whole = enlarge(picture, self._size)
        return picture + self.reduced(self._consistency(whole, level) - whole)

    def reduced(self, picture: Tensor) -> Tensor:
        """Reduce a whole picture."""
        half = half_of(self._size)
        return F.interpolate(picture, half, mode="bicubic", antialias=True)

    def enlarged(self, picture: Tensor) -> Tensor:
        """Enlarge a half picture, or the difference of two."""
        return enlarge(picture, self._size)


def half_of(size: Sequence[int]) -> tuple[int, int]:
    """Halve H and W, rounded up."""
    return -(-size[0] // 2), -(-size[1] // 2)
