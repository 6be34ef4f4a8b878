"""The stage that makes a classical estimate: it guides the networks and is fused with them."""

import time
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from untrained.denoisers.collaborative import working_bytes
from untrained.denoisers.multiscale import estimate_passes
from untrained.fitting.stage import Context, Draft
from untrained.fitting.step import Step
from untrained.fitting.stopping import Stop
from untrained.noise import Gaussian
from untrained.problem.problem import Problem
from untrained.recipes import Fusion, HeldOut, Recipe
from untrained.system.heartbeat import part


class ClassicalEstimate:
    """Removes the noise by self-similarity alone, one pass a step.

    NL-Ridge (Herbreteau and Kervrann 2022) at one or two scales, then NL-Ridge and NL-Bayes (Lebrun
    et al. 2013) again.
    """

    name: ClassVar[str] = "classical estimate"

    def __init__(self, draft: Draft, context: Context, seconds: float | None) -> None:
        self.stop: Stop | None = None
        self.events: tuple[str, ...] = ()
        self.statistic: float | None = None
        self._draft = draft
        self._context = context
        self._budget = seconds
        self._sigma = sigma_of(context.seen)
        self._passes = estimate_passes(
            context.seen.measurement.y.to(context.filters_on),
            self._sigma,
            _settings(context.recipe),
        )
        self._estimate: Tensor | None = None
        self._index = 0
        self._seconds = 0.0
        self._longest = 0.0

    @staticmethod
    def wanted(recipe: Recipe) -> bool:
        """Return whether the recipe fuses the networks with an estimate."""
        return recipe.fusion is not None

    @staticmethod
    def reason_against(problem: Problem, recipe: Recipe) -> str | None:
        """Return why self-similarity alone cannot remove the noise; None if it can."""
        if any(isinstance(rule, HeldOut) for rule in recipe.stopping):
            return "a part of the measurement is held out"
        if not isinstance(problem.measurement.noise, Gaussian):
            return "the noise is not Gaussian of a known level"
        if problem.picture.missing is not None:
            return "pixels are missing (NaN or transparent)"
        sides, least = (
            problem.measurement.y.shape[2:],
            _settings(recipe).least_side(problem.channels),
        )
        if min(sides) < least:
            return f"a side of {min(sides)} pixels is too short for patches: {least} are needed"
        return None

    @staticmethod
    def weight(_recipe: Recipe) -> float:
        """A third of a network."""
        return 0.3

    @staticmethod
    def working_bytes(problem: Problem, recipe: Recipe) -> int:
        """Predict the need of the largest patches."""
        settings = _settings(recipe)
        used = (settings.without_pilot, settings.with_pilot)
        return max(working_bytes(problem.channels, problem.size, each) for each in used)

    @property
    def notes(self) -> tuple[str, ...]:
        """A note if there is no noise to remove."""
        return () if self._sigma else ("no noise is removed: the picture is left as it was",)

    def __next__(self) -> Step:
        """Run one pass."""
        start, total = time.perf_counter(), len(self._passes)

        with part(self._index, total):
            estimate = self._passes[self._index](self._estimate)
        took = time.perf_counter() - start
        self._estimate, self._index = estimate, self._index + 1
        self._seconds, self._longest = self._seconds + took, max(self._longest, took)
        picture = estimate.clamp(0, 1).to(self._context.engine.device)
        spent = self._budget is not None and self._seconds >= self._budget
        if self._index == total or spent:
            why = "there is no noise to remove" if self._sigma == 0 else "the estimate was made"
            self.stop = Stop("estimate", why, self._index, picture)
        return Step(
            index=self._index,
            loss=loss_of(self._context.seen, picture),
            image=picture,
            average=picture,
            picture=picture,
            seconds=self._seconds,
            progress=1.0 if self.stop else self._index / total,
            stage=self.name,
        )

    def result(self) -> Draft:
        """Make the estimate the guide of the networks."""
        if self.stop is None:
            raise RuntimeError("the estimate has not been made")
        picture = self.stop.picture
        return replace(
            self._draft,
            guide=picture,
            estimate=picture,
            picture=picture,
            reserved=self._longest,
            final=self._sigma == 0,
            reasons=(self.stop.reason,) if self._sigma == 0 else (),
            rule=self.stop.rule,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return everything needed to continue."""
        return {
            "estimate": self._estimate,
            "index": self._index,
            "seconds": self._seconds,
            "longest": self._longest,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._estimate, self._index = state["estimate"], state["index"]
        self._seconds, self._longest = state["seconds"], state["longest"]


def _settings(recipe: Recipe) -> Fusion:
    if recipe.fusion is None:
        raise RuntimeError("the recipe asks for no classical estimate")
    return recipe.fusion


def sigma_of(problem: Problem) -> float:
    """Return the noise level of a problem with Gaussian noise, in picture units."""
    if not isinstance(problem.measurement.noise, Gaussian):
        raise RuntimeError("the noise is not Gaussian")
    return problem.measurement.noise.sigma


def loss_of(problem: Problem, picture: Tensor) -> float:
    """Compute the error of a picture ``(1, C, H, W)`` against the measurement."""
    with torch.no_grad():
        seen = problem.measurement.operator(picture.to(problem.measurement.y.device))
        return float(problem.measurement.error(seen, problem.measurement.y))
