"""The other direction: a fit as a `deepinv.models.Reconstructor`, for deepinv's own loops."""

import functools
from typing import Any

import torch
from torch import Tensor

from untrained.fitting.restore import restore
from untrained.recipes import Recipe
from untrained.tasks.reconstruct.describe import Noise, reconstruct


@functools.cache
def _reconstructor() -> type:
    try:
        import deepinv
    except (ImportError, RuntimeError) as error:  # torchvision fails so beside another torch
        words = str(error).splitlines()[0]
        raise ImportError(
            f"UntrainedReconstructor needs deepinv, which cannot be imported here: {words}"
        ) from error

    class UntrainedReconstructor(deepinv.models.Reconstructor):  # type: ignore[misc]
        """Fits an untrained network to each measurement of a batch: ``model(y, physics)``.

        Parameters
        ----------
        recipe
            A preset's name, or a Recipe; the preset ``fast`` when None.
        noise, bounds
            As for `tasks.reconstruct`.
        options
            As for `restore`: seed, device, steps, seconds.
        """

        def __init__(
            self,
            recipe: Recipe | str | None = None,
            *,
            noise: Noise | None = None,
            bounds: tuple[float | None, float | None] = (None, None),
            **options: Any,
        ) -> None:
            super().__init__()
            self._recipe = recipe
            self._about: dict[str, Any] = {"noise": noise, "bounds": bounds}
            self._options = options

        def forward(self, y: Tensor, physics: Any, **_: Any) -> Tensor:
            """Reconstruct ``(B, ...)`` to ``(B, C, H, W)``, on the device of y."""
            pictures = [self._one(part, physics) for part in y.split(1)]
            return torch.cat(pictures).to(y.device)

        def _one(self, y: Tensor, physics: Any) -> Tensor:
            return restore(
                reconstruct(y, physics, **self._about), self._recipe, **self._options
            ).image

    return UntrainedReconstructor


def __getattr__(name: str) -> Any:
    """Define the class when it is first asked for: only then must deepinv be there."""
    if name != "UntrainedReconstructor":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _reconstructor()
