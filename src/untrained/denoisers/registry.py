"""The registry of denoisers by their settings."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from torch import Tensor

from untrained.recipes import DenoiserSettings
from untrained.recipes.registry import Implementations

S = TypeVar("S", bound=DenoiserSettings, contravariant=True)
F = TypeVar("F", bound=Callable[..., Tensor])


class Denoise(Protocol[S]):
    """Removes white Gaussian noise with a pilot estimate; see `nl_bayes`."""

    def __call__(self, image: Tensor, sigma: float, settings: S, *, pilot: Tensor) -> Tensor:
        """Denoise a picture or a volume."""


DENOISERS: Implementations[Denoise[Any]] = Implementations("denoiser")


def denoiser(settings: type[DenoiserSettings]) -> Callable[[F], F]:
    """Register a denoiser: ``@denoiser(ToySettings)`` above a function like `nl_bayes`.

    Register its settings too (`recipes.denoiser_settings`): then recipes name it by its kind, as
    the `method` of passes and of fusion.
    """

    def register(function: F) -> F:
        DENOISERS.add(settings, function)
        return function

    return register


def denoise(image: Tensor, sigma: float, settings: DenoiserSettings, *, pilot: Tensor) -> Tensor:
    """Remove white Gaussian noise with the denoiser that these settings belong to.

    Parameters
    ----------
    image
        ``(1, C, H, W)``; or a volume ``(1, C, D, H, W)``.
    sigma
        Standard deviation of the noise, in picture units.
    settings
        The settings of a registered denoiser; their class chooses it.
    pilot
        An estimate of the clean picture, of the same shape.

    Returns
    -------
    A picture of the same shape, not clipped.

    Raises
    ------
    RecipeError
        If no denoiser is registered for these settings.
    """
    return DENOISERS.of(settings)(image, sigma, settings, pilot=pilot)
