"""Check the directories of a TIFF or of EXIF before a codec follows them: loops, absurd counts.

tifffile follows a chain of pages that bites its own tail for ever, and Pillow copies the value of
each tag, however many share their bytes.
"""

import struct
from pathlib import Path
from typing import NamedTuple

from untrained.picture.samples import PictureError

_MOST_PAGES = 20_000
_MOST_TAGS = 2 * 10**6
"""Most tags of all directories."""

_MOST_VALUES = 64 * 2**20
"""Most bytes of the values that are read with all pages, if the file has fewer."""

_AT_ONCE = frozenset((258, 270, 273, 277, 279, 305, 324, 325, 330, 338, 339, 347, 33628, 50839))
"""Tags whose values tifffile reads with each page."""

_SUB_DIRECTORIES = 330
_FIELDS = frozenset((34665, 34853, 40965))
"""Tags that point to a directory of EXIF, GPS or interoperability fields."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_OFFSETS = {4: "I", 13: "I", 16: "Q", 18: "Q"}


class _Layout(NamedTuple):
    """How a TIFF or a BigTIFF writes its directories, as formats of `struct`."""

    order: str
    number: str
    tag: str
    offset: str


class _Directory(NamedTuple):
    inner: list[int]
    """Where the directories of its smaller pages begin."""
    fields: list[int]
    """Where the directories of its EXIF fields begin."""
    following: int
    """Where the next one of its chain begins; 0 if there is none."""
    tags: int
    values: int
    """Bytes of the values that are read with each page."""
    whole: int
    """Bytes of all values."""


def check_directories(path: Path, data: bytes) -> None:
    """Refuse a TIFF whose directories form a loop, or are absurdly many or large.

    Raises
    ------
    PictureError
        If so; one line.
    """
    order = "<" if data.startswith(b"II") else ">"
    (version,) = struct.unpack_from(order + "H", data, 2)
    layout = _Layout(order, "Q", "HHQQ", "Q") if version == 43 else _Layout(order, "H", "HHII", "I")
    waiting = [struct.unpack_from(order + layout.offset, data, 8 if version == 43 else 4)[0]]
    seen: dict[int, list[int]] = {}
    fields: set[int] = set()
    values = tags = 0
    while waiting:
        place = waiting.pop()
        found = None if place in seen else _directory(data, place, layout)
        if found is None:
            continue
        seen[place] = [*found.inner, *([found.following] if found.following else [])]
        if len(seen) > _MOST_PAGES:
            raise PictureError(f"{path} has more than {_MOST_PAGES} pages: split the file")
        values, tags = values + found.values, tags + found.tags
        if tags > _MOST_TAGS or values > max(_MOST_VALUES, len(data)):
            raise _crowded(path)
        waiting += seen[place]
        _check_values(path, data, found, layout, fields)
    _check_ways(path, seen)


def _check_ways(path: Path, leads: dict[int, list[int]]) -> None:
    """Refuse directories that lead back to themselves, or to others by very many ways.

    One may be reached by several: a smaller page by the list of its page and by the one before it.
    """
    arriving = dict.fromkeys(leads, 0)
    for place in leads:
        for after in leads[place]:
            if after in arriving:
                arriving[after] += 1
    ready = [place for place, count in arriving.items() if count == 0]
    ways = dict.fromkeys(leads, 0) | dict.fromkeys(ready, 1)
    done = 0
    while ready:
        place = ready.pop()
        done += 1
        for after in leads[place]:
            if after in arriving:
                ways[after] += ways[place]
                arriving[after] -= 1
                if arriving[after] == 0:
                    ready.append(after)
    if done < len(leads):
        raise PictureError(f"{path} has directories that form a loop: save it anew")
    if sum(ways.values()) > _MOST_PAGES:
        raise PictureError(f"{path} has more than {_MOST_PAGES} ways to its pages: save it anew")


def _check_values(
    path: Path, data: bytes, found: _Directory, layout: _Layout, seen: set[int]
) -> None:
    """Refuse values that share their bytes; Pillow copies those of each directory of fields."""
    if found.whole > len(data):
        raise _crowded(path)
    for place in found.fields:
        if place not in seen and (inside := _directory(data, place, layout)):
            seen.add(place)
            _check_values(path, data, inside, layout, seen)


def _crowded(path: Path) -> PictureError:
    return PictureError(f"{path} states more bytes of tags than it holds: save it anew")


def _directory(data: bytes, place: int, layout: _Layout) -> _Directory | None:
    """Read a directory; None where the chain leaves the file."""
    order, counted = layout.order, struct.calcsize(layout.order + layout.number)
    if not 0 < place <= len(data) - counted:
        return None
    (count,) = struct.unpack_from(order + layout.number, data, place)
    tag = struct.Struct(order + layout.tag)
    start, end = place + counted, place + counted + count * tag.size
    there = min(count, (len(data) - start) // tag.size)
    inner: list[int] = []
    fields: list[int] = []
    values = whole = 0
    for code, kind, number, value in tag.iter_unpack(data[start : start + there * tag.size]):
        size = number * _SIZES.get(kind, 0)
        inside = size <= struct.calcsize(order + layout.offset)
        if inside or size > len(data):
            size = 0
        whole += size
        values += size if code in _AT_ONCE else 0
        if code in _FIELDS:
            fields.append(value)
        elif code == _SUB_DIRECTORIES and kind in _OFFSETS:
            inner += [value] if inside else _offsets(data, value, number, order + _OFFSETS[kind])
    following = 0
    if end + struct.calcsize(order + layout.offset) <= len(data):
        (following,) = struct.unpack_from(order + layout.offset, data, end)
    return _Directory(inner, fields, following, there, values, whole)


def _offsets(data: bytes, place: int, number: int, form: str) -> list[int]:
    reader = struct.Struct(form)
    part = data[place : place + min(number, _MOST_PAGES + 1) * reader.size]
    return [each for (each,) in reader.iter_unpack(part[: len(part) // reader.size * reader.size])]
