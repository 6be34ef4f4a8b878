"""Pictures side by side on one sheet: at 100 %, captions beneath, differences below."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from untrained.arguments import Within, checked
from untrained.errors import RequestError
from untrained.picture import preview
from untrained.picture.planes import Planes

WIDTH = 2400
"""Width in pixels beyond which panels continue in the next row."""

_MARGIN, _GAP = 20, 16
_NARROWEST = 208
"""Least width of a panel in pixels: leaves room for the caption of a small picture."""
_INK, _FAINT, _PAPER = (20, 20, 20), (100, 100, 100), (255, 255, 255)
_HEADING, _NAME, _PLAIN = 22, 18, 15

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture, its caption, and the difference shown below."""

    picture: Tensor
    """``(1, C, H, W)`` in [0, 1]."""
    title: str
    caption: tuple[str, ...] = ()
    """Lines beneath the title."""
    difference: Tensor | None = None
    """``(1, C, H, W)`` in [0, 1], from `amplified`."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """The drawn sheet."""

    image: Image.Image
    pictures: tuple[Box, ...]
    """Place of each panel's picture: left, top, right, bottom."""
    differences: tuple[Box | None, ...]


def amplified(image: Tensor, base: Tensor, factor: float = 4.0) -> Tensor:
    """Show ``image - base`` around mid-grey, `factor` times as strong, clipped to [0, 1]."""
    return (0.5 + factor * (image - base)).clamp(0, 1)


def make_sheet(
    panels: list[Panel],
    *,
    heading: str = "",
    below: str = "",
    footnotes: tuple[str, ...] = (),
    width: int = WIDTH,
    across: int | None = None,
) -> Sheet:
    """Draw panels side by side, one pixel of a picture as one pixel of the sheet.

    Parameters
    ----------
    panels
        At least one.
    heading
        A line at the top.
    below
        Explains the differences; written above each row of them.
    footnotes
        Lines at the bottom.
    width
        Largest width in pixels; a sheet of one column may be wider.
    across
        Panels in a row; if None, as many as the width allows.
    """
    column = max(_NARROWEST, *(panel.picture.shape[-1] for panel in panels))
    fitting = max(1, (width - 2 * _MARGIN + _GAP) // (column + _GAP))
    across = min(len(panels), across or fitting)
    canvas = _Canvas(2 * _MARGIN + across * (column + _GAP) - _GAP)
    canvas.write(heading, _HEADING, _INK)
    pictures: list[Box] = []
    differences: list[Box | None] = []
    for first in range(0, len(panels), across):
        band = panels[first : first + across]
        pictures += _draw_pictures(canvas, band, column)
        differences += _draw_differences(canvas, band, column, below)
    for note in footnotes:
        canvas.write(note, _PLAIN, _FAINT)
    return Sheet(canvas.drawn(), tuple(pictures), tuple(differences))


class _Canvas:
    """Collects pictures and texts from the top down, until the height is known."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.top = _MARGIN
        self._pictures: list[tuple[Image.Image, tuple[int, int]]] = []
        self._texts: list[tuple[tuple[int, int], str, int, tuple[int, int, int]]] = []

    def paste(self, picture: Tensor, left: int) -> Box:
        """Place a picture at the current height; return its box."""
        shown = preview.shown(picture)
        self._pictures.append((shown, (left, self.top)))
        return (left, self.top, left + shown.width, self.top + shown.height)

    def text(self, line: str, at: tuple[int, int], size: int, colour: tuple[int, int, int]) -> None:
        """Add one line of text."""
        self._texts.append((at, line, size, colour))

    def write(self, text: str, size: int, colour: tuple[int, int, int]) -> None:
        """Write across the sheet, and move down."""
        for line in _wrapped(text, size, self.width - 2 * _MARGIN):
            self.text(line, (_MARGIN, self.top), size, colour)
            self.top += _leading(size)

    def drawn(self) -> Image.Image:
        """Draw the whole sheet."""
        image = Image.new("RGB", (self.width, self.top + _MARGIN), _PAPER)
        draw = ImageDraw.Draw(image)
        for picture, at in self._pictures:
            image.paste(picture, at)
        for at, line, size, colour in self._texts:
            draw.text(at, line, fill=colour, font=_font(size))
        return image


def _draw_pictures(canvas: _Canvas, band: list[Panel], column: int) -> list[Box]:
    canvas.top += _GAP // 2
    boxes = [canvas.paste(panel.picture, _left(index, column)) for index, panel in enumerate(band)]
    canvas.top = _GAP // 2 + max(bottom for _, _, _, bottom in boxes)
    ends = []
    for panel, (left, *_) in zip(band, boxes, strict=True):
        top = canvas.top
        for text, size, colour in (
            (panel.title, _NAME, _INK),
            *((line, _PLAIN, _FAINT) for line in panel.caption),
        ):
            for line in _wrapped(text, size, column):
                canvas.text(line, (left, top), size, colour)
                top += _leading(size)
        ends.append(top)
    canvas.top = max(ends) + _GAP // 2
    return boxes


def _draw_differences(
    canvas: _Canvas, band: list[Panel], column: int, heading: str
) -> list[Box | None]:
    if all(panel.difference is None for panel in band):
        return [None] * len(band)
    canvas.write(heading, _PLAIN, _INK)
    canvas.top += _GAP // 4
    boxes = [
        None if panel.difference is None else canvas.paste(panel.difference, _left(index, column))
        for index, panel in enumerate(band)
    ]
    canvas.top = _GAP + max(box[3] for box in boxes if box)
    return boxes


def _left(index: int, column: int) -> int:
    return _MARGIN + index * (column + _GAP)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _leading(size: int) -> int:
    return round(1.35 * size)


def _wrapped(text: str, size: int, width: int) -> list[str]:
    """Break a text into lines that fit; a single longer word runs over."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _font(size).getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@checked
def side_by_side(pictures: list[Planes], gap: Annotated[int, Within(0, 10_000)] = 8) -> Tensor:
    """Place ``(1, C, H, W)`` pictures in a row, smaller ones enlarged to the largest height."""
    if not pictures or len({picture.shape[1] for picture in pictures}) > 1:
        raise RequestError("pictures must be one or more, with the same channels")
    height = max(picture.shape[-2] for picture in pictures)
    width = max(picture.shape[-1] for picture in pictures)
    scaled = [preview.enlarged(picture, (height, width)) for picture in pictures]
    space = torch.ones((1, scaled[0].shape[1], height, gap))
    row = [part for picture in scaled for part in (space, picture.clamp(0, 1))]
    return torch.cat(row[1:], dim=-1)
