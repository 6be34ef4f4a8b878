"""Every setting of a fit. Imports no torch: the command line reads this file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

from untrained.errors import RequestError

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

PerScale = tuple[PositiveInt, ...]
UpsamplingName = Literal["nearest", "bilinear"]
PaddingName = Literal["zero", "reflection"]
FilterName = Literal["nl-ridge", "nl-bayes"]
"""NL-Ridge (Herbreteau and Kervrann 2022) or NL-Bayes (Lebrun et al. 2013)."""


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
    subpixel: bool = False
    """Whether the decoder convolves what comes from below before it is enlarged.

    Sub-pixel convolution (Shi et al. 2016) with filters that follow from those for the enlarged
    map: cheaper, and the same but for the border and for where the features are normalised.
    """
    fold: PositiveInt = 1
    """Side of the blocks of pixels that become channels before the network, and pixels after it.

    Space-to-depth and its inverse, sub-pixel shuffling (Shi et al. 2016): with 2 the finest scale
    costs a quarter.
    """

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


class PixelNetwork(Settings):
    """No network: every sample of the picture is a weight, for priors that are made by hand."""

    kind: Literal["pixels"] = "pixels"
    from_input: bool = False
    """Whether they begin at the first channels of the input (a guide) and not at mid-grey."""


Network = Annotated[
    SkipNetwork | UNetNetwork | ResNetNetwork | DecoderNetwork | PixelNetwork,
    Field(discriminator="kind"),
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
    """Two pictures of independent noise from one, the first to foretell the second.

    Gaussian noise (Pang et al. 2021): y + a n foretells y - n / a, n ~ N(0, sigma^2), of a level
    that is known or estimated. Poisson and gamma noise (Monroy, Bacca and Tachella 2025): the
    quanta, or the looks, are shared out between the two.
    """

    kind: Literal["recorrupt"] = "recorrupt"
    law: Literal["gaussian", "poisson", "gamma"] = "gaussian"
    strength: float = Field(0.5, gt=0)
    """The factor a of Gaussian noise: small keeps the input clean, large keeps the target clean."""
    share: float = Field(0.2, gt=0, lt=1)
    """Share of the quanta or looks that the target gets."""
    gain: float | None = Field(None, gt=0)
    """Picture units for each quantum of Poisson noise; estimated when None."""
    looks: float | None = Field(None, gt=0)
    """Squared mean over variance of gamma noise."""


class HalvesPairing(Settings):
    """Two pictures of half the size foretell each other (ZS-N2N, Mansour and Heckel 2023).

    For noise that is independent from pixel to pixel; of any level and law.
    """

    kind: Literal["halves"] = "halves"


class BlindSpotPairing(Settings):
    """Some pixels hidden from the network, to be predicted (Self2Self, Quan et al. 2020)."""

    kind: Literal["blind-spot"] = "blind-spot"
    keep: float = Field(0.7, gt=0, lt=1)
    """Probability that a known pixel is shown; the others are the target."""
    everywhere: bool = False
    """Whether the shown pixels are a target too."""
    gaps: bool = False
    """Whether the gaps themselves, shifted about and mirrored, hide pixels too: their shape is
    learnt. For few missing pixels."""


Pairing = Annotated[
    LatentPairing | GuidePairing | RecorruptPairing | BlindSpotPairing | HalvesPairing,
    Field(discriminator="kind"),
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


class SelfSimilarity(Settings):
    """NL-Ridge (Herbreteau and Kervrann 2022) and NL-Bayes (Lebrun et al. 2013) as a partner.

    Their estimate is the guide of the guide pairing. When the fit has ended, a mean of the
    network's picture and that estimate gets a part of its residual back and is filtered again
    with itself as pilot; the result is a mean of that and the network's picture.
    Only where the noise is Gaussian and known, no pixel is missing, and the picture has room for
    patches; elsewhere the fit goes on alone.
    """

    scales: Literal[1, 2] = 2
    """Scales of the estimate of a picture: the second, half the size, tells the low frequencies."""
    again: bool = True
    """Whether the estimate is filtered again by both, NL-Ridge and NL-Bayes, and their mean taken,
    before the network sees it."""
    pilot: float = Field(0.3, ge=0, le=1)
    """Share of the network in the pilot; less where its residual shows that it is further off."""
    returned: float = Field(0.4, gt=0, le=1)
    """Share of the residual that comes back in the end; 1 filters the measurement."""
    method: FilterName = "nl-bayes"
    """What filters then."""
    share: float = Field(0.05, ge=0, le=1)
    """Share of the network in the result; less, as in the pilot."""
    error: float = Field(1.0, gt=0)
    """What the error of the estimate is taken to be, in that of the noise, when the network's is
    held against it."""
    patience: PositiveInt | None = 20
    """The network stops when it has come no nearer to the estimate for so many steps, and the
    nearest picture is handed over: from there on it fits noise. None lets it go on."""


class SelfSimilarPasses(Settings):
    """Self-similar passes over the networks' picture, each put right by the measurement.

    A denoiser as prior, its level falling: plug-and-play (Venkatakrishnan et al. 2013, doi
    10.1109/GlobalSIP.2013.6737048; Zhang et al. 2017, arXiv:1704.03264). Only where pixels are
    known, the picture can be projected onto what agrees with the measurement, or the noise is
    known; and where it has room for patches.
    """

    method: FilterName = "nl-ridge"
    passes: PositiveInt = 14
    first: float = Field(20 / 255, gt=0, le=1)
    """Noise level of the first pass, in picture units."""
    last: float = Field(3 / 255, gt=0, le=1)
    """The same, of the last; the levels between fall geometrically."""
    relaxation: float = Field(1.7, gt=0, lt=2)
    """How far each pass goes towards what it has found; 1 takes that itself."""
    patch: PositiveInt = 7
    """Side of the patches in pixels."""
    group: PositiveInt = 64
    """Patches in a group."""
    trust: float = Field(0.5, gt=0)
    """Weight of the filtered picture against a noisy measurement; 1 believes in the levels."""
    iterations: PositiveInt = 8
    """Conjugate gradient steps that a pass spends on a noisy measurement."""


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


class HeldOut(Settings):
    """Keep a part of the measurement from the fit; hand over the picture that foretells it best.

    Cross-validation (Stone 1974); of k-space in Yaman et al. 2020 (doi 10.1002/mrm.28378).
    """

    kind: Literal["held-out"] = "held-out"
    share: float = Field(0.05, gt=0, lt=1)
    """Share of the measurement's parts (projections, lines, samples) that is held out."""
    every: PositiveInt = 5
    """Steps between two looks."""
    patience: PositiveInt = 1000
    """Steps without a new least error after which the fit stops."""


class UnbiasedRisk(Settings):
    """Hand over the picture whose estimated risk is least, where the noise is Gaussian and known.

    The estimate becomes that of Stein (1981) as the strength falls; by the coupled bootstrap
    (Oliveira et al. 2022, arXiv:2111.09447) it holds for every fit. The fit sees a little more
    noise than was measured.
    """

    kind: Literal["unbiased-risk"] = "unbiased-risk"
    strength: float = Field(0.3, gt=0)
    """Factor a: the fit sees the noise times (1 + a^2)^(1/2), its judge times (1 + a^-2)^(1/2)."""
    every: PositiveInt = 5
    """Steps between two looks."""
    patience: PositiveInt = 1000
    """Steps without a new least risk after which the fit stops."""


StopRule = Annotated[
    WindowedVariance | Discrepancy | HeldOut | UnbiasedRisk, Field(discriminator="kind")
]


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
    members: PositiveInt = 1
    """Networks fitted one after the other, each for the budget in steps; their mean is taken."""
    averaging: float = Field(0.99, ge=0, lt=1)
    """Decay of the exponential average of the pictures."""
    hand_over: Literal["average", "iterate"] = "average"
    """Whether the averaged picture or the single iterate is the result."""
    guided_by: "Recipe | None" = None
    """A fit that is made first; its picture joins the guide of the guide pairing."""
    calibration: float = Field(1.0, gt=0)
    """Factor on the standard deviation of several networks where it is shown as uncertainty: the
    errors that they share are not in it."""
    partner: SelfSimilarity | None = None
    """Another estimate that the result is blended with."""
    refinement: SelfSimilarPasses | None = None
    """What the networks' picture goes through in the end."""
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


def first_fault(error: ValidationError) -> str:
    """Say the first fault of a validation error in one line."""
    fault: Any = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"{where}: {fault['msg']} (given: {str(fault['input'])[:60]!r})"
