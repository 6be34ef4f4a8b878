"""Settings of the plug-and-play passes that follow the networks."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from untrained.recipes.denoisers import Denoiser, NLRidge
from untrained.recipes.settings import Count, Real, Settings, Switch, refuse_without_effect


class SelfSimilarPasses(Settings):
    """Passes of a self-similar denoiser over a picture, each made consistent with the measurement.

    Plug-and-play with a falling noise level (Venkatakrishnan et al. 2013, doi
    10.1109/GlobalSIP.2013.6737048; Zhang et al. 2017, arXiv:1704.03264). They need known pixels, a
    projection, or a known noise level; and a picture large enough for patches.
    """

    renamed: ClassVar[dict[str, str]] = {
        "passes": "count",
        "first": "first_level",
        "last": "last_level",
        "shifted": "shift_grid",
        "patch": "a setting of method",
        "group": "a setting of method",
        "coarse": "an entry of its own before this one, with scale 2",
        "then": "the next entry of the list",
    }
    scale: Literal[1, 2] = 1
    """1 runs at full size; 2 at half the size, where a patch covers twice the length, and adds the
    change, enlarged, to the picture. Volumes have full size only."""
    method: Denoiser = NLRidge(patch=7)
    count: Annotated[Count, Field(le=10**6)] = 14
    """Number of passes."""
    first_level: Real = Field(20 / 255, gt=0, le=1)
    """Noise level of the first pass, in picture units."""
    last_level: Real = Field(3 / 255, gt=0, le=1)
    """Noise level of the last pass; the levels between fall geometrically."""
    relaxation: Real = Field(1.7, gt=0, lt=2)
    """Step towards the denoised picture; 1 takes the denoised picture itself."""
    trust: Real = Field(0.5, gt=0)
    """Weight of the denoised picture against a noisy measurement; 1 takes the levels literally."""
    iterations: Annotated[Count, Field(le=1000)] = 8
    """Conjugate gradient steps in each pass, for a noisy measurement."""
    shift_grid: Switch = False
    """Whether the grid of patches moves from pass to pass: a fixed grid of small patches leaves
    seams. Pictures only."""

    @model_validator(mode="after")
    def _effective(self) -> "SelfSimilarPasses":
        if self.method.grid() == 1:
            refuse_without_effect(
                self, "shift_grid", because=f"the patches of {self.method.kind} lie on no grid"
            )
        if self.count == 1:
            refuse_without_effect(self, "shift_grid", because="there is one pass")
        return self
