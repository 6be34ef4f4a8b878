"""What a person chooses of any fit beside its settings. Imports no torch."""

from dataclasses import dataclass
from typing import TypedDict

from untrained.recipes.settings import RecipeError

MOST_STEPS = 10**9
MOST_SECONDS = 10**9
LEAST_TILE = 64
"""Shortest side of a tile that may be asked for, in pixels."""


@dataclass(frozen=True)
class FitOptions:
    """Budgets, place, seed and tiles of a fit.

    Raises
    ------
    RecipeError
        If one of them cannot be used; the message names the value and what would be right.
    """

    seconds: float | None = None
    """Time budget in seconds. A result under one is not repeatable to the pixel."""
    steps: int | None = None
    """Budget in optimisation steps of each network."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda or mps."""
    seed: int = 0
    """The same seed gives the same file on the same machine."""
    tile: int | str = "auto"
    """Longest side in pixels of the parts that a large picture is fitted in, 64 or more; auto goes
    by the free memory, off never parts it."""

    def __post_init__(self) -> None:
        """Check each."""
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            raise RecipeError(f"steps must be 1 or more, up to {MOST_STEPS}, got {self.steps}")
        if self.seconds is not None and not 0 < self.seconds <= MOST_SECONDS:
            raise RecipeError(
                f"seconds must be above 0, up to {MOST_SECONDS}, got {self.seconds:g}"
            )
        if not 0 <= self.seed < 2**63:
            raise RecipeError(f"seed must be 0 or more and below 2^63, got {self.seed}")
        if self.tile in ("auto", "off"):
            return
        side = str(self.tile)
        if not (side.isascii() and side.isdecimal() and LEAST_TILE <= int(side[:20]) < 10**9):
            raise RecipeError(
                f"tile must be auto, off, or a side of {LEAST_TILE} pixels or more, got "
                f"{self.tile!r}"
            )


NO_OPTIONS = FitOptions()
"""All as by default."""


class FitKeywords(TypedDict, total=False):
    """The fields of `FitOptions`, as keywords of the library's verbs."""

    seconds: float | None
    steps: int | None
    device: str
    seed: int
    tile: int | str
