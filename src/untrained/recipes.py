"""Every setting of a fit, and the presets. Imports no torch: the command line reads this file."""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from untrained.errors import RequestError

Task = Literal["denoise", "deblock", "upscale", "inpaint"]

PerScale = tuple[PositiveInt, ...]
UpsamplingName = Literal["nearest", "bilinear"]
PaddingName = Literal["zero", "reflection"]


class RecipeError(RequestError):
    """A recipe or preset that makes no sense; the message says what would."""


class Settings(BaseModel):
    """Base of all settings: values, never changed in place; unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SkipNetwork(Settings):
    """The paper's hourglass with skip connections (Ulyanov et al. 2018)."""

    kind: Literal["skip"] = "skip"
    channels: PerScale = (128,) * 5
    """Channels of encoder and decoder at each scale, finest first."""
    skip: tuple[int, ...] = (4,) * 5
    """Channels passed across at each scale; 0 passes none."""
    kernel_down: PerScale = (3,) * 5
    """Filter size of the encoder at each scale."""
    kernel_up: PerScale = (3,) * 5
    """Filter size of the decoder at each scale."""
    kernel_skip: PositiveInt = 1
    """Filter size of the skip branches."""
    downsampling: Literal["stride", "average", "max", "lanczos2", "lanczos3"] = "stride"
    upsampling: tuple[UpsamplingName, ...] = ("bilinear",) * 5
    """How the decoder doubles the size, at each scale."""
    padding: PaddingName = "reflection"
    activation: Literal["leaky_relu", "relu", "swish", "elu", "none"] = "leaky_relu"
    mix: bool = True
    """Whether a 1x1 convolution follows each decoder convolution."""

    @model_validator(mode="after")
    def _consistent(self) -> "SkipNetwork":
        lengths = {
            "channels": len(self.channels),
            "skip": len(self.skip),
            "kernel_down": len(self.kernel_down),
            "kernel_up": len(self.kernel_up),
            "upsampling": len(self.upsampling),
        }
        if len(set(lengths.values())) != 1 or not self.channels:
            raise ValueError(f"one entry for each scale is needed everywhere, not {lengths}")
        kernels = (*self.kernel_down, *self.kernel_up, self.kernel_skip)
        if even := [k for k in kernels if k % 2 == 0]:
            raise ValueError(f"filter sizes must be odd, not {even[0]}")
        if min(self.skip) < 0:
            raise ValueError(f"skip channels cannot be negative, as {min(self.skip)} is")
        return self


class UNetNetwork(Settings):
    """The U-Net of the paper's architecture study."""

    kind: Literal["unet"] = "unet"
    channels: PerScale = (16, 32, 64, 128, 256)
    """Channels at each scale, finest first."""
    concat_input: bool = False
    """Whether the reduced input joins every scale of the encoder."""
    upsampling: Literal["deconv", "nearest", "bilinear"] = "deconv"
    norm: Literal["batch", "instance", "none"] = "instance"
    padding: PaddingName = "zero"


class ResNetNetwork(Settings):
    """The residual network of the paper's architecture study, at full resolution throughout."""

    kind: Literal["resnet"] = "resnet"
    blocks: PositiveInt = 8
    channels: PositiveInt = 32
    activation: Literal["leaky_relu", "relu", "swish", "elu", "none"] = "leaky_relu"
    norm: Literal["batch", "instance", "none"] = "batch"
    padding: PaddingName = "reflection"


class DecoderNetwork(Settings):
    """The under-parameterised deep decoder (Heckel and Hand 2019) or conv decoder (2021)."""

    kind: Literal["decoder"] = "decoder"
    channels: PerScale = (128,) * 6
    """Channels of each layer, coarsest first."""
    convolutions: bool = False
    """3x3 convolutions (ConvDecoder) in place of 1x1 (Deep Decoder)."""


Network = Annotated[
    SkipNetwork | UNetNetwork | ResNetNetwork | DecoderNetwork, Field(discriminator="kind")
]


class LatentPairing(Settings):
    """A fixed random input, the measurement as target (Ulyanov et al. 2018)."""

    kind: Literal["latent"] = "latent"
    source: Literal["noise", "meshgrid"] = "noise"
    """Uniform noise, or the two coordinates of each pixel."""
    channels: PositiveInt = 32
    """Channels of the noise; a meshgrid always has 2."""
    scale: float = Field(0.1, gt=0)
    """Noise is uniform in [0, scale]."""
    jitter: float = Field(1 / 30, ge=0)
    """Standard deviation of the Gaussian noise added afresh to the input at every step."""


class GuidePairing(Settings):
    """A picture that resembles the one sought as input, with some noise channels beside it.

    The paper gives the flash picture to flash/no-flash restoration; for upscaling the guide is the
    enlarged input.
    """

    kind: Literal["guide"] = "guide"
    channels: int = Field(8, ge=0)
    """Channels of uniform noise beside the guide."""
    scale: float = Field(0.1, gt=0)
    """Noise is uniform in [0, scale]."""
    jitter: float = Field(1 / 30, ge=0)
    """Standard deviation of the Gaussian noise added afresh to the input at every step."""


class RecorruptPairing(Settings):
    """Recorrupted-to-Recorrupted (Pang et al. 2021): y + a n predicts y - n / a, n ~ N(0, sigma^2).

    Needs the noise to be Gaussian and its level known or estimated.
    """

    kind: Literal["recorrupt"] = "recorrupt"
    strength: float = Field(0.5, gt=0)
    """The factor a: small keeps the input clean, large keeps the target clean."""


class BlindSpotPairing(Settings):
    """Some pixels hidden from the network, to be predicted (Self2Self, Quan et al. 2020)."""

    kind: Literal["blind-spot"] = "blind-spot"
    keep: float = Field(0.7, gt=0, lt=1)
    """Probability that a known pixel is shown; the others are the target."""
    everywhere: bool = False
    """Whether the shown pixels are a target too."""


Pairing = Annotated[
    LatentPairing | GuidePairing | RecorruptPairing | BlindSpotPairing, Field(discriminator="kind")
]


class Optimiser(Settings):
    """Adam (Kingma and Ba 2015) with a step size that warms up and may decay."""

    step_size: float = Field(0.01, gt=0)
    warm_up: int = Field(0, ge=0)
    """Steps over which the step size rises linearly to its full value."""
    decay: Literal["none", "cosine"] = "none"
    """Whether the step size falls to a hundredth over the budget."""


class WindowedVariance(Settings):
    """Stop at the minimum of the windowed moving variance (ES-WMV, Wang et al. 2023)."""

    kind: Literal["windowed-variance"] = "windowed-variance"
    window: int = Field(100, ge=2)
    """Number of successive pictures whose variance is taken."""
    patience: PositiveInt = 1000
    """Steps without a new minimum after which the fit stops."""


class Discrepancy(Settings):
    """Stop when the residual falls to what the known noise explains (Morozov 1966)."""

    kind: Literal["discrepancy"] = "discrepancy"
    factor: float = Field(1.0, gt=0)
    """Stop when the mean squared residual is at most factor x its expectation."""


StopRule = Annotated[WindowedVariance | Discrepancy, Field(discriminator="kind")]


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


class Recipe(Settings):
    """All settings of a fit; `model_validate_json` reads one, `model_dump_json` writes one."""

    name: str = "custom"
    why: str = ""
    network: Network = SkipNetwork()
    pairing: Pairing = LatentPairing()
    optimiser: Optimiser = Optimiser()
    steps: PositiveInt = 2000
    """Budget in steps."""
    seconds: float | None = Field(None, gt=0)
    """Budget in seconds, where time matters more than repeatability."""
    averaging: float = Field(0.99, ge=0, lt=1)
    """Decay of the exponential average of the pictures."""
    hand_over: Literal["average", "iterate"] = "average"
    """Whether the averaged picture or the single iterate is the result."""
    stopping: tuple[StopRule, ...] = ()
    """Rules that may stop before the budget is used."""
    guard: Guard = Guard()
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """bfloat16 (auto) where the processor multiplies it natively."""


def known_presets(task: Task) -> tuple[str, ...]:
    """Names of the presets of `task`."""
    return tuple(_PRESETS[task])


def preset(task: Task, name: str, *, variant: str = "") -> Recipe:
    """Look up a preset.

    Parameters
    ----------
    task
        The verb.
    name
        The preset.
    variant
        The kind of problem, as `Problem.variant` says: presets may have other settings for it (the
        paper has for upscaling by 8 and more; `fast` has for holes).

    Raises
    ------
    RecipeError
        If the task has no such preset; the message lists those it has.
    """
    names = known_presets(task)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise RecipeError(
            f"unknown preset {name!r} for {task}: choose from {', '.join(names)}{hint}"
        )
    return _VARIANTS.get((task, name, variant)) or _PRESETS[task][name]


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


def first_fault(error: ValidationError) -> str:
    """Say the first fault of a validation error in one line."""
    fault: Any = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"{where}: {fault['msg']} (given: {str(fault['input'])[:60]!r})"


def _scales(n: int, **settings: Any) -> dict[str, Any]:
    """Repeat single values for each of `n` scales."""
    return {
        key: value if isinstance(value, tuple) else (value,) * n for key, value in settings.items()
    }


_SKIP_128 = SkipNetwork()
_NARROW = (16, 32, 64, 128, 128)

_PAPER_DENOISE = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, section 4.1: 1800 steps, exponential average of the outputs",
    steps=1800,
    precision="float32",
)
_PAPER_DEBLOCK = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, JPEG restoration: narrow hourglass, 2400 steps",
    network=SkipNetwork(channels=(8, 16, 32, 64, 128), skip=(0, 0, 0, 4, 4)),
    pairing=LatentPairing(channels=3),
    steps=2400,
    hand_over="iterate",
    precision="float32",
)
_PAPER_UPSCALE = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, super-resolution x4: 2000 steps, input noise 0.03",
    pairing=LatentPairing(jitter=0.03),
    steps=2000,
    hand_over="iterate",
    precision="float32",
)
_PAPER_UPSCALE_8 = _PAPER_UPSCALE.model_copy(
    update={
        "why": "Ulyanov et al. 2018, super-resolution x8: 4000 steps, input noise 0.05",
        "pairing": LatentPairing(jitter=0.05),
        "steps": 4000,
    }
)
_PAPER_INPAINT = Recipe(
    name="paper",
    why="Ulyanov et al. 2018, table 1, scattered missing pixels: 11000 steps at 0.001",
    pairing=LatentPairing(jitter=0.03),
    optimiser=Optimiser(step_size=0.001),
    steps=11000,
    hand_over="iterate",
    precision="float32",
)
_PAPER_TEXT = _PAPER_INPAINT.model_copy(
    update={
        "name": "paper-text",
        "why": "Ulyanov et al. 2018, text removal: 128 skip channels, nearest upsampling",
        "network": SkipNetwork(**_scales(5, skip=128, upsampling="nearest")),
        "optimiser": Optimiser(),
        "steps": 6001,
    }
)
_PAPER_HOLE = _PAPER_TEXT.model_copy(
    update={
        "name": "paper-hole",
        "why": "Ulyanov et al. 2018, a hole (vase): coordinates as input, no skip branches",
        "network": SkipNetwork(**_scales(5, skip=0, upsampling="nearest")),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 5001,
    }
)
_PAPER_REGION = _PAPER_TEXT.model_copy(
    update={
        "name": "paper-region",
        "why": "Ulyanov et al. 2018, a large region (library): six scales, 5x5 encoder, no skips",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128, 128, 128),
            mix=False,
            **_scales(6, skip=0, kernel_down=5, kernel_up=3, upsampling="nearest"),
        ),
        "pairing": LatentPairing(channels=1, jitter=0),
        "steps": 3001,
    }
)

_FAST_NETWORK = SkipNetwork(channels=_NARROW, skip=(16,) * 5, padding="zero")
_FAST_OPTIMISER = Optimiser(step_size=0.01, warm_up=20, decay="cosine")
_FAST_LATENT = Recipe(
    name="fast",
    why="narrow hourglass at full resolution, step size decaying over a short budget",
    network=_FAST_NETWORK,
    pairing=LatentPairing(jitter=0.03),
    optimiser=_FAST_OPTIMISER,
    steps=450,
    averaging=0.97,
)
_FAST_DENOISE = _FAST_LATENT.model_copy(
    update={
        "why": "recorrupted pairs (Pang et al. 2021) on a narrow hourglass, short budget",
        "pairing": RecorruptPairing(strength=0.5),
        "averaging": 0.98,
    }
)

_FAST_UPSCALE = _FAST_LATENT.model_copy(
    update={
        "why": "the enlarged input as guide, narrow hourglass, short budget",
        "pairing": GuidePairing(jitter=0.03),
    }
)
_FAST_HOLES = _FAST_LATENT.model_copy(
    update={
        "why": "coordinates as input and no skip branches, as the paper's vase; short budget",
        "network": SkipNetwork(
            channels=(32, 64, 64, 128, 128), **_scales(5, skip=0, upsampling="nearest")
        ),
        "pairing": LatentPairing(source="meshgrid", channels=2, jitter=0.03),
        "steps": 400,
    }
)
_FAST_SCATTERED = _FAST_LATENT.model_copy(
    update={
        "why": "known pixels predicted from others (Quan et al. 2020), narrow shallow hourglass",
        "network": SkipNetwork(
            channels=(16, 32, 64, 128),
            padding="zero",
            mix=False,
            **_scales(4, skip=16, kernel_down=3, kernel_up=3, upsampling="nearest"),
        ),
        "pairing": BlindSpotPairing(keep=0.85),
        "steps": 900,
        "averaging": 0.98,
    }
)

_PRESETS: dict[Task, dict[str, Recipe]] = {
    "denoise": {"fast": _FAST_DENOISE, "paper": _PAPER_DENOISE},
    "deblock": {"fast": _FAST_LATENT, "paper": _PAPER_DEBLOCK},
    "upscale": {"fast": _FAST_UPSCALE, "paper": _PAPER_UPSCALE},
    "inpaint": {
        "fast": _FAST_SCATTERED,
        "paper": _PAPER_INPAINT,
        "paper-text": _PAPER_TEXT,
        "paper-hole": _PAPER_HOLE,
        "paper-region": _PAPER_REGION,
    },
}

_VARIANTS: dict[tuple[Task, str, str], Recipe] = {
    ("upscale", "paper", "x8"): _PAPER_UPSCALE_8,
    ("inpaint", "fast", "holes"): _FAST_HOLES,
}
