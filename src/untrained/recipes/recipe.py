"""All settings of a fit, and how they are read from a file."""

import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from untrained.arguments import FilePath, checked
from untrained.recipes.fusion import Fusion
from untrained.recipes.network import Network, SkipNetwork
from untrained.recipes.pairing import LatentPairing, Pairing
from untrained.recipes.passes import SelfSimilarPasses
from untrained.recipes.settings import (
    Count,
    Real,
    RecipeError,
    Settings,
    Whole,
    first_fault,
    refuse_without_effect,
)
from untrained.recipes.stopping import StopRule
from untrained.system.files import FileTooLarge, read_regular

MOST_BYTES = 2**20
"""Most bytes of a recipe's file; those of the presets have some two thousand."""

_DEEPEST = 3
"""Fits within fits."""


class Term(Settings):
    """A hand-crafted penalty, added to the loss."""

    weight: Real = Field(gt=0)
    """Factor on the penalty of a picture in [0, 1]."""
    discrepancy: Real | None = Field(None, gt=0)
    """Adapt the weight until the residual is this times the expected noise; None keeps it fixed."""
    after: Whole = Field(0, ge=0)
    """Steps before the weight adapts: early in a fit the residual says little."""
    least: Real = Field(0.0, ge=0)
    """Smallest weight that it adapts to."""

    @model_validator(mode="after")
    def _adapts(self) -> "Term":
        if self.discrepancy is None:
            refuse_without_effect(
                self, "after", "least", because="without discrepancy the weight is fixed"
            )
        return self


class TotalVariation(Term):
    """The mean length of the gradient (Rudin, Osher and Fatemi 1992)."""

    chroma: Real = Field(1.0, gt=0)
    """Factor on the differences between the colours, relative to their mean (Condat 2012). Grey
    pictures have none."""


class Sparsity(Term):
    """The mean magnitude of wavelet coefficients, or of pixels (L1)."""

    basis: Literal["wavelets", "pixels"] = "wavelets"
    """Undecimated Haar wavelets, or the pixels themselves, for bright spots on a dark ground."""
    levels: Annotated[Count, Field(le=16)] = 3
    """Scales of the wavelets."""

    @model_validator(mode="after")
    def _has_levels(self) -> "Sparsity":
        if self.basis == "pixels":
            refuse_without_effect(self, "levels", because="pixels have no levels")
        return self


Decay = Annotated[Real, Field(ge=0, lt=1)]


class Optimiser(Settings):
    """Adam (Kingma and Ba 2015) with a step size that warms up and may decay."""

    step_size: Real = Field(0.01, gt=0)
    warm_up: Whole = Field(0, ge=0)
    """Steps over which the step size rises linearly to its full value."""
    decay: Literal["none", "cosine"] = "none"
    """Whether the step size falls to a hundredth over the budget."""
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    """Decay of the averages of the gradient and of its square."""
    operator_share: Real = Field(0.01, gt=0)
    """Step size of an operator that is fitted too (a blur kernel), relative to the network's."""


class Guard(Settings):
    """Divergence guard: restores the last good weights and takes a smaller step size."""

    rise: Real = Field(10**0.5, gt=1)
    """The loss has diverged when it exceeds this times the loss at the last check (5 dB)."""
    every: Count = 50
    """Steps between two savings of good weights."""
    reduction: Real = Field(0.5, gt=0, lt=1)
    """Factor on the step size after each return."""
    returns: Whole = Field(8, ge=0)
    """Returns after which the fit gives up with an error."""

    @model_validator(mode="after")
    def _effective(self) -> "Guard":
        if self.returns == 0:
            refuse_without_effect(self, "reduction", because="returns is 0")
        return self


class Restart(Settings):
    """Starts again with other weights if a fit is stuck with wrong colours."""

    after: Count = 100
    """Step at which the colour shift of the picture is checked."""
    tolerance: Real = Field(0.1, gt=0)
    """Colour shift in picture units above which the fit counts as stuck."""
    times: Whole = Field(3, ge=0)
    """How often it may start again."""

    @model_validator(mode="after")
    def _effective(self) -> "Restart":
        if self.times == 0:
            refuse_without_effect(self, "after", "tolerance", because="times is 0")
        return self


class Recipe(Settings):
    """All settings of a fit; `model_validate_json` reads one, `model_dump_json` writes one."""

    renamed: ClassVar[dict[str, str]] = {
        "members": "ensemble_size",
        "partner": "fusion",
        "refinement": "passes, a list",
    }
    name: str = "custom"
    why: str = ""
    network: Network = SkipNetwork()
    pairing: Pairing = LatentPairing()
    total_variation: TotalVariation | None = None
    """A penalty beside the prior of the network, or in place of it with `PixelNetwork`."""
    sparsity: Sparsity | None = None
    """Another penalty."""
    optimiser: Optimiser = Optimiser()
    steps: Count = 2000
    """Budget in steps."""
    subsets: Count = 1
    """Number of parts of the measurement (projections, coils, masks, pupils); each step fits one,
    drawn at random. Less memory and time for each step, the same in expectation; 1 fits all."""
    seconds: Real | None = Field(None, gt=0)
    """Budget in seconds, if time matters more than repeatability."""
    ensemble_size: Annotated[Count, Field(le=64)] = 1
    """Networks, fitted one after the other, each for the whole budget; the result is their mean."""
    averaging: Real = Field(0.99, ge=0, lt=1)
    """Decay of the exponential average of the pictures."""
    hand_over: Literal["average", "iterate"] = "average"
    """Whether the averaged picture or the single iterate is the result."""
    guided_by: "Recipe | None" = None
    """A fit that runs first; its picture joins the guide of the guide pairing."""
    calibration: Real = Field(1.0, gt=0)
    """Factor from the standard deviation of several networks to the uncertainty that is shown: the
    deviation misses the errors that they share."""
    fusion: Fusion | None = None
    """A classical estimate that guides the network and is fused with its picture."""
    passes: Annotated[tuple[SelfSimilarPasses, ...], Field(max_length=16)] = ()
    """Plug-and-play passes over the networks' picture, in this order."""
    stopping: Annotated[tuple[StopRule, ...], Field(max_length=16)] = ()
    """Rules that may stop before the budget is used."""
    guard: Guard = Guard()
    restart: Restart = Restart()
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto takes bfloat16 if the processor multiplies it natively."""

    def __repr__(self) -> str:
        """Say name, network and budget in one line; `model_dump_json` gives all."""
        networks = "" if self.ensemble_size == 1 else f"{self.ensemble_size} networks, "
        return f"Recipe({self.name!r}, {self.network.kind}, {networks}{self.steps} steps)"

    __str__ = __repr__

    @model_validator(mode="after")
    def _effective(self) -> "Recipe":
        if self.fusion is not None:
            refuse_without_effect(self, "guided_by", because="the estimate of fusion is the guide")
        if self.pairing.kind != "guide":
            refuse_without_effect(
                self, "guided_by", because=f"the {self.pairing.kind} pairing takes no guide"
            )
        if self._depth() > _DEEPEST:
            raise ValueError(f"guided_by is nested more than {_DEEPEST} deep: leave some out")
        if self.ensemble_size == 1:
            refuse_without_effect(self, "calibration", because="ensemble_size is 1")
        return self

    def _depth(self) -> int:
        return 0 if self.guided_by is None else 1 + self.guided_by._depth()


@checked
def read_recipe(path: FilePath) -> Recipe:
    """Read a recipe from a JSON file.

    Raises
    ------
    RecipeError
        If the file cannot be read or holds no valid recipe; the message names the first fault.
    """
    path = Path(path)
    try:
        return Recipe.model_validate(_parsed(path))
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from error
    except RecursionError as error:
        raise RecipeError(f"the recipe {path} is nested too deep") from error
    except ValidationError as error:
        raise RecipeError(f"the recipe {path} is not valid: {first_fault(error)}") from error


def _parsed(path: Path) -> Any:
    """Parse a file of JSON, and of nothing that JSON leaves open.

    Raises
    ------
    RecipeError
        If it is no file, too large or no JSON, names something twice, or holds NaN or infinity.
    """
    try:
        content = read_regular(path, MOST_BYTES)
    except FileTooLarge as error:
        raise RecipeError(
            f"the recipe {path} has {error.size} bytes, over {MOST_BYTES}: give a recipe"
        ) from error
    try:
        return json.loads(
            content, object_pairs_hook=_named_once, parse_constant=_refuse, parse_float=_finite
        )
    except ValueError as error:
        raise RecipeError(f"the recipe {path} is not JSON: {error}") from error


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:60]!r} is given twice")
        found[name] = value
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if abs(value) == float("inf"):
        _refuse(text[:60])
    return value
