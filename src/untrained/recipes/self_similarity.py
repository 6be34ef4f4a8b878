"""Settings of the self-similar filters that join in."""

from typing import Literal

from pydantic import Field, PositiveInt

from untrained.recipes.settings import Settings

FilterName = Literal["nl-ridge", "nl-bayes"]
"""NL-Ridge (Herbreteau and Kervrann 2022) or NL-Bayes (Lebrun et al. 2013)."""


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
    shifted: bool = False
    """Whether the grid of patches lies elsewhere in each pass, as small ones show
    its seams. Of pictures alone."""
    coarse: "SelfSimilarPasses | None" = None
    """Passes at half the size that come first, if there is room: they reach twice as far. Of
    pictures alone; trust and iterations are those of the others."""
    then: "SelfSimilarPasses | None" = None
    """Passes that follow, perhaps from half the size again, where those before have left less to
    find; trust and iterations are those of the others."""
