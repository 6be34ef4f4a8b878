"""Partner: a self-similarity estimate that guides the network and is blended with its picture."""

import torch
from torch import Tensor

from untrained.denoisers.multiscale import estimate, regained
from untrained.noise import Gaussian, mean_squared_error
from untrained.problem.problem import Problem
from untrained.recipes import Fusion


class Partner:
    """Self-similarity before the fit, and after it on what the network's picture leaves to do.

    Both see the measurement alone; their errors differ, so that their mean is better than either.
    Where the network is further from the measurement than the noise explains, its error is at least
    that; the error of the estimate is at most about the noise, of volumes far less. The share of
    the network is held down to what these two say, which matters where there is little noise.

    Parameters
    ----------
    problem
        Its measurement is a picture without missing pixels under Gaussian noise of known level:
        see `applies`.
    settings
        The most that the network's shares may be.
    device
        Where to work.
    """

    def __init__(self, problem: Problem, settings: Fusion, device: torch.device) -> None:
        # Not every factorisation that it needs exists on MPS.
        place = "cpu" if device.type == "mps" else device
        self._measurement = problem.measurement.y.to(place)
        noise = problem.measurement.noise
        self._sigma = noise.sigma if isinstance(noise, Gaussian) else 0.0
        self._settings = settings
        found = estimate(self._measurement, self._sigma, settings)
        self.estimate = found.clamp(0, 1)
        """The clean picture by self-similarity alone, ``(1, C, H, W)``."""
        self._share: float | None = None

    def distance(self, picture: Tensor) -> float:
        """Mean squared difference of a picture ``(1, C, H, W)`` from the estimate."""
        return float(mean_squared_error(picture.to(self.estimate.device), self.estimate))

    @property
    def suffices(self) -> bool:
        """Whether there is no noise to remove, so that no network's picture would be used."""
        return self._sigma == 0

    @property
    def note(self) -> str:
        """What a picture that is joined is made of, or the last one was, in a sentence."""
        if self.suffices:
            return "no noise is removed: the picture is left as it was"
        share = f"{self._share:.0%}" if self._share is not None else None
        by = self._settings.method.title or self._settings.method.kind
        share = share or f"at most {self._settings.network_weight:.0%}"
        return f"{share} of the result is the network's, the rest {by} guided by it"

    @staticmethod
    def applies(problem: Problem, settings: Fusion) -> bool:
        """Whether the noise is known, no pixel missing, and the picture has room for patches."""
        if (
            not isinstance(problem.measurement.noise, Gaussian)
            or problem.picture.missing is not None
        ):
            return False
        sides = problem.measurement.y.shape[2:]
        return min(sides) >= settings.least_side(problem.channels)

    def join(self, picture: Tensor) -> Tensor:
        """Blend a network's picture ``(1, C, H, W)`` with one that it has guided."""
        picture, settings = picture.to(self._measurement.device), self._settings
        trust = self._trust(picture)
        self._share = min(settings.network_weight, trust)
        pilot = self.estimate.lerp(picture, min(settings.pilot_weight, trust))
        refined = regained(
            pilot,
            self._measurement,
            self._sigma,
            settings.residual_feedback,
            settings.method,
        )
        return refined.lerp(picture, self._share)

    def _trust(self, picture: Tensor) -> float:
        """Share of a picture whose error is what its residual shows in one with noise for error."""
        noise = self._sigma**2
        if noise == 0:
            return 0.0
        residual = float(mean_squared_error(picture, self._measurement))
        error = self._settings.error_prior * noise
        return error / (error + max(0.0, residual - noise))
