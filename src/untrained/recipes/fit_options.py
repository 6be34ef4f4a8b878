"""What a person chooses of any fit beside its settings. Imports no torch."""

from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from untrained.arguments import Reads, checked, read, short
from untrained.recipes.settings import RecipeError

MOST_STEPS = 10**9
MOST_SECONDS = 10**9
LEAST_TILE = 64
"""Shortest side of a tile that may be asked for, in pixels."""


MOST_STEPS = 10**9
"""Above so many steps a request is a slip."""


def _device(value: Any) -> str:
    """Take a name, or a `torch.device` by its type; the first of a type is the one meant."""
    name, number = getattr(value, "type", value), getattr(value, "index", None)
    if isinstance(value, str) or not isinstance(name, str):
        name, number = value, None
    found: str = read("device", str, name)
    if number:
        raise RecipeError(f"device {value} is not taken: of several, only the first is used")
    return found


Device = Annotated[str, Reads(_device, "a text or a torch.device")]
"""An argument that says where to compute."""


@checked
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
    device: Device = "auto"
    """Where to compute: auto, cpu, cuda or mps."""
    seed: int = 0
    """The same seed gives the same file on the same machine."""
    tile: int | str = "auto"
    """Longest side in pixels of the parts that a large picture is fitted in, 64 or more; auto goes
    by the free memory, off never parts it."""

    def __post_init__(self) -> None:
        """Check each."""
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            raise RecipeError(
                f"steps must be 1 or more, up to {MOST_STEPS}, got {short(self.steps)}"
            )
        if self.seconds is not None and not 0 < self.seconds <= MOST_SECONDS:
            raise RecipeError(
                f"seconds must be above 0, up to {MOST_SECONDS}, got {self.seconds:g}"
            )
        if not 0 <= self.seed < 2**63:
            raise RecipeError(f"seed must be 0 or more and below 2^63, got {short(self.seed)}")
        if self.tile in ("auto", "off"):
            return
        number = self.tile if isinstance(self.tile, int) else _whole(self.tile)
        if not LEAST_TILE <= number <= MOST_STEPS:
            raise RecipeError(
                f"tile must be auto, off, or a side of {LEAST_TILE} pixels or more, got "
                f"{short(self.tile)}"
            )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


NO_OPTIONS = FitOptions()
"""All as by default."""


class FitKeywords(TypedDict, total=False):
    """The fields of `FitOptions`, as keywords of the library's verbs."""

    seconds: float | None
    steps: int | None
    device: Device
    seed: int
    tile: int | str
