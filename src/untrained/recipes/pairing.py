"""Settings of the pairings: what a network is given, and what it must predict."""

from typing import Annotated, Literal

from pydantic import Field

from untrained.recipes.registry import Kinds
from untrained.recipes.settings import Count, Real, Settings, Switch, Whole


class PairingSettings(Settings):
    """Base of the settings of all pairings; each has a default `kind` of its own."""

    kind: str


pairing_settings: Kinds[PairingSettings] = Kinds("pairing")
"""Registers settings of a pairing: ``@pairing_settings`` above their class."""


@pairing_settings
class LatentPairing(PairingSettings):
    """A fixed random input, the measurement as target (Ulyanov et al. 2018)."""

    kind: Literal["latent"] = "latent"
    source: Literal["noise", "meshgrid"] = "noise"
    """Uniform noise, or the two coordinates of each pixel."""
    channels: Annotated[Count, Field(le=1024)] = 32
    """Channels of the noise; a meshgrid always has 2."""
    scale: Real = Field(0.1, gt=0)
    """Noise is uniform in [0, scale]."""
    jitter: Real = Field(1 / 30, ge=0)
    """Standard deviation of the Gaussian noise added afresh to the input at every step."""


@pairing_settings
class GuidePairing(PairingSettings):
    """A picture like the wanted one as input, with some noise channels beside it.

    The paper gives the flash picture to flash/no-flash restoration; for upscaling the guide is the
    enlarged input.
    """

    kind: Literal["guide"] = "guide"
    channels: Annotated[Whole, Field(ge=0, le=1024)] = 8
    """Channels of uniform noise beside the guide."""
    scale: Real = Field(0.1, gt=0)
    """Noise is uniform in [0, scale]."""
    jitter: Real = Field(1 / 30, ge=0)
    """Standard deviation of the Gaussian noise added afresh to the input at every step."""


@pairing_settings
class RecorruptPairing(PairingSettings):
    """Two pictures with independent noise, made from one; the first predicts the second.

    Gaussian noise (Pang et al. 2021): y + a n predicts y - n / a, n ~ N(0, sigma^2), of a level
    that is known or estimated. Poisson and gamma noise (Monroy, Bacca and Tachella 2025): the
    quanta, or the looks, are shared out between the two.
    """

    kind: Literal["recorrupt"] = "recorrupt"
    law: Literal["gaussian", "poisson", "gamma"] = "gaussian"
    strength: Real = Field(0.5, gt=0)
    """The factor a of Gaussian noise: small keeps the input clean, large keeps the target clean."""
    share: Real = Field(0.2, gt=0, lt=1)
    """Share of the quanta or looks that the target gets."""
    gain: Real | None = Field(None, gt=0)
    """Picture units for each quantum of Poisson noise; estimated when None."""
    looks: Real | None = Field(None, gt=0)
    """Squared mean over variance of gamma noise."""


@pairing_settings
class ZSN2NPairing(PairingSettings):
    """Zero-Shot Noise2Noise: two half-size pictures predict each other (Mansour and Heckel 2023).

    For noise that is independent from pixel to pixel, whatever its level and law.
    """

    kind: Literal["zs-n2n"] = "zs-n2n"


@pairing_settings
class BlindSpotPairing(PairingSettings):
    """The network predicts pixels that were hidden from it (Self2Self, Quan et al. 2020)."""

    kind: Literal["blind-spot"] = "blind-spot"
    keep: Real = Field(0.7, gt=0, lt=1)
    """Probability that a known pixel is shown; the others are the target."""
    everywhere: Switch = False
    """Whether the shown pixels are a target too."""
    gaps: Switch = False
    """Whether the gaps themselves, shifted about and mirrored, hide pixels too: their shape is
    learnt. For few missing pixels."""


Pairing = Annotated[PairingSettings, pairing_settings]
