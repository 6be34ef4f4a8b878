"""Region: a rectangle of a picture. Size: its sides."""

from types import EllipsisType
from typing import Annotated, NamedTuple

from untrained.arguments import Within

Size = tuple[int, ...]
"""H and W of a picture; D, H and W of a volume."""

LONGEST_SIDE = 1_000_000
"""Pixels along a side above which a request is a slip."""
Side = Annotated[int, Within(1, LONGEST_SIDE)]
"""An argument that counts pixels along a side."""
Sides = tuple[Side, Side]
"""An argument that is H and W."""


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
