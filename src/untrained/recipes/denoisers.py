"""Settings of the classical denoisers."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from untrained.recipes.registry import Kinds
from untrained.recipes.settings import Count, Real, Settings, Whole


class DenoiserSettings(Settings):
    """Base of the settings of all denoisers; each has a default `kind` of its own."""

    title: ClassVar[str] = ""
    """Its name in sentences; the kind if empty."""
    kind: str

    def least_side(self, channels: int) -> int:  # noqa: ARG002
        """Shortest side, in pixels, of a picture with this many channels that it can denoise."""
        return 1

    def grid(self) -> int:
        """Pixels between its reference patches; 1 if it has no grid."""
        return 1


denoiser_settings: Kinds[DenoiserSettings] = Kinds("denoiser")
"""Registers settings of a denoiser: ``@denoiser_settings`` above their class."""


class PatchSettings(DenoiserSettings):
    """What denoisers of groups of similar patches share. In volumes the patches are cubes."""

    patch: Annotated[Count, Field(le=64)]
    """Side of the patches in pixels."""
    group: Annotated[Count, Field(le=4096)] = 64
    """Patches in a group."""
    stride: Annotated[Count, Field(le=64)] = 4
    """Pixels between reference patches, each of which gets a group; at most the patch side."""
    reach: Annotated[Count, Field(le=256)] = 18
    """How far in pixels, along each axis, the patches of a group may lie from the reference."""

    @model_validator(mode="after")
    def _covers(self) -> "PatchSettings":
        if self.stride > self.patch:
            raise ValueError(
                f"patches of {self.patch} pixels, {self.stride} apart, leave gaps: set stride to "
                f"at most {self.patch}"
            )
        return self

    def side(self, channels: int) -> int:  # noqa: ARG002
        """Side of the patches of a picture with this many channels."""
        return self.patch

    def least_side(self, channels: int) -> int:
        """Shortest side that has room for a patch."""
        return self.side(channels)

    def grid(self) -> int:
        """Pixels between reference patches."""
        return self.stride


@denoiser_settings
class NLRidge(PatchSettings):
    """NL-Ridge: the patches of a group are combined linearly (Herbreteau and Kervrann 2022)."""

    title: ClassVar[str] = "NL-Ridge"
    kind: Literal["nl-ridge"] = "nl-ridge"
    patch: Annotated[Count, Field(le=64)] = 9
    ridge: Real = Field(1.05, ge=1)
    """Factor on the noise in the diagonals, for conditioning."""


@denoiser_settings
class NLBayes(PatchSettings):
    """NL-Bayes: each patch is filtered by the covariance of its group (Lebrun et al. 2013)."""

    title: ClassVar[str] = "NL-Bayes"
    kind: Literal["nl-bayes"] = "nl-bayes"
    patch: Annotated[Count, Field(le=64)] = 8
    """Side of the patches of a picture with one channel, in pixels."""
    channel_exponent: Real = Field(0.25, ge=0)
    """The side for C channels is `patch` / C^this, but at least `stride`; 0 keeps it the same."""

    def side(self, channels: int) -> int:
        """Side of the patches: the more channels, the smaller."""
        side: Whole = round(self.patch / channels**self.channel_exponent)
        return max(side, self.stride)


def _from_name(given: Any) -> Any:
    """Take a name alone for the settings of that kind with their defaults."""
    return {"kind": given} if isinstance(given, str) else given


Denoiser = Annotated[DenoiserSettings, denoiser_settings, BeforeValidator(_from_name)]
"""Settings of any registered denoiser, or its name for the default settings."""

NL_RIDGE_TWICE = {
    2: (NLRidge(patch=11, group=18), NLRidge()),
    3: (
        NLRidge(patch=4, group=18, stride=3, reach=5),
        NLRidge(patch=4, stride=3, reach=5),
    ),
}
"""NL-Ridge alone, for pictures (2 axes) and volumes (3): a pass without and one with a pilot."""
