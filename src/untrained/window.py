"""Window: a rectangle of a picture."""

from types import EllipsisType
from typing import NamedTuple


class Window(NamedTuple):
    """A rectangle of a picture, in its pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def place(self) -> tuple[EllipsisType, slice, slice]:
        """Picks it out of ``(..., H, W)``."""
        return (
            ...,
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    def reduced(self, factor: int) -> "Window":
        """Give the same place in the picture reduced by `factor`, which divides all four."""
        return Window(*(part // factor for part in self))
