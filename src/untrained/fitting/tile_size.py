"""Choose the size of the tiles from the memory that a fit needs and the memory that is free."""

import math
from typing import Literal, NamedTuple

from untrained.fitting.device import Engine
from untrained.fitting.memory import estimate, free_memory
from untrained.fitting.mosaic import Grid
from untrained.picture.region import Region
from untrained.problem.problem import Problem, ProblemError
from untrained.recipes import LEAST_TILE, Recipe

Tile = int | Literal["auto", "off"]
"""Longest side in pixels of the result; or ``auto``, by memory; or ``off``, no tiles."""

LEAST_CHOSEN = 128
"""Shortest side that is chosen by itself."""

_SHARE = 0.7
"""Share of the free memory that a fit may take."""

_AMPLE = 2**15
"""Bytes a pixel with which any network fits: the largest preset needs a third of it.

A dry run takes a second or two, most of it for imports.
"""

_WHOLES = 8
"""Pictures of the whole size held beside the fit of a tile."""

_MULTIPLE = 32
"""Sides that are chosen are multiples of this."""


class Sizing(NamedTuple):
    """The longest side of a tile, None for the picture in one, and why, in words."""

    side: int | None
    note: str = ""


def read_tile(asked: int | str) -> Tile:
    """Read what `FitOptions` has checked: ``auto``, ``off`` or a number of pixels."""
    if asked == "auto":
        return "auto"
    return "off" if asked == "off" else int(asked)


def stays_whole(problem: Problem, tile: Tile) -> bool:
    """Return whether a picture is never split, even if memory runs out."""
    if tile == "off":
        return True
    if tile == "auto":
        small = not problem.is_volume and max(problem.plane) <= LEAST_CHOSEN
        return problem.cut is None or small
    return max(problem.plane) <= min(tile, least_side(problem))


def settle_size(
    problem: Problem, recipe: Recipe, engine: Engine, tile: int | Literal["auto"]
) -> Sizing:
    """Decide on the tiles: those asked for, or the largest that the free memory holds.

    A picture stays whole if it fits, or if the free memory is unknown.

    Raises
    ------
    ProblemError
        If not even one tile of a volume fits: a tile goes through all slices.
    """
    if tile != "auto":
        return (
            Sizing(tile, tiles_in_words(problem, tile))
            if max(problem.plane) > tile
            else Sizing(None)
        )
    free = free_memory(engine.device)
    if free is None or stays_whole(problem, tile):
        return Sizing(None)
    if _AMPLE * math.prod(problem.size) <= _SHARE * free:
        return Sizing(None)
    need = estimate(problem, recipe, engine)
    if need <= _SHARE * free:
        return Sizing(None)
    side = _largest(problem, recipe, engine, _SHARE * free)
    if problem.is_volume:
        _check_room(problem, recipe, engine, side, free)
    why = f"the fit would need about {_amount(need)}, {_amount(free)} are free: "
    return Sizing(side, why + tiles_in_words(problem, side))


def least_side(problem: Problem) -> int:
    """Return the shortest side of a tile that `auto` chooses."""
    return LEAST_TILE if problem.is_volume else LEAST_CHOSEN


def _check_room(problem: Problem, recipe: Recipe, engine: Engine, side: int, free: int) -> None:
    """Refuse a volume of which not even one tile fits: a tile goes through all slices."""
    part = problem.region(Region(0, 0, *(min(length, side) for length in problem.plane)))
    if (need := estimate(part, recipe, engine)) > _SHARE * free:
        raise ProblemError(
            f"even in tiles of {side} pixels the fit of {problem.size[0]} slices would need about "
            f"{_amount(need)}, {_amount(free)} are free: give fewer slices at a time"
        )


def _largest(problem: Problem, recipe: Recipe, engine: Engine, room: float) -> int:
    """Find the largest tile that fits, by bisection between the smallest and the whole."""
    if engine.device.type != "cuda":
        room -= _WHOLES * 4 * problem.channels * math.prod(problem.size)

    def fits(multiple: int) -> bool:
        side = multiple * _MULTIPLE
        aligned = side - side % problem.tile_alignment
        sides = (length if length <= side else aligned for length in problem.plane)
        part = problem.region(Region(0, 0, *sides))
        return estimate(part, recipe, engine) <= room

    low, high = least_side(problem) // _MULTIPLE, -(-max(problem.plane) // _MULTIPLE)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low * _MULTIPLE


def tiles_in_words(problem: Problem, side: int) -> str:
    """Describe the number and size of the tiles with `side` as the longest side."""
    grid = Grid.cover(problem.plane, side, alignment=problem.tile_alignment)
    first = grid.windows[0]
    return (
        f"{len(grid.windows)} tiles of {first.width}x{first.height} with {grid.overlap} pixels of "
        "overlap"
    )


def _amount(size: float) -> str:
    return f"{size / 1e9:.2g} GB" if size < 99.5e9 else f"{size / 1e9:.0f} GB"
