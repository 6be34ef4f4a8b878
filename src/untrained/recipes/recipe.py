"""All settings of a fit, and how they are read from a file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, ValidationError

from untrained.recipes.fusion import Fusion
from untrained.recipes.network import Network, SkipNetwork
from untrained.recipes.pairing import LatentPairing, Pairing
from untrained.recipes.passes import SelfSimilarPasses
from untrained.recipes.settings import RecipeError, Settings, first_fault
from untrained.recipes.stopping import StopRule

Task = Literal[
    "denoise",
    "deblock",
    "upscale",
    "inpaint",
    "flash",
    "demosaic",
    "invert",
    "dream",
    "reconstruct",
]


class Term(Settings):
    """A prior made by hand, added to the loss."""

    weight: float = Field(gt=0)
    """Factor on what the prior measures of a picture in [0, 1]."""
    discrepancy: float | None = Field(None, gt=0)
    """Led to where the residual is this times what the known noise explains; None keeps it."""
    after: int = Field(0, ge=0)
    """Steps before it is led: a network that has only begun explains little."""
    least: float = Field(0.0, ge=0)
    """The weight is not led below this."""


class TotalVariation(Term):
    """The mean length of the gradient (Rudin, Osher and Fatemi 1992)."""

    chroma: float = Field(1.0, gt=0)
    """Factor on what differs between the colours, as against their mean (Condat 2012)."""


class Sparsity(Term):
    """The mean magnitude of wavelet coefficients, or of pixels (L1)."""

    basis: Literal["wavelets", "pixels"] = "wavelets"
    """Undecimated Haar wavelets, or the pixels themselves: bright on a dark ground."""
    levels: PositiveInt = 3
    """Scales of the wavelets."""


Decay = Annotated[float, Field(ge=0, lt=1)]


class Optimiser(Settings):
    """Adam (Kingma and Ba 2015) with a step size that warms up and may decay."""

    step_size: float = Field(0.01, gt=0)
    warm_up: int = Field(0, ge=0)
    """Steps over which the step size rises linearly to its full value."""
    decay: Literal["none", "cosine"] = "none"
    """Whether the step size falls to a hundredth over the budget."""
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    """Decay of the averages of the gradient and of its square."""
    operator_share: float = Field(0.01, gt=0)
    """Step size of an operator that is fitted too (a blur kernel), as a share of the network's."""


class Guard(Settings):
    """Divergence guard: back to the last good weights, with a smaller step size."""

    rise: float = Field(10**0.5, gt=1)
    """The loss has diverged when it exceeds this times the loss at the last check (5 dB)."""
    every: PositiveInt = 50
    """Steps between two savings of good weights."""
    reduction: float = Field(0.5, gt=0, lt=1)
    """Factor on the step size after each return."""
    returns: int = Field(8, ge=0)
    """Returns after which the fit gives up with an error."""


class Restart(Settings):
    """Begin again with other weights when a fit is stuck with wrong colours."""

    after: PositiveInt = 100
    """Step at which the picture's drift is looked at."""
    tolerance: float = Field(0.1, gt=0)
    """Drift in picture units above which the fit is stuck."""
    times: int = Field(3, ge=0)
    """How often it may begin again."""


class Recipe(Settings):
    """All settings of a fit; `model_validate_json` reads one, `model_dump_json` writes one."""

    name: str = "custom"
    why: str = ""
    network: Network = SkipNetwork()
    pairing: Pairing = LatentPairing()
    total_variation: TotalVariation | None = None
    """A hand-made prior beside, or with `PixelNetwork` in place of, that of the structure."""
    sparsity: Sparsity | None = None
    """Another one."""
    optimiser: Optimiser = Optimiser()
    steps: PositiveInt = 2000
    """Budget in steps."""
    subsets: PositiveInt = 1
    """Parts of the measurement, of which each step fits one drawn at random: projections, coils,
    masks, pupils. Less memory and time a step, the same in expectation; 1 fits the whole."""
    seconds: float | None = Field(None, gt=0)
    """Budget in seconds, where time matters more than repeatability."""
    ensemble_size: PositiveInt = 1
    """Networks, fitted one after the other, each for the whole budget; the result is their mean."""
    averaging: float = Field(0.99, ge=0, lt=1)
    """Decay of the exponential average of the pictures."""
    hand_over: Literal["average", "iterate"] = "average"
    """Whether the averaged picture or the single iterate is the result."""
    guided_by: "Recipe | None" = None
    """A fit that is made first; its picture joins the guide of the guide pairing."""
    calibration: float = Field(1.0, gt=0)
    """Factor on the standard deviation of several networks where it is shown as uncertainty: the
    errors that they share are not in it."""
    fusion: Fusion | None = None
    """A classical estimate that guides the network and is fused with its picture."""
    passes: tuple[SelfSimilarPasses, ...] = ()
    """Plug-and-play passes over the networks' picture, in this order."""
    stopping: tuple[StopRule, ...] = ()
    """Rules that may stop before the budget is used."""
    guard: Guard = Guard()
    restart: Restart = Restart()
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """bfloat16 (auto) where the processor multiplies it natively."""


def read_recipe(path: Path) -> Recipe:
    """Read a recipe from a JSON file.

    Raises
    ------
    RecipeError
        If the file cannot be read or holds no valid recipe; the message names the first fault.
    """
    try:
        return Recipe.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from error
    except ValidationError as error:
        raise RecipeError(f"the recipe {path} is not valid: {first_fault(error)}") from error
