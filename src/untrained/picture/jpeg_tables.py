"""JPEG parameters: quantisation tables, chroma subsampling, block grid (ITU-T T.81)."""

from dataclasses import dataclass, replace

from untrained.picture.region import Region

BLOCK = 8
"""Side of a block, in samples."""

_LUMA = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
_COLOURS = (
    *(17, 18, 24, 47, 99, 99, 99, 99),
    *(18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 32),
)
"""Tables K.1 and K.2 of the standard, which libjpeg scales by the quality."""


@dataclass(frozen=True)
class Compression:
    """Quantisation steps, chroma subsampling, and the origin of the block grid.

    JPEG rounds each DCT coefficient of a block to a multiple of its step, so the true coefficient
    lies within half a step of the stored one.
    """

    tables: tuple[tuple[int, ...], ...]
    """For each channel (grey, or luma and two chroma) 64 steps in grey levels, row by row."""
    halving: tuple[int, int] = (1, 1)
    """Factors by which chroma has fewer rows and columns."""
    origin: tuple[int, int] = (0, 0)
    """Rows and columns of the first block that were cut off, for luma and chroma alike."""

    @property
    def unit(self) -> tuple[int, int]:
        """Period of the block grid of all channels, in rows and columns."""
        return BLOCK * self.halving[0], BLOCK * self.halving[1]

    def cut(self, region: Region) -> "Compression":
        """Return the parameters for a region of the picture."""
        (top, left), (rows, columns) = self.origin, self.unit
        origin = ((top + region.top) % rows, (left + region.left) % columns)
        return replace(self, origin=origin)

    def upright(self, orientation: int, size: tuple[int, int]) -> "Compression":
        """Return them for the picture turned by an EXIF orientation, 1 to 8, to this H and W."""
        turned = self
        if orientation in (5, 6, 7, 8):
            tables = tuple(
                tuple(
                    table[BLOCK * column + row] for row in range(BLOCK) for column in range(BLOCK)
                )
                for table in self.tables
            )
            turned = Compression(tables, self.halving[::-1], self.origin[::-1])
        top, left = turned.origin
        if orientation in (3, 4, 7, 8):
            top = -(top + size[0]) % turned.unit[0]
        if orientation in (2, 3, 6, 7):
            left = -(left + size[1]) % turned.unit[1]
        return replace(turned, origin=(top, left))

    @property
    def quality(self) -> int:
        """The quality, 1 to 100, whose luma table in libjpeg is nearest."""
        own = self.tables[0]
        return min(
            range(100, 0, -1),
            key=lambda quality: sum(
                abs(a - b) for a, b in zip(own, tables(quality)[0], strict=True)
            ),
        )

    def __str__(self) -> str:
        """Describe quality and subsampling in words."""
        about = "" if self.tables[0] == tables(self.quality)[0] else "about "
        if len(self.tables) == 1:
            return f"JPEG quality {about}{self.quality}, grey"
        names = {(1, 1): "4:4:4", (1, 2): "4:2:2", (2, 2): "4:2:0", (2, 1): "4:4:0"}
        rows, columns = self.halving
        return f"JPEG quality {about}{self.quality}, {names[rows, columns]}"


def tables(quality: int) -> tuple[tuple[int, ...], ...]:
    """Scale the standard's tables for luma and two chroma as libjpeg does; quality 1 to 100."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, colours = (
        tuple(min(max((step * percent + 50) // 100, 1), 255) for step in table)
        for table in (_LUMA, _COLOURS)
    )
    return luma, colours, colours
