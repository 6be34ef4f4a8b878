"""Settings of the pairings: what a network is given, and what it is to foretell."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from untrained.recipes.settings import Settings


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
