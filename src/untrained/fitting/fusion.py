"""The stage that fuses the picture of the networks with the classical estimate."""

import time
from dataclasses import replace
from typing import Any, ClassVar

from torch import Tensor

from untrained.denoisers.multiscale import regained
from untrained.fitting.classical_estimate import ClassicalEstimate, loss_of, sigma_of
from untrained.fitting.stage import Context, Draft
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.noise import mean_squared_error
from untrained.problem.problem import Problem
from untrained.recipes import Fusion as Settings
from untrained.recipes import Recipe

_OUT_OF_TIME = (
    "no time was left to filter again: the result is the classical estimate with the networks' "
    "picture blended in"
)


class Pilot:
    """The mean of the classical estimate and a network's picture.

    Their errors differ, so their mean is better than either. If the network is further from the
    measurement than the noise explains, its error is at least that excess. The error of the
    estimate is at most about the noise, and far less in volumes. These two numbers bound the weight
    of the network, which matters when there is little noise.

    Parameters
    ----------
    estimate
        ``(1, C, H, W)``.
    problem
        A picture under Gaussian noise of known level.
    settings
        Upper bounds on the weights of the network.
    """

    def __init__(self, estimate: Tensor, problem: Problem, settings: Settings) -> None:
        self._estimate = estimate
        self._measurement = problem.measurement.y.to(estimate.device)
        self._variance = sigma_of(problem) ** 2
        self._settings = settings

    def distance(self, picture: Tensor) -> float:
        """Compute the mean squared difference of a picture ``(1, C, H, W)`` from the estimate."""
        return float(mean_squared_error(picture.to(self._estimate.device), self._estimate))

    def __call__(self, picture: Tensor) -> Tensor:
        """Blend a network's picture ``(1, C, H, W)`` into the estimate."""
        picture = picture.to(self._estimate.device)
        weight = self.trust(picture).clamp(max=self._settings.pilot_weight)
        return self._estimate.lerp(picture, weight)

    def trust(self, picture: Tensor) -> Tensor:
        """Compute the weight of a picture from the error that its residual shows, in [0, 1]."""
        residual = mean_squared_error(picture, self._measurement).double()
        error = self._settings.error_prior * self._variance
        found: Tensor = error / (error + (residual - self._variance).clamp(min=0))
        return found.to(picture.dtype)


class Fusion:
    """Filters the blend of the estimate and the networks once more.

    A mean of the networks' picture and the estimate gets a part of its residual back and is
    filtered with itself as pilot; the result is a mean of that and the networks' picture.
    """

    name: ClassVar[str] = "fusion"

    def __init__(self, draft: Draft, context: Context, seconds: float | None) -> None:
        settings = context.recipe.fusion
        if settings is None or draft.estimate is None or draft.picture is None:
            raise RuntimeError("there is no estimate to fuse with")
        self.stop: Stop | None = None
        self.events: tuple[str, ...] = ()
        self.statistic: float | None = None
        self._settings = settings
        self._draft = draft
        self._context = context
        self._in_time = seconds is None or seconds >= draft.reserved
        self._weight: float | None = None

    @staticmethod
    def wanted(recipe: Recipe) -> bool:
        """Return whether the recipe asks for it."""
        return recipe.fusion is not None

    @staticmethod
    def reason_against(problem: Problem, recipe: Recipe) -> str | None:
        """Return the reason against the estimate: without it there is nothing to fuse."""
        return ClassicalEstimate.reason_against(problem, recipe)

    @staticmethod
    def weight(_recipe: Recipe) -> float:
        """One pass, where the estimate takes several."""
        return 0.15

    @staticmethod
    def working_bytes(problem: Problem, recipe: Recipe) -> int:
        """Predict the need of the estimate."""
        return ClassicalEstimate.working_bytes(problem, recipe)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the picture is made of."""
        if self._weight is None:
            return ()
        if not self._in_time:
            return (_OUT_OF_TIME,)
        by, pilot = (
            self._settings.method.title or self._settings.method.kind,
            self._settings.pilot_weight,
        )
        note = (
            f"the result is {1 - self._weight:.0%} {by}, with a pilot that is at most {pilot:.0%} "
            f"the network's, and {self._weight:.0%} the network's"
        )
        return (note,)

    def __next__(self) -> Step:
        """Fuse: the only step."""
        start = time.perf_counter()
        context, settings, draft = self._context, self._settings, self._draft
        if draft.estimate is None or draft.picture is None:
            raise RuntimeError("there is nothing to fuse")
        pilot = Pilot(draft.estimate.to(context.filters_on), context.seen, settings)
        picture = draft.picture.to(context.filters_on)
        image = fused = pilot(picture)
        weight = pilot.trust(picture).clamp(max=settings.network_weight)
        if self._in_time:
            image = regained(
                fused,
                context.seen.measurement.y.to(fused.device),
                sigma_of(context.seen),
                settings.residual_feedback,
                settings.method,
            )
            fused = image.lerp(picture, weight)
        self._weight = float(weight)
        found = fused.to(context.engine.device)
        self.stop = Stop("fusion", "the networks were fused with the estimate", 1, found)
        return Step(
            index=1,
            loss=loss_of(context.seen, found),
            image=image.to(context.engine.device),
            average=found,
            picture=found,
            seconds=time.perf_counter() - start,
            progress=1.0,
            stage=self.name,
        )

    def result(self) -> Draft:
        """Take the fused picture."""
        if self.stop is None:
            raise RuntimeError("the pictures have not been fused")
        return replace(self._draft, picture=self.stop.picture)

    def state_dict(self) -> dict[str, Any]:
        """Nothing: there is one step."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to load."""
