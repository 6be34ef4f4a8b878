"""Partner: a self-similarity estimate that guides the network and is blended with its picture."""

import torch
from torch import Tensor

from untrained.nlridge import nl_ridge
from untrained.noise import Gaussian
from untrained.problem import Problem
from untrained.recipes import SelfSimilarity


class Partner:
    """NL-Ridge before the fit, and again after it with the network's picture in its pilot.

    Both see the measurement alone; their errors differ, so that their mean is better than either.

    Parameters
    ----------
    problem
        Its measurement is a picture without missing pixels under Gaussian noise of known level:
        see `applies`.
    settings
        The shares of the network.
    device
        Where to work.
    """

    def __init__(self, problem: Problem, settings: SelfSimilarity, device: torch.device) -> None:
        # Not every factorisation that it needs exists on MPS.
        place = "cpu" if device.type == "mps" else device
        self._measurement = problem.measurement.to(place)
        self._sigma = problem.noise.sigma if isinstance(problem.noise, Gaussian) else 0.0
        self._settings = settings
        self.estimate = nl_ridge(self._measurement, self._sigma).clamp(0, 1)
        """The clean picture by self-similarity alone, ``(1, C, H, W)``."""
        share = f"{settings.share:.0%}"
        self.note = f"{share} of the result is the network's, the rest NL-Ridge guided by it"

    @staticmethod
    def applies(problem: Problem) -> bool:
        """Whether the noise is known and above zero, and no pixel missing."""
        noise = problem.noise
        return isinstance(noise, Gaussian) and noise.sigma > 0 and problem.picture.missing is None

    def join(self, picture: Tensor) -> Tensor:
        """Blend a network's picture ``(1, C, H, W)`` with one that it has guided."""
        picture = picture.to(self._measurement.device)
        pilot = self.estimate.lerp(picture, self._settings.pilot)
        refined = nl_ridge(self._measurement, self._sigma, pilot=pilot)
        return refined.lerp(picture, self._settings.share)
