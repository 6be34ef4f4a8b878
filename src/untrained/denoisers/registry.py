"""The self-similar filters by the names that recipes give them."""

from typing import Protocol

from torch import Tensor

from untrained.denoisers.groups_2d import Stage
from untrained.denoisers.nl_bayes import nl_bayes
from untrained.denoisers.nl_ridge import nl_ridge
from untrained.recipes import DenoiserName


class Filter(Protocol):
    """Removes white Gaussian noise, told where to look by a pilot: see `nl_bayes`."""

    def __call__(
        self, image: Tensor, sigma: float, *, pilot: Tensor, stage: Stage | None = None
    ) -> Tensor:
        """Filter a picture or a volume."""


FILTERS: dict[DenoiserName, Filter] = {"nl-ridge": nl_ridge, "nl-bayes": nl_bayes}
NAMES: dict[DenoiserName, str] = {"nl-ridge": "NL-Ridge", "nl-bayes": "NL-Bayes"}
"""As people write them."""
