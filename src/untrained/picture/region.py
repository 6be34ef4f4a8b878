"""Region: a rectangle of a picture. Size: its sides."""

from types import EllipsisType
from typing import NamedTuple

Size = tuple[int, ...]
"""H and W of a picture; D, H and W of a volume."""


def sides_in_words(size: Size) -> str:
    """Write a size as WxH, or WxHxD for a volume."""
    return "x".join(map(str, (*reversed(size[-2:]), *size[:-2])))


class Region(NamedTuple):
    """A rectangle of a picture, in pixels; in a volume it spans all slices."""

    top: int
    left: int
    height: int
    width: int

    @property
    def place(self) -> tuple[EllipsisType, slice, slice]:
        """Index of the region in ``(..., H, W)``."""
        return (
            ...,
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    def reduced(self, factor: int) -> "Region":
        """Return the same region of a picture reduced by `factor`, which divides all four."""
        return Region(*(part // factor for part in self))
