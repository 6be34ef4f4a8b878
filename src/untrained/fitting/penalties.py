"""Hand-crafted penalties; weights fixed or set by the discrepancy principle."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from untrained.noise import Gaussian, Poisson
from untrained.numerics.total_variation import total_variation
from untrained.numerics.wavelets import pixel_sparsity, wavelet_sparsity
from untrained.problem.problem import ProblemError
from untrained.recipes import Recipe, Sparsity, Term, TotalVariation

_LEAD = 0.05
"""Share of the logarithm of the discrepancy that goes into that of the weight at each step."""


class Penalty:
    """A term of the loss, its weight fixed or set by the discrepancy principle (Morozov 1966).

    Parameters
    ----------
    settings
        The weight, and the residual that it is adapted to.
    measure
        The penalty: a scalar from a picture ``(1, C, H, W)`` in [0, 1].
    noise
        Sets the expected residual; not needed for a fixed weight.

    Raises
    ------
    ProblemError
        If the weight is to be adapted and no noise level is known.
    """

    def __init__(
        self,
        settings: Term,
        measure: Callable[[Tensor], Tensor],
        noise: Gaussian | Poisson | None,
    ) -> None:
        self.weight = settings.weight
        self._settings = settings
        self._measure = measure
        self._noise = noise
        self._calls = 0
        silent = noise is None or (isinstance(noise, Gaussian) and noise.sigma == 0)
        if settings.discrepancy is not None and silent:
            raise ProblemError(
                "a penalty with a discrepancy needs a noise level above zero: give one, or leave "
                "discrepancy out for a fixed weight"
            )

    def term(self, image: Tensor) -> Tensor:
        """Return what the loss gains for the picture ``(1, C, H, W)``."""
        return self.weight * self._measure(image)

    def update(self, prediction: Tensor, measurement: Tensor) -> None:
        """Adapt the weight to what A made of a step's picture, and the measurement."""
        self._calls += 1
        target = self._settings.discrepancy
        if self._noise is None or target is None or self._calls <= self._settings.after:
            return
        excess = self._noise.excess(prediction, measurement)
        self.weight = max(self._settings.least, self.weight * (target / excess) ** _LEAD)

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        return {"weight": self.weight, "calls": self._calls}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.weight, self._calls = state["weight"], state["calls"]


def make_penalties(recipe: Recipe, noise: Gaussian | Poisson | None) -> tuple[Penalty, ...]:
    """Make the penalties of a recipe.

    Raises
    ------
    ProblemError
        If a weight is to be adapted and the noise level is unknown or zero.
    """
    asked = (recipe.total_variation, recipe.sparsity)
    return tuple(Penalty(each, measure(each), noise) for each in asked if each is not None)


def measure(settings: TotalVariation | Sparsity) -> Callable[[Tensor], Tensor]:
    """Find the penalty that these settings weigh."""
    if isinstance(settings, TotalVariation):
        return partial(total_variation, chroma=settings.chroma)
    if settings.basis == "pixels":
        return pixel_sparsity
    return partial(wavelet_sparsity, levels=settings.levels)
