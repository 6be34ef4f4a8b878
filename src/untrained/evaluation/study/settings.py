"""Settings of the studies, near the paper's and for a quick look. Imports no torch."""

from typing import Any

from pydantic import Field, PositiveFloat, PositiveInt

from untrained.errors import RequestError
from untrained.recipes import (
    MOST_STEPS,
    LatentPairing,
    Network,
    ResNetNetwork,
    Settings,
    SkipNetwork,
    UNetNetwork,
)


class StudySettings(Settings):
    """Settings of every study."""

    side: PositiveInt
    """Longest side of the picture, in pixels; larger ones are reduced to it."""


class SamplesSettings(StudySettings):
    """Settings of `samples`."""

    networks: dict[str, Network]
    """The networks to draw from, by name."""
    pairing: LatentPairing = LatentPairing(jitter=0)
    draws: PositiveInt = 3
    """Random initialisations of each network."""


class FitSettings(StudySettings):
    """Settings of the studies that fit one network: plain latent DIP without jitter."""

    network: Network = SkipNetwork()
    pairing: LatentPairing = LatentPairing(jitter=0)
    step_size: PositiveFloat = 0.01
    steps: PositiveInt


class ImpedanceSettings(FitSettings):
    """Settings of `impedance`."""

    sigma: PositiveFloat = 25 / 255
    """Noise added to the picture, in picture units."""
    levels: tuple[PositiveFloat, ...] = (0.03, 0.02, 0.01, 0.005, 0.002)
    """Mean squared errors; the study finds the first step at each. Largest first."""


class ArchitecturesSettings(StudySettings):
    """Settings of `architectures`."""

    networks: dict[str, Network]
    """The networks to compare, by name."""
    step_sizes: dict[str, PositiveFloat]
    """Step size of Adam for each of them."""
    pairing: LatentPairing = LatentPairing(jitter=0)
    steps: PositiveInt
    missing: float = Field(0.5, gt=0, lt=1)
    """Share of the pixels missing in the scattered problem."""
    holes: PositiveInt = 3
    """Square holes along each side in the other problem: 3 makes nine."""
    hole: float = Field(0.125, gt=0, lt=1)
    """Side of a hole over that of the picture."""


class OverfitSettings(FitSettings):
    """Settings of `overfit`."""

    sigma: PositiveFloat = 25 / 255
    """Noise added to the picture, in picture units."""
    pictures: PositiveInt = 6
    """Pictures shown, at log-spaced steps."""


class FreedomSettings(FitSettings):
    """Settings of `freedom`."""

    sigma: PositiveFloat = 25 / 255
    """Noise added to the picture, in picture units."""
    perturbation: PositiveFloat = 25 / 255
    """Size of the change to the measurement, in picture units: as large as the noise (Ye 1998)."""


class SpectrumSettings(FitSettings):
    """Settings of `spectrum`."""

    bands: int = Field(5, ge=2)
    """Number of bands of equal width between the frequencies 0 and 1/2."""
    fitted: float = Field(0.5, gt=0, lt=1)
    """Relative error at which a band counts as fitted."""


def settings_of(name: str, *, quick: bool = False, steps: int | None = None) -> StudySettings:
    """Look up the settings of a study.

    Parameters
    ----------
    name
        A known study.
    quick
        Whether to use the settings for a quick look: a few minutes on two cores.
    steps
        Replaces the budget in steps.

    Raises
    ------
    RequestError
        If the study runs no fit, or the budget is not positive.
    """
    settings = (QUICK if quick else FULL)[name]
    if steps is None:
        return settings
    if "steps" not in type(settings).model_fields:
        raise RequestError(f"the study {name} runs no fit: leave --steps out")
    if not 1 <= steps <= MOST_STEPS:
        raise RequestError(f"steps must be 1 or more, up to {MOST_STEPS}, got {steps}")
    return settings.model_copy(update={"steps": steps})


def hourglass(depth: int, *, skip: int = 0, width: int = 128, **settings: Any) -> SkipNetwork:
    """Make an hourglass network with the same settings at every scale.

    Parameters
    ----------
    depth
        Number of scales.
    skip
        Channels of the skip connection at each scale; 0 for an encoder-decoder without skips.
    width
        Channels at each scale.
    """
    given: dict[str, Any] = {"upsampling": "bilinear", **settings}
    return SkipNetwork(
        channels=(width,) * depth,
        skip=(skip,) * depth,
        kernel_down=(3,) * depth,
        kernel_up=(3,) * depth,
        **given | {"upsampling": (given["upsampling"],) * depth},
    )


def _hourglasses(width: int) -> dict[str, Network]:
    return {
        "depth 1": hourglass(1, width=width),
        "depth 3": hourglass(3, width=width),
        "depth 5": hourglass(5, width=width),
        "depth 5, skips": hourglass(5, skip=4, width=width),
    }


def _samplers(width: int) -> dict[str, Network]:
    return _hourglasses(width) | {
        "depth 5, skips, nearest": hourglass(5, skip=4, width=width, upsampling="nearest"),
        "U-Net": UNetNetwork(),
        "ResNet": ResNetNetwork(),
    }


def _rivals(width: int, unet: UNetNetwork, resnet: ResNetNetwork) -> dict[str, Network]:
    return _hourglasses(width) | {"U-Net": unet, "ResNet": resnet}


_RIVAL_STEP_SIZES = {
    "depth 1": 0.01,
    "depth 3": 0.01,
    "depth 5": 0.01,
    "depth 5, skips": 0.01,
    "U-Net": 0.001,
    "ResNet": 0.001,
}

FULL: dict[str, StudySettings] = {
    "samples": SamplesSettings(side=256, networks=_samplers(128)),
    "impedance": ImpedanceSettings(side=512, steps=2400),
    "architectures": ArchitecturesSettings(
        side=256,
        networks=_rivals(128, UNetNetwork(), ResNetNetwork()),
        step_sizes=_RIVAL_STEP_SIZES,
        steps=5000,
    ),
    "overfit": OverfitSettings(side=512, steps=5000),
    "freedom": FreedomSettings(side=256, steps=3000),
    "spectrum": SpectrumSettings(side=256, steps=2400),
}
"""Settings near those of Ulyanov et al. 2018: five scales of 128 channels, Adam at 0.01."""

_NARROW = hourglass(5, skip=4, width=32, padding="zero")
_SMALL_UNET = UNetNetwork(channels=(8, 16, 32, 64, 64))
_SMALL_RESNET = ResNetNetwork(blocks=4, channels=16)

QUICK: dict[str, StudySettings] = {
    "samples": SamplesSettings(side=128, networks=_samplers(64)),
    "impedance": ImpedanceSettings(side=64, network=_NARROW, steps=1000),
    "architectures": ArchitecturesSettings(
        side=64,
        networks=_rivals(32, _SMALL_UNET, _SMALL_RESNET),
        step_sizes=_RIVAL_STEP_SIZES | {"U-Net": 0.01, "ResNet": 0.01},
        steps=400,
    ),
    "overfit": OverfitSettings(side=96, network=_NARROW, steps=2500),
    "freedom": FreedomSettings(side=64, network=_NARROW, steps=1000),
    "spectrum": SpectrumSettings(side=64, network=_NARROW, steps=1000),
}
"""Settings for a quick look, a few minutes on two cores: small pictures, narrow networks."""
